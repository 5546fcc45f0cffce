import type { Bytes } from "../../model/bytes.ts";
import { type Digest, PIECE_SIZE_BYTES } from "../../model/part-header.ts";
import { sha256 } from "./sha256.ts";

/** Prefixes that tell leaves from nodes, so that no node can be shown as the piece of a smaller tree. */
const LEAF = 0;
const NODE = 1;

/** The pieces of a part, as views of it. */
export function splitPieces(bytes: Bytes): readonly Bytes[] {
  const pieces: Bytes[] = [];
  for (let at = 0; at < bytes.byteLength; at += PIECE_SIZE_BYTES)
    pieces.push(bytes.subarray(at, at + PIECE_SIZE_BYTES));
  return pieces;
}

/** SHA-256 of each piece of a part: what a signed header carries. */
export function pieceDigests(bytes: Bytes): Promise<readonly Digest[]> {
  return Promise.all(splitPieces(bytes).map(sha256));
}

/**
 * Root of the Merkle tree over the digests of pieces. A leaf is SHA-256(0, digest), a node SHA-256(1, left, right); a last one without
 * a neighbour rises as it is; nothing at all has SHA-256 of nothing. That is the tree of RFC 6962, section 2.1, over these digests.
 */
export async function merkleRoot(digests: readonly Digest[]): Promise<Digest> {
  let level = await Promise.all(digests.map((digest) => hashed(LEAF, [digest])));
  while (level.length > 1) level = await Promise.all(parents(level));
  return level[0] ?? sha256(new Uint8Array(0));
}

function parents(level: readonly Digest[]): (Digest | Promise<Digest>)[] {
  const above: (Digest | Promise<Digest>)[] = [];
  for (let index = 0; index < level.length; index += 2) {
    const pair = level.slice(index, index + 2) as [Digest, Digest?];
    above.push(pair[1] === undefined ? pair[0] : hashed(NODE, [pair[0], pair[1]]));
  }
  return above;
}

function hashed(prefix: number, digests: readonly Digest[]): Promise<Digest> {
  const bytes = new Uint8Array(1 + digests.length * 32);
  bytes[0] = prefix;
  digests.forEach((digest, index) => {
    bytes.set(digest, 1 + index * 32);
  });
  return sha256(bytes);
}
