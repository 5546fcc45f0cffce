import { expect, test } from "vitest";
import { MAX_BANS } from "./limits.ts";
import { TokenBucket } from "./token-bucket.ts";
import { Bans, Distrust } from "./trust.ts";

test("bans are kept, and bounded: the oldest leaves", () => {
  const bans = new Bans();
  for (let peer = 0; peer <= MAX_BANS; peer += 1) bans.add(`p${peer}`, "lied");
  expect(bans.all).toHaveLength(MAX_BANS);
  expect(bans.has("p0")).toBe(false);
  expect(bans.has(`p${MAX_BANS}`)).toBe(true);
});

test("three late parts end trust for a while, the next three for twice as long", () => {
  const distrust = new Distrust();
  for (let part = 0; part < 3; part += 1) distrust.late(1000);
  expect(distrust.untilMs(1000)).toBe(6000);
  expect(distrust.isOn(6000)).toBe(false);
  for (let part = 0; part < 3; part += 1) distrust.late(7000);
  expect(distrust.untilMs(7000)).toBe(17_000);
});

test("late parts are forgiven by good ones", () => {
  const distrust = new Distrust();
  for (let part = 0; part < 50; part += 1) {
    distrust.late(part);
    for (let good = 0; good < 4; good += 1) distrust.good();
  }
  expect(distrust.isOn(50)).toBe(false);
});

test("a bucket gives what is in it, and fills with time", () => {
  const bucket = new TokenBucket(3, 10, 0);
  expect([1, 1, 1, 1].map((count) => bucket.take(count, 0))).toEqual([true, true, true, false]);
  expect(bucket.take(1, 100)).toBe(true);
  expect(bucket.take(3, 10_000)).toBe(true);
  expect(bucket.take(1, 10_000)).toBe(false);
});
