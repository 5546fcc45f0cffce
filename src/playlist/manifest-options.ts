import { checkNumber, checkText, checkWhole } from "../model/checks.ts";
import { systemClock } from "../model/clock.ts";
import type { Msn, PartId } from "../model/ids.ts";
import type { MediaExtension } from "../model/rendition-options.ts";
import { type Ticks, ticksFrom, ticksOf } from "./tags.ts";

/** How one Media Playlist is cut and listed. All durations are fixed while it lives (rules 5 and 9). */
export interface ManifestOptions {
  /** PART-TARGET: no part lasts longer. Default 500. */
  readonly partTargetMs?: number;
  /** EXT-X-TARGETDURATION, rounded up to whole seconds. Default 6000. */
  readonly targetDurationMs?: number;
  /** A segment closes at the first independent part after this. Default 1500, at most the target duration. */
  readonly segmentMinMs?: number;
  /** Closed segments listed, unless three target durations need more of them. Default 32. */
  readonly maxSegments?: number;
  /** A segment closes once it holds as many. Default 128. */
  readonly maxPartsPerSegment?: number;
  /** First path component of every media URI, 1 to 16 of `0-9 a-z`; new whenever the stream starts anew. Default `0`. */
  readonly epoch?: string;
  /** `event`: nothing ever leaves the list, and the window's limits do not count. Default `live`. */
  readonly type?: "live" | "event";
  /** CAN-SKIP-DATERANGES: deltas may leave old date ranges out, for who asks so. Default false. */
  readonly canSkipDateRanges?: boolean;
  /** `byterange`: parts are ranges of their segment. Default `files`. */
  readonly parts?: "files" | "byterange";
  /** Of `vtt` every part is a whole WebVTT file; there is an init segment of `mp4` alone. Default `mp4`. */
  readonly container?: MediaExtension;
  /** Media sequence number of the first segment, at least 1 (rule 68). Default 1. */
  readonly firstMsn?: Msn;
  /** Id of the first part. Default 0. */
  readonly firstPartId?: PartId;
  /** EXT-X-DISCONTINUITY-SEQUENCE of the first segment. Default 0. */
  readonly discontinuitySequence?: number;
  /** PROGRAM-DATE-TIME of the first segment, for a list that goes on. Default: that of its first part. */
  readonly programDateTimeMs?: number;
  /** Segments that leave the live list stay in the DVR list until they are forgotten. Default false. */
  readonly dvr?: boolean;
  /** Milliseconds since 1970, asked when a first part has no `programDateTimeMs`. Default the system's clock. */
  readonly wallMs?: () => number;
}

/** ManifestOptions, checked, complete and in the units of the text. */
export interface ManifestConfig {
  readonly partTargetMs: number;
  readonly partTarget: Ticks;
  readonly targetDurationS: number;
  readonly targetDuration: Ticks;
  readonly segmentMin: Ticks;
  /** The longest EXTINF that, rounded to whole seconds, is within the target duration (4.4.3.1). */
  readonly segmentMax: Ticks;
  readonly maxSegments: number;
  readonly maxPartsPerSegment: number;
  readonly epoch: string;
  readonly type: "live" | "event";
  readonly canSkipDateRanges: boolean;
  readonly parts: "files" | "byterange";
  readonly container: MediaExtension;
  readonly firstMsn: Msn;
  readonly firstPartId: PartId;
  readonly discontinuitySequence: number;
  readonly programDateTimeMs: number | undefined;
  readonly dvr: boolean;
  readonly wallMs: () => number;
}

/** What an epoch may be: it stands in every media URI. */
const EPOCH = /^[0-9a-z]{1,16}$/;
const MIN_PART_TARGET_MS = 10;
const MAX_TARGET_DURATION_MS = 60_000;

/** Returns `epoch`. @throws RelayError `invalid-option` */
export function checkEpoch(epoch: string): string {
  return checkText("epoch", epoch, EPOCH, "1 to 16 of 0-9 a-z");
}

/** @throws RelayError `invalid-option` */
export function resolveManifestOptions(options: ManifestOptions): ManifestConfig {
  const { epoch = "0", wallMs = systemClock.wallMs } = options;
  checkEpoch(epoch);
  const askedTargetMs = checkNumber(
    "targetDurationMs",
    options.targetDurationMs ?? 6000,
    MIN_PART_TARGET_MS,
    MAX_TARGET_DURATION_MS,
  );
  const targetDurationS = Math.ceil(askedTargetMs / 1000);
  const targetDurationMs = targetDurationS * 1000;
  const partTargetMs = checkNumber("partTargetMs", options.partTargetMs ?? 500, MIN_PART_TARGET_MS, targetDurationMs);
  const segmentMinMs = options.segmentMinMs ?? Math.min(1500, targetDurationMs);
  return {
    partTargetMs,
    // Rounded up: a part that just fits must not be listed as longer than the PART-TARGET (rule 14).
    partTarget: ticksFrom(partTargetMs),
    targetDurationS,
    targetDuration: ticksOf(targetDurationMs),
    segmentMin: ticksOf(checkNumber("segmentMinMs", segmentMinMs, 0, targetDurationMs)),
    segmentMax: ticksOf(targetDurationMs + 500) - 1,
    maxSegments: checkWhole("maxSegments", options.maxSegments ?? 32, 1),
    maxPartsPerSegment: checkWhole("maxPartsPerSegment", options.maxPartsPerSegment ?? 128, 1),
    epoch,
    type: options.type ?? "live",
    canSkipDateRanges: options.canSkipDateRanges === true,
    parts: options.parts ?? "files",
    container: options.container ?? "mp4",
    firstMsn: checkWhole("firstMsn", options.firstMsn ?? 1, 1),
    firstPartId: checkWhole("firstPartId", options.firstPartId ?? 0, 0),
    discontinuitySequence: checkWhole("discontinuitySequence", options.discontinuitySequence ?? 0, 0),
    programDateTimeMs: options.programDateTimeMs,
    dvr: options.dvr === true,
    wallMs,
  };
}
