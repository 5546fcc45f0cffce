import { expect, test } from "vitest";
import { LostParts } from "./lost-parts.ts";

test("nothing is lost that was not asked for", () => {
  expect(new LostParts().takes("main", false)).toBe(false);
});

test("one part of each rendition is lost, and a key frame is let through first", () => {
  const lost = new LostParts();
  lost.lose(["main", "sound"]);
  expect([true, false, false].map((independent) => lost.takes("main", independent))).toEqual([false, true, false]);
  expect([true, true, true].map((independent) => lost.takes("sound", independent))).toEqual([false, true, false]);
});
