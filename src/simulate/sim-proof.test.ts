import { expect, test } from "vitest";
import { RelayError } from "../model/errors.ts";
import { PIECE_SIZE_BYTES } from "../model/part-header.ts";
import { forged, polluted, SimProof } from "./sim-proof.ts";
import { SimStream } from "./sim-stream.ts";

const stream = new SimStream();
const proof = new SimProof(stream.card);

test("the stream's own headers and pieces are proven, polluted and forged ones are not", () => {
  for (let index = 0; index < 12; index++) {
    const { signed, bytes } = stream.part(index);
    proof.header(signed);
    expect(() => proof.header(forged(signed))).toThrow(RelayError);
    for (const at of signed.pieces.keys()) {
      const piece = bytes.subarray(at * PIECE_SIZE_BYTES, (at + 1) * PIECE_SIZE_BYTES);
      proof.piece(signed, at, piece);
      expect(() => proof.piece(signed, at, polluted(piece))).toThrow(/expected \d+ bytes of the part/);
      expect(() => proof.piece(signed, at, piece.subarray(1))).toThrow(RelayError);
    }
  }
});

test("a stream has the bit rate it was made with, key frames larger, and a chain of digests", () => {
  const parts = Array.from({ length: 600 }, (_, index) => stream.part(index));
  const bytes = parts.reduce((sum, part) => sum + part.bytes.byteLength, 0);
  expect((bytes * 8) / (600 * 0.333)).toBeGreaterThan(1_490_000);
  expect((bytes * 8) / (600 * 0.333)).toBeLessThan(1_510_000);
  expect(parts[6]?.signed.header).toMatchObject({ msn: 2, part: 0, independent: true });
  expect(parts[6]?.bytes.byteLength).toBeGreaterThan(1.5 * (parts[7]?.bytes.byteLength ?? 0));
  expect(parts[6]?.signed.header.previous).toEqual(parts[5]?.signed.digest);
  expect(stream.indexOf(stream.keyOf(77))).toBe(77);
});
