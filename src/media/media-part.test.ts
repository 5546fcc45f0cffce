import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { parseInitSegment } from "./init-segment.ts";
import { concat, TEST_AUDIO, TEST_VIDEO, testBox, testInit, testPart } from "./media.test-support.ts";
import { parsePart, splitPart } from "./media-part.ts";
import { writePart } from "./part-writer.ts";

const init = parseInitSegment(testInit());
const code = (run: () => unknown) => {
  try {
    run();
  } catch (thrown) {
    return thrown instanceof RelayError ? thrown.code : thrown;
  }
  return "nothing";
};
const outcome = (bytes: Bytes) => code(() => parsePart(bytes, init));
/** Where a box type stands in bytes, first occurrence. */
const indexOf = (bytes: Bytes, type: string) => Buffer.from(bytes.buffer).indexOf(type);
const patched = (bytes: Bytes, at: number, value: number) => {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(at, value);
  return copy;
};

describe("parsePart()", () => {
  test("sums the sample durations of the video track", () => {
    const part = parsePart(testPart({ firstFrame: 20, frames: 10 }), init);
    expect(part.durationMs).toBeCloseTo(333.333, 3);
    expect(part.startMs).toBeCloseTo(666.667, 3);
    expect(part.tracks.get(1)).toEqual({ id: 1, startTicks: 60_000, durationTicks: 30_000, sampleCount: 10 });
    expect(part.tracks.get(2)).toEqual({ id: 2, startTicks: 34 * 960, durationTicks: 16 * 960, sampleCount: 16 });
  });

  test("is independent exactly when the first video sample is a sync sample", () => {
    expect(parsePart(testPart({ independent: true }), init).independent).toBe(true);
    expect(parsePart(testPart({ independent: false }), init).independent).toBe(false);
  });

  test("measures by audio where the init segment has no video", () => {
    const audio = parseInitSegment(testInit({ audio: TEST_AUDIO }));
    const sample = { bytes: new Uint8Array(3), durationTicks: 960, sync: true, compositionOffsetTicks: 0 };
    const bytes = writePart({
      sequenceNumber: 1,
      tracks: [{ trackId: 2, baseTicks: 4800, samples: [sample, sample] }],
    });
    expect(parsePart(bytes, audio)).toMatchObject({ durationMs: 40, startMs: 100, independent: true });
  });

  test("gives one fragment for each moof, together the whole part, with what stands before a moof in its fragment", () => {
    const first = testPart({ frames: 5 });
    const second = concat(testBox("prft", [1, 2, 3]), testPart({ frames: 4, firstFrame: 5, independent: false }));
    const bytes = concat(testBox("styp", [0x63, 0x6d, 0x66, 0x6c]), first, second);
    const part = parsePart(bytes, init);
    expect(part.durationMs).toBeCloseTo(300, 6);
    expect(part.fragments).toMatchObject([
      { offset: 0, length: first.length + 12, independent: true },
      { offset: first.length + 12, length: second.length, independent: false },
    ]);
    expect(part.fragments.map((fragment) => Math.round(fragment.durationMs))).toEqual([167, 133]);
  });

  test("keeps a moof of audio alone with the video before it", () => {
    const video = testPart({ audio: false });
    const sample = { bytes: new Uint8Array(3), durationTicks: 960, sync: true, compositionOffsetTicks: 0 };
    const audio = writePart({ sequenceNumber: 2, tracks: [{ trackId: 2, baseTicks: 0, samples: [sample] }] });
    const after = parsePart(concat(video, audio, video, audio), init);
    expect(after.fragments.map((fragment) => fragment.length)).toEqual([
      video.length + audio.length,
      video.length + audio.length,
    ]);
    const before = parsePart(concat(audio, video), init);
    expect(before.fragments).toMatchObject([{ offset: 0, length: video.length + audio.length }]);
  });

  test("takes data offsets without default-base-is-moof from the end of the track before", () => {
    const bytes = testPart();
    const tfhd = indexOf(bytes, "tfhd");
    // The first track fragment falls back on the moof, which is the same base.
    expect(outcome(patched(bytes, tfhd + 4, 0x28))).toBe("nothing");
  });

  test("refuses a track that the init segment does not have as track-mismatch", () => {
    const bytes = testPart();
    expect(outcome(patched(bytes, indexOf(bytes, "tfhd") + 8, 7))).toBe("track-mismatch");
    const videoOnly = parseInitSegment(testInit({ video: TEST_VIDEO }));
    expect(() => parsePart(bytes, videoOnly)).toThrow("expected a track of the init segment (1), got track 2");
  });

  const real = testPart();
  test.each<[string, Bytes]>([
    ["nothing", new Uint8Array()],
    ["a cut end", real.slice(0, -1)],
    ["trailing bytes", concat(real, new Uint8Array(3))],
    ["a box after the last mdat", concat(real, testBox("free"))],
    ["an init segment", testInit()],
    ["a moof alone", real.slice(0, indexOf(real, "mdat") - 4)],
    ["a mdat alone", real.slice(indexOf(real, "mdat") - 4)],
    ["two moofs and one mdat", concat(real.slice(0, indexOf(real, "mdat") - 4), real)],
    ["a mdat that goes on to the end of the file", patched(real, indexOf(real, "mdat") - 4, 0)],
    ["sample data beyond the mdat", patched(real, indexOf(real, "trun") + 12, 10_000)],
    ["sample data before the mdat", patched(real, indexOf(real, "trun") + 12, 8)],
    ["a base data offset", patched(real, indexOf(real, "tfhd") + 4, 0x1)],
    ["more samples than any part has", patched(real, indexOf(real, "trun") + 8, 0xffff_ffff)],
    ["more samples than the box has room for", patched(real, indexOf(real, "trun") + 8, 500)],
    ["a decode time beyond 2^53", patched(real, indexOf(real, "tfdt") + 8, 0xffff_ffff)],
    ["no decode time", patched(real, indexOf(real, "tfdt"), 0x66726565)],
    ["only samples of another track", patched(real, indexOf(real, "tfhd") + 8, 2)],
    ["a box of size 1 with a 64-bit size of nothing", patched(concat(real, new Uint8Array(16)), real.length, 1)],
  ])("refuses %s as malformed-part", (_, bytes) => {
    expect(outcome(bytes)).toBe("malformed-part");
  });

  test("refuses billions of samples that take no bytes without counting them", () => {
    const samples = Array.from({ length: 1 }, () => ({
      bytes: new Uint8Array(),
      durationTicks: 1,
      sync: true,
      compositionOffsetTicks: 0,
    }));
    const bytes = writePart({ sequenceNumber: 1, tracks: [{ trackId: 1, baseTicks: 0, samples }] });
    const trun = indexOf(bytes, "trun");
    const hostile = patched(patched(bytes, trun + 4, 0x0100_0001), trun + 8, 0xffff_ffff);
    // The cap on samples refuses it, before any of them is looked at.
    expect(() => parsePart(hostile, init)).toThrow(/expected at most 20000 samples, a trun declares 4294967295/);
  });

  test("throws nothing but malformed-part, whatever the bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (random) => {
        expect(outcome(Uint8Array.from(random))).toBe("malformed-part");
      }),
    );
  });

  test("survives any bytes overwritten in a real one", () => {
    const bytes = concat(testBox("styp", [1, 2, 3, 4]), real, testPart({ firstFrame: 10, independent: false }));
    const heads = fc.oneof(fc.nat(300), fc.nat(bytes.length - 1));
    const changes = fc.array(fc.tuple(heads, fc.constantFrom(0, 1, 2, 7, 8, 15, 16, 64, 127, 128, 255)), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(changes, (list) => {
        const copy = bytes.slice();
        for (const [at, value] of list) copy[at] = value;
        expect(["nothing", "malformed-part", "track-mismatch"]).toContain(outcome(copy));
      }),
      { numRuns: 3000 },
    );
  });
});

