import { expect, test } from "vitest";
import { FrameTimes } from "./frame-times.ts";
import { frameAt, latenciesOf, type PlaybackSample, playedMs, quantile, stallsOf } from "./playback-report.ts";

const samples = (...positions: readonly (number | "paused" | "ended")[]): readonly PlaybackSample[] => {
  let positionS = 0;
  return positions.map((position, index) => {
    if (typeof position === "number") positionS = position;
    const [paused, ended] = [position === "paused", position === "ended"];
    return { atMs: index * 100, positionS, aheadMs: 300, paused, ended, width: 640 };
  });
};

test("a stall is where the position stands still once it has moved", () => {
  expect(stallsOf({ samples: samples(0, 0, 0, 0, 0.1, 0.2, 0.2, 0.2, 0.2, 0.3) })).toEqual([
    { atMs: 500, durationMs: 300, aheadMs: 300 },
  ]);
});

test("who pauses, or is at the end, has not stalled", () => {
  expect(stallsOf({ samples: samples(0, 0.1, "paused", "paused", "paused", 0.2, "ended", "ended", "ended") })).toEqual(
    [],
  );
});

test("a stall that is not over counts as far as it has come, and a blink does not count", () => {
  expect(stallsOf({ samples: samples(0, 0.1, 0.1, 0.2, 0.2, 0.2, 0.2) })).toEqual([
    { atMs: 300, durationMs: 300, aheadMs: 300 },
  ]);
});

test("frames know when they were made, also after a leap and at another rate", () => {
  const times = new FrameTimes();
  times.from({ mediaMs: 0, atMs: 0, rate: 1 });
  times.from({ mediaMs: 100_000, atMs: 5_000, rate: 1 });
  times.from({ mediaMs: 102_000, atMs: 7_000, rate: 0.5 });
  expect([30, 3_000, 3_030, 3_090].map((frame) => times.madeAtMs(frame, 30))).toEqual([1_000, 5_000, 6_000, 9_000]);
});

test("what never came about is forgotten when another span begins before it", () => {
  const times = new FrameTimes([{ mediaMs: 0, atMs: 0, rate: 1 }]);
  times.from({ mediaMs: 2_000, atMs: 2_500, rate: 1 });
  times.from({ mediaMs: 2_000, atMs: 3_000, rate: 1 });
  expect(times.spans).toEqual([
    { mediaMs: 0, atMs: 0, rate: 1 },
    { mediaMs: 2_000, atMs: 3_000, rate: 1 },
  ]);
});

test("latency is how old a picture is when it is shown", () => {
  const frames = [{ mediaMs: 0, atMs: 0, rate: 1 }];
  const shown = [
    { atMs: 91_500, frame: 30 },
    { atMs: 92_000, frame: 45 },
  ];
  const clock = { atMs: 10_000, takenAtMs: 100_000, speed: 1 };
  expect(latenciesOf({ shown }, { frames, clock })).toEqual([
    { atMs: 91_500, latencyMs: 500 },
    { atMs: 92_000, latencyMs: 500 },
  ]);
  expect(latenciesOf({ shown }, { frames, clock: { ...clock, speed: 0 } })).toEqual([]);
  expect(frameAt({ shown }, 91_900)).toBe(30);
  expect(frameAt({ shown }, 90_000)).toBeUndefined();
});

test("what is played is counted, and what is leapt over is not", () => {
  const record = { samples: samples(0, 0.1, 0.2, 8, 8.1, 8.1, 8.2, 3, 3.1) };
  expect(playedMs(record)).toBeCloseTo(500);
  expect(playedMs(record, 400)).toBeCloseTo(200);
});

test("a quantile is a value that occurs", () => {
  expect(quantile([3, 1, 2], 0.5)).toBe(2);
  expect(quantile([3, 1, 2], 1)).toBe(3);
  expect(quantile([], 0.5)).toBeUndefined();
  const twenty = Array.from({ length: 20 }, (_, index) => index + 1);
  expect(quantile(twenty, 0.95), "19 of 20 are at most that").toBe(19);
  expect([0, 0.05, 0.5, 0.55, 0.56].map((share) => quantile(twenty, share))).toEqual([1, 1, 10, 11, 12]);
});
