import { expect, test } from "vitest";
import { keyOf, partAt, pieceOf } from "./network.test-support.ts";
import { PartAssembly } from "./part-assembly.ts";

function begun(): PartAssembly {
  const part = new PartAssembly(0, keyOf(0), 0);
  part.begin(partAt(0).signed);
  return part;
}

test("pieces of one buffer are put together without a copy, others with one", () => {
  const { bytes } = partAt(5);
  const views = begun();
  for (let index = 0; index < 4; index += 1) views.put(index, bytes.subarray(index * 16_384, (index + 1) * 16_384));
  expect(views.finish("peer", 0).buffer).toBe(bytes.buffer);
  const copies = begun();
  for (let index = 3; index >= 0; index -= 1) copies.put(index, pieceOf(5, index).slice());
  const joined = copies.finish("peer", 0);
  expect(joined).toEqual(bytes);
  expect(copies.piece(2)).toEqual(pieceOf(5, 2));
});

test("a piece counts once", () => {
  const part = begun();
  expect(part.put(1, pieceOf(0, 1))).toBe(true);
  expect(part.put(1, pieceOf(0, 1))).toBe(false);
  expect(part.missing).toBe(3);
});

test("a slot that is given to somebody else carries nothing over", () => {
  const part = begun();
  part.haveMask = part.headerMask = 0b11;
  part.setAsked(2, 1, 100);
  part.markSent(0, 0b10);
  part.waiting = [{ slot: 1, index: 0, untilMs: 1 }];
  part.forget(1);
  expect([part.haveMask, part.headerMask]).toEqual([1, 1]);
  expect(part.askedOf(2)).toBe(-1);
  expect(part.markSent(0, 0b10)).toBe(true);
  expect(part.waiting).toEqual([]);
});
