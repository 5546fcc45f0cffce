import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes } from "../../model/bytes.ts";
import { merkleRoot, pieceDigests, splitPieces } from "./merkle.ts";
import { bytesOf } from "./proof.test-support.ts";

function sha(...parts: readonly Uint8Array[]): Bytes {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** As RFC 6962, section 2.1, defines it: split at the largest power of two below the number of leaves. */
function treeHash(entries: readonly Bytes[]): Bytes {
  if (entries.length === 0) return sha();
  if (entries.length === 1) return sha(LEAF, entries[0] as Bytes);
  let split = 1;
  while (split * 2 < entries.length) split *= 2;
  return sha(NODE, treeHash(entries.slice(0, split)), treeHash(entries.slice(split)));
}

test("the root is that of RFC 6962, for any number of pieces", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(70), async (count) => {
      const digests = Array.from({ length: count }, (_, index) => sha(Uint8Array.of(index)));
      expect(await merkleRoot(digests)).toEqual(treeHash(digests));
    }),
  );
});

test("no node passes for a leaf, and no repeated leaf for another tree", async () => {
  const [a, b, c] = [1, 2, 3].map((value) => sha(Uint8Array.of(value))) as [Bytes, Bytes, Bytes];
  const root = await merkleRoot([a, b, c]);
  expect(await merkleRoot([a, b, c, c])).not.toEqual(root);
  expect(await merkleRoot([sha(NODE, sha(LEAF, a), sha(LEAF, b)), c])).not.toEqual(root);
  expect(await merkleRoot([b, a, c])).not.toEqual(root);
});

test("pieces are views of 16 KiB, and the last has the rest", async () => {
  const bytes = bytesOf(2 * 16_384 + 5);
  const pieces = splitPieces(bytes);
  expect(pieces.map(({ byteLength }) => byteLength)).toEqual([16_384, 16_384, 5]);
  expect(pieces.every(({ buffer }) => buffer === bytes.buffer)).toBe(true);
  expect(await pieceDigests(bytes)).toEqual(pieces.map((piece) => sha(piece)));
  expect(splitPieces(new Uint8Array(0))).toEqual([]);
  expect(splitPieces(new Uint8Array(16_384))).toHaveLength(1);
});
