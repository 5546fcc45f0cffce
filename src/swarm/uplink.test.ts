import { expect, test } from "vitest";
import { testContext } from "./context.test-support.ts";
import type { Neighbour } from "./neighbour.ts";
import { Uplink } from "./uplink.ts";

const STEP_MS = 100;

/** A line of `lineBps` that each step is given what `uplink` is taken for, times `share`, over three links. */
function carry(uplink: Uplink, { lineBps, share, steps }: { lineBps: number; share: number; steps: number }): void {
  const { join } = testContext();
  const links = ["a", "b", "c"].map((peer) => join(peer));
  let held = 0;
  for (let step = 1; step <= steps; step += 1) {
    const given = (uplink.bps * share * STEP_MS) / 8000 / 1.09;
    held = Math.max(0, held + given - (lineBps * STEP_MS) / 8000 / 1.09);
    for (const link of links) {
      Object.assign(link.link, { bufferedBytes: held / links.length });
      Object.assign(link, { sentBytes: link.sentBytes + given / links.length, heardMs: step * STEP_MS });
    }
    uplink.measure(step * STEP_MS, links);
  }
}

test("an uplink that nobody knows is found out, wide or narrow", () => {
  const wide = new Uplink(0, 0);
  carry(wide, { lineBps: 50_000_000, share: 1, steps: 100 });
  expect(wide.bps).toBeGreaterThan(40_000_000);
  expect(wide.bps).toBeLessThan(70_000_000);
  const narrow = new Uplink(0, 0);
  carry(narrow, { lineBps: 1_000_000, share: 1, steps: 100 });
  expect(narrow.bps).toBeGreaterThan(700_000);
  expect(narrow.bps).toBeLessThan(1_500_000);
});

test("one that carries little is not taken for more than it was", () => {
  const uplink = new Uplink(0, 0);
  const guessed = uplink.bps;
  carry(uplink, { lineBps: 50_000_000, share: 0.2, steps: 100 });
  expect(uplink.bps).toBe(guessed);
});

test("one that was declared is never taken for more, and for less where it carries less", () => {
  const enough = new Uplink(1_000_000, 0);
  carry(enough, { lineBps: 50_000_000, share: 1, steps: 100 });
  expect(enough.bps).toBe(1_000_000);
  const boasted = new Uplink(10_000_000, 0);
  carry(boasted, { lineBps: 2_000_000, share: 1, steps: 100 });
  expect(boasted.bps).toBeLessThan(3_000_000);
});

test.each([
  ["a receiver that is narrow", (slow: Neighbour, nowMs: number) => Object.assign(slow, { heardMs: nowMs })],
  ["one that is gone", (slow: Neighbour) => slow],
])("what %s does not take says nothing of the uplink", (_, touch) => {
  const { join } = testContext();
  const [slow, ...others] = [join("slow"), join("a"), join("b")];
  const uplink = new Uplink(10_000_000, 0);
  Object.assign(slow.link, { bufferedBytes: 90_000 });
  slow.sentBytes = 90_000;
  for (let step = 1; step <= 50; step += 1) {
    touch(slow, step * STEP_MS);
    for (const other of others) Object.assign(other, { sentBytes: step * 20_000, heardMs: step * STEP_MS });
    uplink.measure(step * STEP_MS, [slow, ...others]);
  }
  expect(uplink.bps).toBe(10_000_000);
});
