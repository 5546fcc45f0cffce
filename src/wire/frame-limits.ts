import { MAX_SHARED_PART_BYTES, PIECE_SIZE_BYTES } from "../model/part-header.ts";
import { MAX_FRAME_BYTES } from "./peer-frame.ts";

/** What stands before each frame: version, kind, length of the rest. */
export const FRAME_HEAD_BYTES = 4;
/** Most pieces of one part. */
export const MAX_PIECES = MAX_SHARED_PART_BYTES / PIECE_SIZE_BYTES;
/** Positions of one rendition are ordered by one safe integer (`partNumber()`), so there can be no later segment. */
export const MAX_MSN = 2 ** 43 - 1;
/** Most ranges of one `have`. */
export const MAX_HAVE_RANGES = 256;
/** Most entries of one `roots`. */
export const MAX_ROOTS = 64;
/** Most sub-streams: a bit mask of them stays a positive number to the bit operators. */
export const MAX_SUBSTREAMS = 31;
/** Most bytes of a card: one of sixteen renditions that fill every field has half of it. */
export const MAX_CARD_BYTES = 32 * 1024;
/** Most bytes of an init segment between peers: it goes in one frame, with its digest. */
export const MAX_SHARED_INIT_BYTES = MAX_FRAME_BYTES - FRAME_HEAD_BYTES - 32;
/** Longest part between peers: one that stands for a whole segment of an ordinary HLS origin, with room. */
export const MAX_PART_DURATION_MS = 600_000;
