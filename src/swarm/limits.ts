import {
  MAX_PARTS_PER_SEGMENT,
  MAX_SHARED_PART_BYTES,
  type PartKey,
  PIECE_SIZE_BYTES,
  partNumber,
} from "../model/part-header.ts";

/** Each part is striped over so many sub-streams, piece by piece: enough that a narrow uplink can carry one. */
export const SUBSTREAMS = 8;
export const ALL_SUBSTREAMS = 2 ** SUBSTREAMS - 1;
/** The header goes ahead of this many first pieces, on their sub-streams: one lost parent does not hold up a part. */
export const HEADER_COPIES = 3;
/** Delay of a sub-stream that does not come. */
export const NO_DELAY = 65_535;
/** Further than this from the source nobody is of use; counting up means a loop. */
export const MAX_DELAY_MS = 3000;

/** One timer for all that waits. */
export const TICK_MS = 100;

/** Neighbours are bits of a mask. */
export const MAX_NEIGHBOURS = 30;
export const DEFAULT_NEIGHBOURS = 12;
/** Renditions that can be told apart in the number of a part. */
export const MAX_RENDITIONS = 64;

/** Parts that wait for their header or pieces at once; the oldest are given up. */
export const MAX_OPEN_PARTS = 192;
/** Parts ahead of the newest proven one that a peer may tell of, in segments. */
export const MAX_SEGMENTS_AHEAD = 4;
/** Whole parts kept for others. */
export const MAX_KEPT_PARTS = 1024;
export const DEFAULT_KEEP_MS = 30_000;
export const DEFAULT_KEEP_BYTES = 64 * 1024 * 1024;
/** Pieces of one part that may wait for its header. */
export const MAX_EARLY_PIECES = 16;
/** Peers that may wait for pieces of one part that are not here yet. */
export const MAX_WAITING = 64;
/** As the number of a piece, it stands for all of a part. */
export const MAX_PIECES = MAX_SHARED_PART_BYTES / PIECE_SIZE_BYTES;
/** Pieces asked of one neighbour that have not come. */
export const MAX_REQUESTED = 24;
/** Pieces that one neighbour may be asked for and remember, late ones included. */
export const MAX_REMEMBERED_REQUESTS = 256;

/** Bytes that may wait in one link: what is sent later can still be ordered, or not sent at all. */
export const MAX_BUFFERED_BYTES = 96 * 1024;
/** How far ahead of the uplink the links may be filled together. */
export const MAX_BACKLOG_MS = 60;
/** Pieces that wait for the uplink. */
export const MAX_QUEUED_PIECES = 512;
/** What waited longer than this is of no use any more. */
export const MAX_QUEUED_MS = 1000;

export const MAX_BANS = 1024;
export const MAX_INITS = 16;
export const MAX_CARD_BYTES = 32 * 1024;

const ID_PER_MSN = MAX_PARTS_PER_SEGMENT * MAX_RENDITIONS;

/** One number for a part of any rendition, in the order of time. */
export function partId(key: PartKey): number {
  return partNumber(key) * MAX_RENDITIONS + key.rendition;
}

export function msnOf(id: number): number {
  return Math.floor(id / ID_PER_MSN);
}

export function partIdOf(msn: number, part: number, rendition: number): number {
  return msn * ID_PER_MSN + part * MAX_RENDITIONS + rendition;
}

/** Neighbouring pieces, and the same piece of neighbouring parts, travel on different sub-streams. */
export function substreamOf({ msn, part }: PartKey, index: number): number {
  return (msn + part + index) % SUBSTREAMS;
}
