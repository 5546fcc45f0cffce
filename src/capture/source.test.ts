import { expect, test } from "vitest";
import { wholeFramesMs } from "./source.ts";

test.each([
  [333, 30, 334],
  [334, 30, 334],
  [200, 30, 200],
  [500, 30, 500],
  [333, 25, 360],
  [333, 60, 334],
  [500, 24, 500],
  [500, 29.97, 501],
  [1000, 15, 1000],
  [10, 30, 34],
])("a part target of %i ms at %d Hz is advertised as %i ms", (asked, frameRate, advertised) => {
  expect(wholeFramesMs(asked, frameRate)).toBe(advertised);
});
