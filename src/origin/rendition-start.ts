import type { Msn, PartId } from "../model/ids.ts";

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
