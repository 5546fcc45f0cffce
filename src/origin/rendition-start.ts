import type { Msn, PartId } from "../model/ids.ts";

/** Where a rendition starts, or goes on. */
export interface RenditionStart {
  readonly firstMsn: Msn;
  readonly firstPartId: PartId;
  readonly discontinuitySequence: number;
  readonly initIndex: number;
  /** PROGRAM-DATE-TIME of its first segment, where that is known. */
  readonly programDateTimeMs?: number;
}

export const FIRST_START: RenditionStart = { firstMsn: 1, firstPartId: 0, discontinuitySequence: 0, initIndex: 0 };
