import { expect, test } from "vitest";
import { Budget } from "./budget.ts";

function budget(): { budget: Budget; pass(ms: number): void } {
  let nowMs = 0;
  const clock = { now: () => nowMs, wallMs: () => nowMs, after: () => () => undefined };
  return {
    budget: new Budget({ clock, quotaShare: 0.5, quota: async () => undefined }),
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

test("a disk that frees nothing for long does not make the budget smaller than what it takes in the end", () => {
  const { budget: shrinking, pass } = budget();
  for (let storedBytes = 1_000; storedBytes > 100; storedBytes = shrinking.maxBytes) {
    expect(shrinking.full(storedBytes)).toBe(true);
    pass(10_000);
  }
  expect(shrinking.maxBytes).toBeLessThan(100);
  // What had waited in memory is on disk at once.
  shrinking.taken(700);
  expect(shrinking.maxBytes).toBe(700);
  // It does not grow from there.
  shrinking.taken(800);
  expect(shrinking.maxBytes).toBe(700);
});
