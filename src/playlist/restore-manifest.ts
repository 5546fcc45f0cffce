import type { DateRangeOptions } from "../model/date-range.ts";
import type { Msn } from "../model/ids.ts";
import { PART_GAP, PART_INDEPENDENT, type SegmentRecord } from "../model/record.ts";
import { M3u8Manifest } from "./m3u8-manifest.ts";
import { beginEmpty, type ManifestBeginning } from "./manifest-beginning.ts";
import type { ManifestConfig, ManifestOptions } from "./manifest-options.ts";
import { replay } from "./replay.ts";
import { isGap } from "./segment-log.ts";
import { WindowDateRanges } from "./window-date-ranges.ts";

/** What is recorded of a playlist. */
export interface ManifestRecord {
  /** In order and without a hole; the last one may still be open. */
  readonly segments: readonly SegmentRecord[];
  /** The segment that the live list begins with; with a DVR window, what is before it is listed there. */
  readonly liveMsn: Msn;
  /** In the order in which they were added. Default none. */
  readonly dateRanges?: readonly DateRangeOptions[];
}

/**
 * Rebuilds the playlists from what `addPart` gave for each part: the same text, digit for digit, with the last segment open. Counters
 * of `stats` start anew. Without a segment it is a manifest that begins. A relay that keeps nothing carries none of this.
 * @throws RelayError `invalid-option`, also for records that do not follow each other
 */
export function restoreManifest(options: ManifestOptions, record: ManifestRecord): M3u8Manifest {
  return new M3u8Manifest(options, (config) => beginRestored(config, record));
}

function beginRestored(
  config: ManifestConfig,
  { segments, liveMsn, dateRanges: recordedRanges = [] }: ManifestRecord,
): ManifestBeginning {
  const empty = beginEmpty(config);
  const replayed = replay(config, segments);
  const record = segments.at(-1);
  if (replayed === undefined || record === undefined) return empty;
  const { log, last, lastPartTicks: ticks } = replayed;
  const liveSegment = log.get(Math.min(liveMsn, record.msn));
  if (liveSegment !== undefined) log.dropBefore(liveSegment.firstPartId);
  const dateRanges = new WindowDateRanges(log);
  for (const range of recordedRanges) {
    dateRanges.add(range);
    // As they left one by one: all of them together may be more than a list takes.
    dateRanges.removeOld();
  }
  const { init, keys, msn, firstPartId, partCount } = last;
  const flags = record.flags.at(-1) ?? 0;
  const lastPart = { independent: (flags & PART_INDEPENDENT) !== 0, gap: (flags & PART_GAP) !== 0, ticks };
  empty.faults.restore(lastPart, isGap(last));
  return {
    log,
    state: { ...empty.state, epoch: record.epoch, init, keys, nextPartId: firstPartId + partCount },
    dateRanges,
    faults: empty.faults,
    discontinuitySequence: record.discontinuitySequence,
    position: { msn, part: partCount - 1 },
    segmentStartMs: record.startMs,
    wallOffsetMs: record.wallOffsetMs,
  };
}
