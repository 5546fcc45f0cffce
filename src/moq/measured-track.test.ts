import fc from "fast-check";
import { expect, test } from "vitest";
import { TEST_AUDIO, TEST_VIDEO, testAudioPart, testBox, testInit, testPart } from "../media/media.test-support.ts";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { MeasuredTrack, type MeasuredTrackOptions } from "./measured-track.ts";
import { producerEpochMs } from "./prft.ts";

const VIDEO = testInit({ video: TEST_VIDEO });
const AUDIO = testInit({ audio: TEST_AUDIO });
const FRAMES = 6;
/** Four objects of 200 ms to the group. */
const video = (n: number): Bytes =>
  testPart({ firstFrame: n * FRAMES, frames: FRAMES, independent: n % 4 === 0, audio: false });
const frame = (n: number): Bytes => testPart({ firstFrame: n, frames: 1, independent: n % 30 === 0, audio: false });

function track(
  init: Bytes,
  options: Partial<MeasuredTrackOptions> = {},
): { out: string[]; errors: string[]; track: MeasuredTrack } {
  const out: string[] = [];
  const errors: string[] = [];
  return {
    out,
    errors,
    track: new MeasuredTrack({
      init,
      partTargetMs: 200,
      next: ({ msn, part, durationMs, independent }, torn) =>
        out.push(`${msn}.${part} ${Math.round(durationMs)}${independent ? " key" : ""}${torn ? " torn" : ""}`),
      lost: ({ msn, part }) => out.push(`lost ${msn}.${part}`),
      refused: ({ code }) => errors.push(code),
      restarted: () => out.push("restarted"),
      ...options,
    }),
  };
}

test("an object that is a part is one at once, with what its samples say", () => {
  const { out, track: one } = track(VIDEO);
  for (let n = 0; n < 3; n++) one.object(7, n, video(n));
  expect(out).toEqual(["7.0 200 key", "7.1 200", "7.2 200"]);
});

test("single frames are put together to parts, and a part ends with its group", () => {
  const { out, track: one } = track(VIDEO);
  for (let n = 0; n < 15; n++) one.object(0, n, frame(n));
  one.groupEnded(0, true);
  expect(out).toEqual(["0.0 200 key", "0.6 200", "0.12 100"]);
});

test("groups of one frame of sound are put together across groups", () => {
  const { out, track: one } = track(AUDIO);
  for (let n = 0; n < 25; n++) {
    one.object(n, 0, testAudioPart({ firstSample: n, samples: 1 }));
    one.groupEnded(n, true);
  }
  expect(out).toEqual(["0.0 200 key", "10.0 200 key"]);
});

test("what was begun and does not go on is a part after a while", () => {
  const { out, track: one } = track(VIDEO);
  one.object(0, 0, frame(0));
  one.tick(10);
  expect(out).toEqual([]);
  one.tick(10);
  expect(out).toEqual(["0.0 33 key"]);
});

test("a group that comes before the one before it waits for that", () => {
  const { out, track: one } = track(VIDEO);
  for (let n = 0; n < 3; n++) one.object(0, n, video(n));
  one.object(1, 0, video(4));
  expect(out).toHaveLength(3);
  one.object(0, 3, video(3));
  expect(out.slice(3)).toEqual(["0.3 200", "1.0 200 key"]);
});

test("group numbers need not be consecutive: the media's own timeline tells what follows", () => {
  const { out, track: one } = track(VIDEO);
  for (let n = 0; n < 12; n++) {
    one.object(1_000 * Math.floor(n / 4), n % 4, video(n));
    if (n % 4 === 3) one.groupEnded(1_000 * Math.floor(n / 4), true);
  }
  expect(out).toHaveLength(12);
  expect(out.join()).not.toContain("lost");
});

test("the rest of a group that was reset is lost at once when the next one begins", () => {
  const { out, track: one } = track(VIDEO);
  one.object(0, 0, video(0));
  one.groupEnded(0, false);
  one.object(1, 0, video(4));
  expect(out).toEqual(["0.0 200 key", "lost 0.1", "1.0 200 key"]);
});