describe("splitPart()", () => {
  const frames = (firstFrame: number, independent = false) => testPart({ firstFrame, frames: 5, independent });
  const lengths = (bytes: Bytes, limitMs: number) =>
    splitPart(bytes, parsePart(bytes, init), limitMs).map((piece) => [Math.round(piece.durationMs), piece.independent]);

  test("joins fragments as long as the limit allows", () => {
    const bytes = concat(frames(0, true), frames(5), frames(10));
    expect(lengths(bytes, 334)).toEqual([
      [333, true],
      [167, false],
    ]);
    expect(lengths(bytes, 200)).toEqual([
      [167, true],
      [167, false],
      [167, false],
    ]);
  });

  test("cuts before a fragment that becomes independent", () => {
    expect(lengths(concat(frames(0), frames(5, true), frames(10)), 1000)).toEqual([
      [167, false],
      [333, true],
    ]);
    expect(lengths(concat(frames(0, true), frames(5, true)), 1000)).toEqual([[333, true]]);
  });

  test("gives views that are the part again when they are put together", () => {
    const bytes = concat(testBox("styp", [1]), frames(0, true), frames(5), testBox("emsg", [1]), frames(10));
    const pieces = splitPart(bytes, parsePart(bytes, init), 200);
    expect(pieces).toHaveLength(3);
    expect(concat(...pieces.map((piece) => piece.bytes))).toEqual(bytes);
    for (const piece of pieces) {
      expect(piece.bytes.buffer).toBe(bytes.buffer);
      expect(parsePart(piece.bytes, init).durationMs).toBeCloseTo(piece.durationMs, 9);
    }
  });
});
