import type { Msn, PartId, PartIndex, PartPosition } from "../model/ids.ts";
import type { SegmentOpening } from "../model/record.ts";

/** What a manifest is told of a part. */
export interface PartInfo {
  /** What its samples last, at least 1 and at most the part target. */
  readonly durationMs: number;
  /** It holds an independent frame. */
  readonly independent: boolean;
  /** Of its media; 0 of a gap. */
  readonly sizeBytes: number;
  /** Its media is missing: it is listed, takes an id and answers 404 (rule 25). */
  readonly gap?: boolean;
  /** Wall clock of its first sample; heard for the first part and the first after a discontinuity only. */
  readonly programDateTimeMs?: number;
}

/** Where a part was put. */
export interface PartPlacement extends PartPosition {
  /** Grows by one with each part. */
  readonly id: PartId;
  /** It is the first of a new segment. */
  readonly opensSegment: boolean;
  /** The segment it closed. */
  readonly closedMsn?: Msn;
  /** What the segment that it opened is; with every part that opened one. */
  readonly opens?: SegmentOpening;
  /** `PART_INDEPENDENT` and `PART_GAP`, as they are listed. */
  readonly flags: number;
}

/** A segment that is listed, or left the playlist but must still be fetchable. Its parts have consecutive ids. */
export interface SegmentInfo {
  /** Media sequence number. */
  readonly msn: Msn;
  /** Of its first part. */
  readonly firstPartId: PartId;
  /** Its parts so far. */
  readonly partCount: number;
  /** Those of them that hold no media. */
  readonly gapCount: number;
  /** Of its parts so far. */
  readonly durationMs: number;
  /** Of its parts so far. */
  readonly sizeBytes: number;
  /** No more parts come to it. */
  readonly closed: boolean;
  /** First path component of its URIs. */
  readonly epoch: string;
  /** Of its init segment, relative to the playlist. */
  readonly initUri: string;
  /** Epoch that stands in that URI. */
  readonly initEpoch: string;
  /** Index that stands in that URI. */
  readonly initIndex: number;
  /** Its PROGRAM-DATE-TIME, in ms since the Unix epoch. */
  readonly wallMs: number;
  /** An EXT-X-DISCONTINUITY stands before it. */
  readonly discontinuity: boolean;
  /** None of its parts holds media. */
  readonly gap: boolean;
}

/** Where another rendition of the stream stands, for EXT-X-RENDITION-REPORT. */
export interface RenditionReport {
  /** Of its Media Playlist, relative to this one. */
  readonly uri: string;
  /** LAST-MSN. */
  readonly lastMsn: Msn;
  /** LAST-PART. */
  readonly lastPart: PartIndex;
}

/** What the producer did that a playlist can show but not mend. */
export interface ManifestStats {
  /** Parts under 85 % of the part target that nothing excuses (rule 15). */
  readonly shortParts: number;
  /** Segments that had to open without an independent part (rule 26). */
  readonly dependentSegments: number;
}
