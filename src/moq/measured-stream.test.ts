import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TEST_AUDIO, TEST_VIDEO, testAudioPart, testInit, testPart } from "../media/media.test-support.ts";
import { systemClock } from "../model/clock.ts";
import type { CatalogTrack } from "./catalog.ts";
import { MeasuredStream, type MeasuredTimes } from "./measured-stream.ts";

const START_MS = 1_800_000_000_000;
const VIDEO: CatalogTrack = {
  name: "v",
  init: testInit({ video: TEST_VIDEO }),
  rendition: { id: "v", bandwidth: 1_000_000 },
};
const AUDIO: CatalogTrack = {
  name: "a",
  init: testInit({ audio: TEST_AUDIO }),
  rendition: { id: "a", kind: "audio", bandwidth: 64_000 },
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  vi.setSystemTime(START_MS);
});
afterEach(() => void vi.useRealTimers());

function streamOf(tracks: readonly CatalogTrack[]) {
  const times: MeasuredTimes[] = [];
  const parts: { track: number; at: string; durationMs: number; dateMs: number; torn: boolean }[] = [];
  const lost: string[] = [];
  const stream = new MeasuredStream(tracks, {
    clock: systemClock,
    listener: {
      measured: (measured) => times.push(measured),
      part: (track, { msn, part, durationMs }, { programDateTimeMs: dateMs, torn }) =>
        parts.push({ track, at: `${msn}.${part}`, durationMs: Math.round(durationMs), dateMs, torn }),
      lost: (track, { msn, part }) => lost.push(`${track} ${msn}.${part}`),
      refused: (error) => lost.push(error.code),
      restarted: () => lost.push("restarted"),
    },
  });
  return { stream, times, parts, lost };
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
/** Objects of `frames` at 30 Hz, `perGroup` to the group. */
const video = (n: number, { frames = 1, perGroup = 60, at = n } = {}) =>
  [
    Math.floor(n / perGroup),
    n % perGroup,
    testPart({ firstFrame: at * frames, frames, independent: n % perGroup === 0, audio: false }),
  ] as const;

test("a stream of single frames becomes parts of a third of a second, in segments as long as its groups", async () => {
  const { stream, times, parts } = streamOf([VIDEO]);
  for (let n = 0; n <= 60; n++) {
    stream.listener(0).object(...video(n));
    if (n < 60) await pass(1000 / 30);
  }
  expect(times).toEqual([{ partTargetMs: 333, targetDurationMs: 2_000 }]);
  expect(new Set(parts.slice(0, 6).map(({ durationMs }) => durationMs))).toEqual(new Set([300]));
  expect(parts.every(({ torn }) => !torn)).toBe(true);
});

test("the date of a part is when it was made, though it came late in a burst", async () => {
  const { stream, parts } = streamOf([VIDEO]);
  // Of a group that began 1.8 seconds ago all is there at once; then each part comes as it is made.
  for (let n = 0; n < 9; n++) stream.listener(0).object(...video(n, { frames: 6, perGroup: 10 }));
  for (let n = 9; n < 14; n++) {
    await pass(200);
    stream.listener(0).object(...video(n, { frames: 6, perGroup: 10 }));
  }
  expect(parts.map(({ dateMs }) => dateMs - START_MS).slice(0, 3)).toEqual([-1_800, -1_600, -1_400]);
});

test("pictures and sound of their own share a timeline, and the longest object decides", async () => {
  const { stream, times, parts } = streamOf([VIDEO, AUDIO]);
  for (let n = 0; n < 6; n++) {
    stream.listener(0).object(...video(n, { frames: 15, perGroup: 4 }));
    for (let k = 0; k < 25; k++)
      stream.listener(1).object(n * 25 + k, 0, testAudioPart({ firstSample: n * 25 + k, samples: 1 }));
    await pass(500);
  }
  expect(times).toEqual([{ partTargetMs: 500, targetDurationMs: 2_000 }]);
  const first = [0, 1].map((track) => parts.find((part) => part.track === track));
  expect(first.map((part) => part?.durationMs)).toEqual([500, 500]);
  expect(first[0]?.dateMs).toBe(first[1]?.dateMs);
});

test("a stream that shows no second group is played all the same", async () => {
  const { stream, times, parts } = streamOf([VIDEO]);
  for (let n = 0; n < 25; n++) {
    stream.listener(0).object(...video(n, { frames: 6, perGroup: 1_000 }));
    await pass(200);
  }
  expect(times).toEqual([{ partTargetMs: 200, targetDurationMs: 6_000 }]);
  expect(parts).toHaveLength(25);
});

test("a part that is longer than any before makes room for itself", async () => {
  const { stream, times } = streamOf([VIDEO]);
  for (let n = 0; n < 11; n++) stream.listener(0).object(...video(n, { frames: 6, perGroup: 5 }));
  stream.listener(0).object(2, 1, testPart({ firstFrame: 66, frames: 12, independent: false, audio: false }));
  expect(times).toEqual([
    { partTargetMs: 200, targetDurationMs: 1_000 },
    { partTargetMs: 400, targetDurationMs: 1_000 },
  ]);
});

test("what a timeline that began anew holds is dated by when it came", async () => {
  const { stream, parts } = streamOf([VIDEO]);
  for (let n = 0; n < 11; n++) stream.listener(0).object(...video(n, { frames: 6, perGroup: 5, at: n + 5_000 }));
  await pass(3_000);
  const nowMs = Date.now();
  stream.listener(0).object(...video(15, { frames: 6, perGroup: 5, at: 0 }));
  expect(parts.at(-1)).toMatchObject({ torn: true, dateMs: nowMs - 200 });
});
