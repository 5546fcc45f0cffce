import type { Bytes } from "./bytes.ts";
import type { DateRangeOptions } from "./date-range.ts";
import type { Msn, PartId } from "./ids.ts";
import type { MediaKey } from "./media-key.ts";

/** Bit of `SegmentRecord.flags`: it starts with a key frame. */
export const PART_INDEPENDENT = 1;
/** Bit of `SegmentRecord.flags`: its media is missing. */
export const PART_GAP = 2;

/** What a segment is from its first part on. Plain data, as the store keeps it. */
export interface SegmentOpening {
  /** Media sequence number. */
  readonly msn: Msn;
  /** First path component of its URIs. */
  readonly epoch: string;
  /** Of its first part; those of the others follow. */
  readonly firstPartId: PartId;
  /** Media time of its start since the playlist began, in ms: with it, durations round as they did. */
  readonly startMs: number;
  /** PROGRAM-DATE-TIME less `startMs`, in ms. */
  readonly wallOffsetMs: number;
  /** An EXT-X-DISCONTINUITY stands before it. */
  readonly discontinuity: boolean;
  /** Discontinuities from the start of the stream up to it, its own included. */
  readonly discontinuitySequence: number;
  /** Which init segment; -1 of text, which has none. */
  readonly initIndex: number;
  /** Epoch that the init segment's URI stands under. */
  readonly initEpoch: string;
  /** How it is encrypted; empty where it is clear. */
  readonly keys: readonly MediaKey[];
  /** What its own lines state, as bits of the playlist's; needed where no record of the segment before it is left. Default 0. */
  readonly states?: number;
}

/** A segment and its parts, in columns: thousands of these are read at once. */
export interface SegmentRecord extends SegmentOpening {
  /** Of each part. */
  readonly durationsMs: readonly number[];
  /** Of each part; 0 of a gap. */
  readonly sizesBytes: readonly number[];
  /** Of each part: `PART_INDEPENDENT` and `PART_GAP`. */
  readonly flags: readonly number[];
}

/** One part as it was listed. */
export interface PartRecord {
  /** Grows by one with each part. */
  readonly id: PartId;
  /** Of its segment. */
  readonly msn: Msn;
  /** As it is listed. */
  readonly durationMs: number;
  /** `PART_INDEPENDENT` and `PART_GAP`. */
  readonly flags: number;
  /** Absent for a gap. */
  readonly bytes?: Bytes;
  /** With the part that opens a segment. */
  readonly opens?: SegmentOpening;
}

/** A rendition as it is found again. */
export interface RenditionRecord {
  /** Unique in the stream. */
  readonly id: string;
  /** In order and without a hole; the last one may still be open. */
  readonly segments: readonly SegmentRecord[];
  /** The segment that the live playlist listed first. */
  readonly liveMsn: Msn;
  /** The init segments that `segments` need, and the newest. */
  readonly inits: readonly { readonly epoch: string; readonly index: number; readonly bytes: Bytes }[];
  /** Those that may still be listed. */
  readonly dateRanges: readonly DateRangeOptions[];
}
