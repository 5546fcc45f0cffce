import type { Msn, PartId } from "../model/ids.ts";
import { PART_GAP, PART_INDEPENDENT, type RenditionRecord, type SegmentRecord } from "../model/record.ts";

/** Where a rendition starts, or goes on. */
export interface RenditionStart {
  /** Media sequence number of its first segment, at least 1. */
  readonly firstMsn: Msn;
  /** Of its first part. */
  readonly firstPartId: PartId;
  /** EXT-X-DISCONTINUITY-SEQUENCE of its first segment. */
  readonly discontinuitySequence: number;
  /** Of its first init segment. */
  readonly initIndex: number;
  /** PROGRAM-DATE-TIME of its first segment, in ms since the Unix epoch, where that is known. */
  readonly programDateTimeMs?: number;
}

export const FIRST_START: RenditionStart = { firstMsn: 1, firstPartId: 0, discontinuitySequence: 0, initIndex: 0 };

/** Where the first segment of a record starts; undefined where it has none. */
export function startOf({ segments }: RenditionRecord): RenditionStart | undefined {
  const [first] = segments;
  if (first === undefined) return undefined;
  return {
    firstMsn: first.msn,
    firstPartId: first.firstPartId,
    discontinuitySequence: first.discontinuitySequence - (first.discontinuity ? 1 : 0),
    initIndex: Math.max(0, first.initIndex),
  };
}

/** Whether the first media in a segment cannot be decoded on its own (rule 26). */
export function isDependent({ flags }: SegmentRecord): boolean {
  const first = flags.find((bits) => (bits & PART_GAP) === 0);
  return first !== undefined && (first & PART_INDEPENDENT) === 0;
}
