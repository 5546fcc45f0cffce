import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import { StoredSlot } from "./slot.ts";
import { SlotTable } from "./slot-table.ts";

/** `content` in a buffer of its own, behind `offset` bytes that are none of it. */
function viewOf(content: Uint8Array, offset: number): Bytes {
  const buffer = new Uint8Array(offset + content.length).fill(0xff);
  buffer.set(content, offset);
  return buffer.subarray(offset);
}

test("bytes are the same wherever their views begin, and one other byte makes them others", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 70 }),
      fc.nat(8),
      fc.nat(8),
      fc.nat(),
      (content, left, right, at) => {
        const table = new SlotTable(4, 0);
        table.store(new StoredSlot(1, 0, viewOf(content, left), 1));
        expect(table.compare(1, viewOf(content, right))).toBe("present");
        const index = at % content.length;
        const other = content.slice();
        other[index] = (other[index] ?? 0) ^ 1;
        expect(table.compare(1, viewOf(other, right))).toBe("conflict");
        expect(table.compare(1, viewOf(content.slice(1), right))).toBe("conflict");
      },
    ),
  );
});

test("the oldest id is found behind holes, and what leaves takes the floor with it", () => {
  const table = new SlotTable(8, 0);
  for (const id of [5, 2, 7]) table.store(new StoredSlot(id, 0, new Uint8Array(id), id));
  expect([table.oldestId, table.count, table.sizeBytes]).toEqual([2, 3, 14]);
  expect([table.dropOldest(), table.oldestId, table.floorId]).toEqual([2, 5, 3]);
  expect([table.dropOldest(), table.dropOldest(), table.count, table.floorId]).toEqual([5, 7, 0, 8]);
  expect(table.compare(6, new Uint8Array(1))).toBe("present");
  table.raiseFloor(3);
  expect([table.floorId, table.evicted, table.sizeBytes]).toEqual([8, 3, 0]);
});
