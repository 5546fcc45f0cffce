import { expect, test } from "vitest";
import { compareEpochs } from "./epoch-order.ts";

test("epochs are ordered as the times that they spell", () => {
  const times = [1, 35, 36, 1_790_000_000_000, 1_790_000_000_001, 36 ** 8 - 1, 36 ** 8];
  const epochs = times.map((time) => `${time.toString(36)}0001`);
  expect([...epochs].reverse().sort(compareEpochs)).toEqual(epochs);
  expect(compareEpochs("a", "a")).toBe(0);
});
