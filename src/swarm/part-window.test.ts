import { expect, test } from "vitest";
import { MAX_OPEN_PARTS, partId } from "./limits.ts";
import { keyOf, partAt } from "./network.test-support.ts";
import { PartWindow } from "./part-window.ts";

function whole(window: PartWindow, index: number, nowMs: number): void {
  const part = window.openPart(keyOf(index), nowMs)!;
  part.begin(partAt(index, 1).signed);
  window.proven(part);
  part.finish("peer", nowMs, partAt(index, 1).bytes);
  window.whole(part, nowMs);
}

test("parts on their way are in order, however they came to be known", () => {
  const window = new PartWindow({ keepMs: 1000, keepBytes: 2 ** 20 });
  for (const index of [3, 1, 7, 2]) window.openPart(keyOf(index), 0);
  expect(window.open.map(({ id }) => id)).toEqual([1, 2, 3, 7].map((index) => partId(keyOf(index))));
});

test("whole parts leave by age and by bytes, and do not come back", () => {
  const window = new PartWindow({ keepMs: 1000, keepBytes: 4 * 16_384 });
  for (let index = 0; index < 10; index += 1) whole(window, index, index * 100);
  expect(window.count).toBe(4);
  expect(window.keptBytes).toBe(4 * 16_384);
  expect(window.kept.map(({ id }) => id)).toEqual([6, 7, 8, 9].map((index) => partId(keyOf(index))));
  window.trim(5000);
  expect(window.count).toBe(0);
  expect(window.kept).toEqual([]);
  expect(window.openPart(keyOf(3), 5000)).toBeUndefined();
  expect(window.openPart(keyOf(12), 5000)).toBeDefined();
});

test("what nobody proved leaves first when too much is on its way", () => {
  const window = new PartWindow({ keepMs: 1000, keepBytes: 2 ** 20 });
  const wanted = window.openPart(keyOf(0), 0)!;
  wanted.isWanted = true;
  for (let index = 1; index < 3 * MAX_OPEN_PARTS; index += 1) window.openPart(keyOf(index), 0);
  expect(window.count).toBe(MAX_OPEN_PARTS);
  expect(window.get(wanted.id)).toBe(wanted);
});

test("a part far ahead of what was proven is not believed", () => {
  const window = new PartWindow({ keepMs: 1000, keepBytes: 2 ** 20 });
  whole(window, 0, 0);
  expect(window.openPart({ rendition: 0, msn: 400, part: 0 }, 0)).toBeUndefined();
  expect(window.openPart({ rendition: 64, msn: 1, part: 1 }, 0)).toBeUndefined();
});
