import { type InspectedRendition, SLOT_GAP, SLOT_IN_RING, SLOT_STORED } from "eddy-hls";
import { expect, test } from "vitest";
import { cellAt, cellTowards, layOut, stateOf } from "./slot-grid.ts";

/** Segments 5 to 8 of three parts each, but for the last, which has two; the id before them was given up. */
function rendition(): InspectedRendition {
  const count = 12;
  const msns = new Float64Array(count);
  const parts = new Uint16Array(count);
  for (let column = 1; column < count; column++) {
    msns[column] = 5 + Math.floor((column - 1) / 3);
    parts[column] = (column - 1) % 3;
  }
  return {
    id: "main",
    kind: "variant",
    capacity: 64,
    nextId: 112,
    floorId: 0,
    evicted: 0,
    initIndex: 0,
    slots: {
      firstId: 100,
      msns,
      parts,
      durationsMs: new Float32Array(count),
      sizesBytes: new Uint32Array(count),
      takenAtMs: new Float64Array(count),
      flags: new Uint8Array(count),
      sources: new Uint8Array(count),
    },
    waits: [],
  };
}

test("segments stand beside each other, and their parts below each other; what was given up is left out", () => {
  const grid = layOut(rendition(), 600);
  expect(grid.cells.map(({ id, msn, part }) => [id, msn, part]).slice(0, 4)).toEqual([
    [101, 5, 0],
    [102, 5, 1],
    [103, 5, 2],
    [104, 6, 0],
  ]);
  expect(grid.segments.map(({ msn }) => msn)).toEqual([5, 6, 7, 8]);
  const last = grid.cells.at(-1);
  expect(grid.next).toEqual({ x: last?.x, y: (last?.y ?? 0) + grid.cellHeight + 2 });
});

test("where there is no room for all, the newest segments are shown", () => {
  expect(layOut(rendition(), 70).segments.map(({ msn }) => msn)).toEqual([7, 8]);
});

test("a point is met by the cell that is drawn there, and by none between two segments", () => {
  const grid = layOut(rendition(), 600);
  const cell = grid.cells[4];
  expect(cellAt(grid, (cell?.x ?? 0) + 3, (cell?.y ?? 0) + 3)?.id).toBe(105);
  expect(cellAt(grid, grid.cellWidth + 1, 3)).toBeUndefined();
});

test("arrow keys lead along parts and across segments, and stop at the ends", () => {
  const grid = layOut(rendition(), 600);
  const from = (id: number | undefined, key: string) => cellTowards(grid, id, key)?.id;
  expect(from(undefined, "ArrowLeft")).toBe(111);
  expect(from(103, "ArrowDown")).toBe(104);
  expect(from(105, "ArrowLeft")).toBe(102);
  expect(from(109, "ArrowRight")).toBe(111);
  expect(from(111, "ArrowDown")).toBe(111);
  expect(from(111, "Home")).toBe(101);
  expect(from(104, "x")).toBeUndefined();
});

test("a slot is in the ring, on disk alone, gone, or a gap", () => {
  expect([SLOT_IN_RING | SLOT_STORED, SLOT_STORED, 0, SLOT_GAP].map(stateOf)).toEqual(["ring", "disk", "gone", "gap"]);
});
