import { expect, test } from "vitest";
import { haveFrames } from "./have-frames.ts";
import { PartAssembly } from "./part-assembly.ts";

const part = (rendition: number, msn: number, at: number): PartAssembly =>
  new PartAssembly(0, { rendition, msn, part: at }, 0);

test("ranges end with their segments and at gaps, for each rendition", () => {
  const parts = [part(0, 1, 4), part(0, 1, 5), part(0, 2, 0), part(0, 2, 2), part(1, 2, 0)];
  for (const [id, each] of parts.entries()) Object.assign(each, { id });
  expect(haveFrames(parts).map(({ rendition, ranges }) => [rendition, ranges])).toEqual([
    [
      0,
      [
        { first: { msn: 1, part: 4 }, last: { msn: 1, part: 5 } },
        { first: { msn: 2, part: 0 }, last: { msn: 2, part: 0 } },
        { first: { msn: 2, part: 2 }, last: { msn: 2, part: 2 } },
      ],
    ],
    [1, [{ first: { msn: 2, part: 0 }, last: { msn: 2, part: 0 } }]],
  ]);
});
