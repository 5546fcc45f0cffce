import type { Bytes } from "./bytes.ts";
import type { Msn, PartIndex } from "./ids.ts";
import type { StreamOptions } from "./options.ts";

/** A part travels between peers in pieces of this size; the last one of a part is shorter. */
export const PIECE_SIZE_BYTES = 16 * 1024;
/** Most bytes one part may have between peers: its piece digests must fit one frame. */
export const MAX_SHARED_PART_BYTES = 8 * 1024 * 1024;
/** Most parts of one segment: positions of one rendition are ordered by one safe integer (`partNumber()`). */
export const MAX_PARTS_PER_SEGMENT = 1024;

/** Highest number of a segment that a stream between peers may begin with: parts of all renditions are ordered by one safe integer there. */
export const MAX_SHARED_MSN = 2 ** 36;

/** 32 bytes of SHA-256. */
export type Digest = Bytes;

/** Where a part stands in its stream, the same for every peer: as the publisher's, or the origin's, playlists number it. */
export interface PartKey {
  /** Index of the rendition in the stream's card. */
  readonly rendition: number;
  readonly msn: Msn;
  readonly part: PartIndex;
}

/** Orders the parts of one rendition; a Map by number is an order of magnitude faster than one by text. */
export function partNumber({ msn, part }: { readonly msn: Msn; readonly part: PartIndex }): number {
  return msn * MAX_PARTS_PER_SEGMENT + part;
}

/** What the publisher says, and signs, of one part. */
export interface PartHeader extends PartKey {
  /** 1 to 16 of `0-9 a-z`, as in the media URIs. */
  readonly epoch: string;
  /** Whole microseconds on the wire. */
  readonly durationMs: number;
  readonly independent: boolean;
  /** Nothing was there to be published: `sizeBytes` is 0, and `root` that of no piece. */
  readonly gap: boolean;
  /** A new timeline begins with this part. */
  readonly discontinuity: boolean;
  /** Wall clock of the first sample, in ms since the Unix epoch; whole milliseconds on the wire. */
  readonly programDateTimeMs: number;
  /** SHA-256 of the init segment in effect; zeros where there is none (WebVTT, MPEG-TS). */
  readonly initDigest: Digest;
  readonly sizeBytes: number;
  /** Root of the SHA-256 Merkle tree over the pieces. */
  readonly root: Digest;
  /** Digest of the header before this one of the same rendition and epoch; zeros for the first. */
  readonly previous: Digest;
}

/** A header as it travels: what was signed, by whom it can be proven, and the leaves that each piece is held against. */
export interface SignedHeader {
  readonly header: PartHeader;
  /** What was signed, byte for byte. */
  readonly encoded: Bytes;
  /** SHA-256 of `encoded`: what the next header names. */
  readonly digest: Digest;
  /** Ed25519 over `encoded`; empty where the site chose `integrity: "none"`. */
  readonly signature: Bytes;
  /** SHA-256 of each piece, in order; their Merkle root is `header.root`. */
  readonly pieces: readonly Digest[];
}

/** What a viewer must know of a stream before its first part; signed like a header. */
export interface StreamCard {
  readonly name: string;
  /** Raw Ed25519 public key, 32 bytes; empty where the site chose `integrity: "none"`. */
  readonly publicKey: Bytes;
  readonly epoch: string;
  /** Grows when the card changes within an epoch. */
  readonly revision: number;
  readonly options: StreamOptions;
  /** No part comes after these; absent while the stream is live. */
  readonly ended?: readonly PartKey[];
}
