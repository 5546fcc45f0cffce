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

test("a playback that begins too early skips what it has in hand beyond its need, once", () => {
  const sync = new LiveSync();
  expect(sync.skipMs(at(100, 900))).toBe(0);
  expect(sync.skipMs(at(500, 1100))).toBe(500);
  expect(sync.skipMs(at(500, 1100))).toBe(0);
});

test("a skip waits for the media that makes it reach, and takes what there is in the end", () => {
  const sync = new LiveSync();
  expect(sync.skipMs(at(2_000, 1_800))).toBe(0);
  expect(sync.skipMs(at(2_000, 2_400))).toBe(1_950);
  expect(sync.skipMs(at(2_000, 4_000))).toBe(0);
  sync.restart();
  for (let looks = 0; looks < 7; looks++) expect(sync.skipMs(at(500, 700))).toBe(0);
  expect(sync.skipMs(at(500, 700))).toBe(250);
  expect(sync.skipMs(at(500, 1100))).toBe(0);
});

test("nothing is skipped with little in hand, nor once the playback has begun, nor for who starts far back", () => {
  expect(new LiveSync().skipMs(at(500, 600))).toBe(0);
  expect(new LiveSync().skipMs(at(10_000, 10_000))).toBe(0);
  const sync = new LiveSync();
  for (let looks = 0; looks < 8; looks++) sync.skipMs(at(0));
  expect(sync.skipMs(at(500, 1100))).toBe(0);
});
