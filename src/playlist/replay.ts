import { RelayError } from "../model/errors.ts";
import type { Msn } from "../model/ids.ts";
import { PART_GAP, PART_INDEPENDENT, type SegmentRecord } from "../model/record.ts";
import { CLEAR, type KeyState, keyState } from "./key-tags.ts";
import type { ManifestConfig } from "./manifest-options.ts";
import { type Segment, SegmentLog } from "./segment-log.ts";
import { isSameInit, type MediaState, partLine, statesBetween } from "./segment-text.ts";
import { checkDate, partTicks, type Ticks } from "./tags.ts";

/** A log of recorded segments. */
interface Replayed {
  readonly log: SegmentLog;
  /** The last one, which is open. */
  readonly last: Segment;
  readonly lastPartTicks: Ticks;
}

/**
 * A log of recorded segments, written as their parts had been: the last one stays open. Parts so far from the end that no list has
 * them cost no text.
 * @throws RelayError `invalid-option` for records that do not follow each other
 */
export function replay(config: ManifestConfig, records: readonly SegmentRecord[]): Replayed | undefined {
  checkRecords(records);
  const [first] = records;
  if (first === undefined) return undefined;
  const discontinuitySequence = first.discontinuitySequence - (first.discontinuity ? 1 : 0);
  const log = new SegmentLog({ ...config, firstMsn: first.msn, discontinuitySequence });
  const detailMsn = firstDetailMsn(config, records);
  let media: MediaState | undefined;
  let lastPartTicks = 0;
  for (const record of records) {
    log.closeSegment();
    const { init, keys }: MediaState = mediaOf(record, media);
    const states = media === undefined ? (record.states ?? 0) : statesBetween(media, { init, keys });
    media = { init, keys };
    const { epoch, firstPartId, startMs, discontinuity } = record;
    const wallMs = startMs + record.wallOffsetMs;
    const segment = log.openSegment({ init, keys, states, firstPartId, epoch, startMs, wallMs, discontinuity });
    lastPartTicks = addParts(config, log, record, segment.msn >= detailMsn);
  }
  return log.open === undefined ? undefined : { log, last: log.open, lastPartTicks };
}

/** Adds a record's parts to the open segment. Returns what the last one lasts. */
function addParts(config: ManifestConfig, log: SegmentLog, record: SegmentRecord, isDetailed: boolean): Ticks {
  const segment = log.open;
  if (segment === undefined) throw new RelayError("internal", "expected an open segment");
  const { durationsMs, sizesBytes, flags } = record;
  const { epoch, msn, firstPartId } = segment;
  let ticks = 0;
  for (let index = 0; index < durationsMs.length; index++) {
    const durationMs = durationsMs[index] ?? 0;
    const sizeBytes = sizesBytes[index] ?? 0;
    const bits = flags[index] ?? 0;
    const gap = (bits & PART_GAP) !== 0;
    ticks = partTicks(segment, durationMs, config.partTarget);
    let line = "";
    if (isDetailed) {
      const independent = (bits & PART_INDEPENDENT) !== 0;
      const part = {
        epoch,
        msn,
        id: firstPartId + index,
        ticks,
        offset: segment.sizeBytes,
        sizeBytes,
        independent,
        gap,
      };
      line = partLine(config, part);
    }
    log.addPart(segment, { line, ticks, durationMs, sizeBytes, gap });
  }
  return ticks;
}

/** First segment within three target durations of the end (rule 20). */
function firstDetailMsn(config: ManifestConfig, records: readonly SegmentRecord[]): Msn {
  let behind = 0;
  for (let index = records.length - 1; index > 0; index--) {
    const record = records[index];
    if (record === undefined) break;
    const sums = { startMs: record.startMs, durationMs: 0, ticks: 0 };
    for (const durationMs of record.durationsMs) {
      sums.ticks += partTicks(sums, durationMs, config.partTarget);
      sums.durationMs += durationMs;
    }
    behind += sums.ticks;
    if (behind > config.targetDuration * 3) return record.msn;
  }
  return records[0]?.msn ?? 0;
}

/** Segments under the same init segment and keys share the objects that say so. */
function mediaOf({ initEpoch, initIndex, keys }: SegmentRecord, before: MediaState | undefined): MediaState {
  // Text has no init segment; the manifest counts one all the same.
  const init = { epoch: initEpoch, index: Math.max(initIndex, 0) };
  const state: KeyState = keys.length === 0 ? CLEAR : keyState(keys);
  return {
    init: before !== undefined && isSameInit(before.init, init) ? before.init : init,
    keys: before?.keys.lines === state.lines ? before.keys : state,
  };
}

function checkRecords(records: readonly SegmentRecord[]): void {
  let next: { readonly msn: Msn; readonly firstPartId: number } | undefined;
  for (const { msn, firstPartId, startMs, wallOffsetMs, durationsMs, sizesBytes, flags } of records) {
    checkDate(`segment ${msn}: wallMs`, startMs + wallOffsetMs);
    const partCount = durationsMs.length;
    if (partCount === 0 || sizesBytes.length !== partCount || flags.length !== partCount) {
      throw new RelayError(
        "invalid-option",
        `segment ${msn}: expected columns of one length above 0, got ${partCount}, ${sizesBytes.length} and ${flags.length}`,
      );
    }
    if (!durationsMs.every((durationMs) => durationMs > 0) || !sizesBytes.every((sizeBytes) => sizeBytes >= 0))
      throw new RelayError("invalid-option", `segment ${msn}: expected durations above 0 and sizes of at least 0`);
    // A producer that came back has given up the id that was hinted.
    if (next !== undefined && (msn !== next.msn || firstPartId < next.firstPartId)) {
      throw new RelayError(
        "invalid-option",
        `expected segment ${next.msn} from part ${next.firstPartId} on, got ${msn} from ${firstPartId}`,
      );
    }
    next = { msn: msn + 1, firstPartId: firstPartId + partCount };
  }
}
