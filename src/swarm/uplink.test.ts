import { expect, test } from "vitest";
import { Uplink } from "./uplink.ts";

test("an uplink nobody knows is found while it is busy, and shrinks when links hold what they were given", () => {
  const uplink = new Uplink(0, 0);
  const first = uplink.bps;
  for (let second = 1; second <= 5; second += 1) {
    uplink.measure({ nowMs: second * 1000, heldBytes: () => 0, isBusy: true });
  }
  expect(uplink.bps).toBeGreaterThan(first);
  const found = uplink.bps;
  uplink.measure({ nowMs: 6000, heldBytes: () => 10_000_000, isBusy: true });
  expect(uplink.bps).toBeLessThan(found);
});

test("one that was declared is never taken for more", () => {
  const uplink = new Uplink(1_000_000, 0);
  uplink.measure({ nowMs: 1000, heldBytes: () => 0, isBusy: true });
  expect(uplink.bps).toBe(1_000_000);
});