test("a hole is waited for, and then it is lost; what comes later is not taken", () => {
  const { out, track: one } = track(VIDEO);
  one.object(0, 0, video(0));
  one.object(2, 0, video(8));
  for (let n = 0; n < 3; n++) one.tick(3);
  expect(out).toEqual(["0.0 200 key", "lost 0.1", "2.0 200 key"]);
  one.object(1, 0, video(4));
  expect(out).toHaveLength(3);
});

test("a timeline that begins anew is torn, and is not waited for", () => {
  const { out, track: one } = track(VIDEO);
  one.object(5, 0, video(40));
  one.groupEnded(5, true);
  one.object(6, 0, video(0));
  expect(out).toEqual(["5.0 200 key", "6.0 200 key torn"]);
});

test("a group that is received again gives nothing twice", () => {
  const { out, track: one } = track(VIDEO);
  for (let n = 0; n < 2; n++) one.object(0, n, video(n));
  for (let n = 0; n < 4; n++) one.object(0, n, video(n));
  expect(out).toEqual(["0.0 200 key", "0.1 200", "0.2 200", "0.3 200"]);
});

test("numbers far below those before mean that the publisher began anew", () => {
  const { out, track: one } = track(VIDEO);
  one.object(500, 0, video(0));
  one.object(3, 0, video(0));
  expect(out).toEqual(["500.0 200 key", "restarted"]);
});

test("what is no part, or of another track, is refused; the rest goes on", () => {
  const { out, errors, track: one } = track(VIDEO);
  one.object(0, 0, video(0));
  one.object(0, 1, new Uint8Array(64));
  one.object(0, 2, testAudioPart());
  one.object(0, 3, video(1));
  expect(errors).toEqual(["malformed-part", "track-mismatch"]);
  for (let n = 0; n < 3; n++) one.tick(3);
  expect(out).toEqual(["0.0 200 key", "0.3 200"]);
});

test("whatever comes in whatever order, parts come out in order, each once, and little waits", () => {
  const event = fc.oneof(
    { weight: 8, arbitrary: fc.record({ n: fc.nat(60), kind: fc.constant("object" as const) }) },
    { weight: 2, arbitrary: fc.record({ n: fc.nat(20), kind: fc.constantFrom("end", "reset", "tick", "noise") }) },
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 300 }), fc.uint8Array({ maxLength: 80 }), (events, noise) => {
      const seen: number[] = [];
      const { track: one, errors } = track(VIDEO, {
        next: ({ msn, part }) => seen.push(msn * 1024 + part),
        lost: () => undefined,
      });
      for (const { n, kind } of events) {
        if (kind === "object") one.object(Math.floor(n / 4), n % 4, video(n));
        else if (kind === "noise") one.object(n, 0, Uint8Array.from(noise));
        else if (kind === "tick") one.tick(3);
        else one.groupEnded(n, kind === "end");
      }
      expect(seen).toEqual([...new Set(seen)].sort((left, right) => left - right));
      expect(one.waiting).toBeLessThanOrEqual(256);
      expect(errors.every((code) => code === "malformed-part" || code === "track-mismatch")).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test("the producer's reference time tells when the media was made", () => {
  const wallMs = Date.UTC(2026, 0, 1);
  const seconds = wallMs / 1000 + 2_208_988_800;
  const u32 = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  const prft = testBox("prft", [0, 0, 0, 24], u32(1), u32(seconds), u32(2 ** 31), u32(45_000));
  const bytes = Uint8Array.from([...prft, ...video(0)]);
  expect(producerEpochMs(bytes, 90_000)).toBeCloseTo(wallMs + 500 - 500, 3);
  expect(producerEpochMs(video(0), 90_000)).toBeUndefined();
  expect(producerEpochMs(new Uint8Array(5), 90_000)).toBeUndefined();
  expect(() => new MeasuredTrack({ ...({} as MeasuredTrackOptions), init: new Uint8Array(9) })).toThrow(RelayError);
});
