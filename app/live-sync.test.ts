import { expect, test } from "vitest";
import { LiveSync } from "./live-sync.ts";

const at = (behindMs: number, bufferAheadMs = 800) => ({
  latencyMs: 600 + behindMs,
  targetLatencyMs: 600,
  bufferAheadMs,
});

test("playback is made faster when it is behind its target, until it is near it again", () => {
  const sync = new LiveSync();
  expect(sync.rate(1, at(150))).toBe(1);
  expect(sync.rate(1, at(250))).toBe(1.1);
  expect(sync.rate(1.1, at(150))).toBe(1.1);
  expect(sync.rate(1.1, at(100))).toBe(1);
  expect(sync.rate(1, at(150))).toBe(1);
});

test("nothing is hurried with little in hand", () => {
  expect(new LiveSync().rate(1, at(400, 300))).toBe(1);
});

test("who went back to see something again is left there", () => {
  expect(new LiveSync().rate(1, at(10_000, 10_000))).toBe(1);
});

test("a speed that a person has chosen is left alone", () => {
  expect(new LiveSync().rate(1.5, at(400))).toBeUndefined();
});

test("before the player knows its target, nothing happens", () => {
  expect(new LiveSync().rate(1, { latencyMs: 0, targetLatencyMs: 0, bufferAheadMs: 0 })).toBe(1);
});
