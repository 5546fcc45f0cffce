import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import { collect, type ReadClip, readClip } from "./clip.test-support.ts";
import { readClipInit } from "./clip-init.ts";
import { type ClipSegment, openClip } from "./clip-writer.ts";
import { TEST_AUDIO, TEST_VIDEO, testAudioPart, testBox, testInit, testPart } from "./media.test-support.ts";

const INIT = readClipInit(testInit());
const VIDEO = readClipInit(testInit({ video: TEST_VIDEO }));
const AUDIO = readClipInit(testInit({ audio: { ...TEST_AUDIO, id: 1 } }));
const signal = new AbortController().signal;

function segmentOf(parts: readonly Bytes[], more: Partial<ClipSegment> = {}): ClipSegment {
  const sizeBytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
  return { init: INIT, wallMs: 0, durationMs: 1000, sizeBytes, discontinuity: false, read: () => parts, ...more };
}

/** A second of media: five parts of six frames, the first one of the stream being `firstFrame`. */
function second(firstFrame: number, more: Partial<ClipSegment> = {}, audio = true): ClipSegment {
  const parts = [0, 1, 2, 3, 4].map((n) =>
    testPart({ sequenceNumber: 70 + n, firstFrame: firstFrame + n * 6, frames: 6, independent: n === 0, audio }),
  );
  return segmentOf(parts, { wallMs: (firstFrame * 1000) / 30, ...more });
}

function audioSegment(firstSample: number, samples: number, more: Partial<ClipSegment> = {}): ClipSegment {
  const parts = Array.from({ length: samples / 10 }, (_, n) => {
    const part = testAudioPart({ firstSample: firstSample + n * 10, samples: 10 }).slice();
    // Both sources number their one track 1.
    const tfhd = part.findIndex((_, i) => String.fromCharCode(...part.subarray(i, i + 4)) === "tfhd");
    new DataView(part.buffer).setUint32(tfhd + 8, 1);
    return part;
  });
  return segmentOf(parts, { init: AUDIO, wallMs: firstSample * 20, durationMs: samples * 20, ...more });
}

async function clipOf(...lanes: readonly (readonly ClipSegment[])[]): Promise<ReadClip> {
  const clip = await openClip(lanes, signal);
  const bytes = await collect(clip.chunks());
  expect(bytes.byteLength).toBe(clip.sizeBytes);
  return readClip(bytes);
}

const runsOf = ({ runs }: ReadClip, trackId: number) => runs.filter((run) => run.trackId === trackId);
/** Decode times at which a track does not go on where it stopped, and by how many ticks. */
const leapsOf = (clip: ReadClip, trackId: number) =>
  runsOf(clip, trackId).flatMap(({ startTicks }, i, runs) => {
    const before = runs[i - 1];
    return before === undefined || before.endTicks === startTicks ? [] : [startTicks - before.endTicks];
  });

describe("a clip of one source", () => {
  test("begins at 0 in every track, wherever it was in the stream, and is numbered from 1", async () => {
    const clip = await clipOf([second(30_000), second(30_030)]);
    expect(clip.types.slice(0, 5)).toEqual(["ftyp", "moov", "sidx", "moof", "mdat"]);
    expect([1, 2].map((id) => runsOf(clip, id)[0]?.startTicks)).toEqual([0, 0]);
    expect([1, 2].map((id) => leapsOf(clip, id))).toEqual([[], []]);
    expect([...new Set(clip.runs.map(({ sequenceNumber }) => sequenceNumber))]).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });

  test("has an index whose sizes cover the media and whose times cover its duration", async () => {
    const segments = [second(90), second(120), second(150)];
    const clip = await clipOf(segments);
    expect(clip.sidx).toMatchObject({ referenceId: 1, timescale: 90_000, earliestPresentationTime: 0, firstOffset: 0 });
    expect(clip.sidx.references.map(({ referencedSize }) => referencedSize)).toEqual(segments.map((s) => s.sizeBytes));
    expect(clip.sidx.references.map(({ subsegmentDuration }) => subsegmentDuration)).toEqual([90_000, 90_000, 90_000]);
    const indexedBytes = clip.sidx.references.reduce((sum, { referencedSize }) => sum + referencedSize, 0);
    expect(clip.mediaStart + indexedBytes).toBe(clip.bytes.byteLength);
  });

  test("changes no byte of its source, and hands the samples over as views of it", async () => {
    const segments = [second(30), second(60)];
    const before = segments.map(({ read }) => (read(signal) as Bytes[]).map((part) => part.slice()));
    const clip = await openClip([segments], signal);
    const buffers = new Set<ArrayBuffer>();
    for await (const chunk of clip.chunks()) buffers.add(chunk.buffer);
    expect(segments.map(({ read }) => read(signal))).toEqual(before);
    for (const { read } of segments) for (const part of read(signal) as Bytes[]) expect(buffers).toContain(part.buffer);
  });

  test("keeps what the tracks of a source are apart, so that sound stays with its picture", async () => {
    // The picture begins 10 ms after the sound.
    const parts = [testPart({ firstFrame: 30, frames: 30 })];
    const view = new DataView((parts[0] as Bytes).buffer);
    const tfdt = String.fromCharCode(...(parts[0] as Bytes)).indexOf("tfdt");
    view.setUint32(tfdt + 12, view.getUint32(tfdt + 12) + 900);
    const clip = await clipOf([segmentOf(parts)]);
    expect([1, 2].map((id) => runsOf(clip, id)[0]?.startTicks)).toEqual([900, 0]);
    expect(clip.sidx.earliestPresentationTime).toBe(900);
  });

  test("leaves a hole where parts are missing, and counts it", async () => {
    const holed = second(30);
    const parts = (holed.read(signal) as Bytes[]).filter((_, n) => n !== 2);
    const clip = await clipOf([segmentOf(parts, { wallMs: 1000 }), second(60)]);
    expect(leapsOf(clip, 1)).toEqual([18_000]);
    expect(clip.sidx.references.map(({ subsegmentDuration }) => subsegmentDuration)).toEqual([90_000, 90_000]);
  });

  test("counts a segment that is missing as a whole as time of the one before it", async () => {
    const gap = segmentOf([], { durationMs: 2000 });
    const clip = await clipOf([gap, second(30), gap, second(120), gap]);
    expect(clip.sidx.references.map(({ subsegmentDuration }) => subsegmentDuration)).toEqual([270_000, 90_000]);
    expect(leapsOf(clip, 1)).toEqual([180_000]);
  });

  test("goes on without a leap where a producer came back, whatever its clock says", async () => {
    const clip = await clipOf([second(3_000), second(3_030), second(0, { discontinuity: true }), second(30)]);
    expect([1, 2].map((id) => leapsOf(clip, id))).toEqual([[], []]);
    expect(runsOf(clip, 1).at(-1)?.endTicks).toBe(4 * 90_000);
  });

  test("goes on after the gap where one lies before a discontinuity", async () => {
    const gap = segmentOf([], { durationMs: 500, discontinuity: true });
    const clip = await clipOf([second(3_000), gap, second(0)]);
    expect([1, 2].map((id) => leapsOf(clip, id))).toEqual([[45_000], [24_000]]);
  });

  test("keeps the media apart where the sound lasts longer than the picture before a discontinuity", async () => {
    // 31 pictures of 33.3 ms, and 52 runs of sound of 20 ms.
    const long = segmentOf([testPart({ frames: 31 })], { durationMs: 31_000 / 30 });
    const clip = await clipOf([long, second(900, { discontinuity: true })]);
    expect([1, 2].map((id) => leapsOf(clip, id))).toEqual([[600], []]);
  });

  test("takes what an edit list hides into account: the first picture that is shown is at 0", async () => {
    const init = readClipInit(withEdits(testInit({ video: TEST_VIDEO }), [[0, 6_000]]));
    const clip = await clipOf([second(30, { init }, false)]);
    expect(runsOf(clip, 1)[0]).toMatchObject({ startTicks: 0, shownS: 0 });
    // At the start of a stream the edit list hides samples, and goes on to do so.
    const first = await clipOf([second(0, { init }, false)]);
    expect(runsOf(first, 1)[0]).toMatchObject({ startTicks: 0, shownS: -6_000 / 90_000 });
  });

  test("makes boxes that tell of the live stream mean nothing, without moving anything", async () => {
    const parts = [testPart({ firstFrame: 0, frames: 30 })].map((part) =>
      Uint8Array.from([...testBox("styp", [1, 2, 3, 4]), ...testBox("prft", [9, 9]), ...testBox("sidx", [1]), ...part]),
    );
    const clip = await clipOf([segmentOf(parts)]);
    expect(clip.types).toEqual(["ftyp", "moov", "sidx", "styp", "free", "free", "moof", "mdat"]);
  });

  test("refuses parts that are encrypted whole before the first byte", async () => {
    const opaque = segmentOf([new Uint8Array(64).fill(7)]);
    await expect(openClip([[opaque]], signal)).rejects.toMatchObject({ code: "unsupported-media" });
  });

  test("refuses a range that holds gaps alone", async () => {
    await expect(openClip([[segmentOf([])]], signal)).rejects.toMatchObject({ code: "media-not-found" });
    await expect(openClip([], signal)).rejects.toMatchObject({ code: "media-not-found" });
  });

  test("breaks off where a segment is gone or is not what was said of it, and never ends as if it were whole", async () => {
    const gone = second(60, { read: () => Promise.reject(new Error("gone")) });
    const wrong = { ...second(60), sizeBytes: 4 };
    for (const broken of [gone, wrong]) {
      const clip = await openClip([[second(30), broken]], signal);
      await expect(collect(clip.chunks())).rejects.toThrow();
    }
  });

  test("reads one segment ahead at most, and none once it is stopped", async () => {
    const asked: number[] = [];
    const segments = [0, 1, 2, 3].map((n) => {
      const segment = second(n * 30);
      const read = (): ReturnType<ClipSegment["read"]> => {
        asked.push(n);
        return segment.read(signal);
      };
      return { ...segment, read };
    });
    const clip = await openClip([segments], signal);
    const chunks = clip.chunks();
    await chunks.next(); // the head
    expect(asked).toEqual([0]);
    await chunks.next();
    expect(asked).toEqual([0, 1]);
    await chunks.return();
    expect((await chunks.next()).done).toBe(true);
    expect(asked).toEqual([0, 1]);
  });
});

describe("a clip of pictures and sound from two sources", () => {
  test("has both in one file, under numbers of their own", async () => {
    const clip = await clipOf(
      [second(30, { init: VIDEO }, false), second(60, { init: VIDEO }, false)],
      [audioSegment(50, 40), audioSegment(90, 60)],
    );
    expect([clip.trackIds, clip.timescales]).toEqual([
      [1, 2],
      [90_000, 48_000],
    ]);
    expect([1, 2].map((id) => runsOf(clip, id)[0]?.startTicks)).toEqual([0, 0]);
    expect([1, 2].map((id) => leapsOf(clip, id))).toEqual([[], []]);
    expect([1, 2].map((id) => (runsOf(clip, id).at(-1)?.endTicks ?? 0) / (clip.timescales[id - 1] ?? 1))).toEqual([
      2, 2,
    ]);
  });

  test("lays them out by time, each subsegment beginning with pictures", async () => {
    const clip = await clipOf(
      [second(30, { init: VIDEO }, false), second(60, { init: VIDEO }, false)],
      [audioSegment(50, 100)],
    );
    const order = clip.runs.map(({ trackId }) => trackId);
    expect(order.slice(0, 6)).toEqual([1, 2, 1, 2, 1, 2]);
    const sizes = clip.sidx.references.map(({ referencedSize }) => referencedSize);
    expect(clip.mediaStart + sizes.reduce((sum, size) => sum + size, 0)).toBe(clip.bytes.byteLength);
    expect(String.fromCharCode(...clip.bytes.subarray(clip.mediaStart + (sizes[0] ?? 0) + 4).subarray(0, 4))).toBe(
      "moof",
    );
  });

  test("keeps sound that starts before the picture in time with it", async () => {
    const clip = await clipOf([second(36, { init: VIDEO }, false)], [audioSegment(50, 60)]);
    expect(runsOf(clip, 2)[0]?.shownS).toBe(0);
    expect(runsOf(clip, 1)[0]?.shownS).toBeCloseTo(0.2, 4);
  });

  test("ties clocks of their own together by the wall clock", async () => {
    const clip = await clipOf([second(30, { init: VIDEO }, false)], [audioSegment(5_000, 50, { wallMs: 1100 })]);
    expect(runsOf(clip, 1)[0]?.shownS).toBe(0);
    expect(runsOf(clip, 2)[0]?.shownS).toBeCloseTo(0.1, 4);
  });

  test("goes on in both without a leap where their producer came back", async () => {
    const again = { discontinuity: true };
    const clip = await clipOf(
      [
        second(3_000, { init: VIDEO, wallMs: 0 }, false),
        second(0, { init: VIDEO, wallMs: 60_000, ...again }, false),
        second(30, { init: VIDEO, wallMs: 61_000 }, false),
      ],
      [
        audioSegment(5_000, 50, { wallMs: 0 }),
        audioSegment(0, 40, { wallMs: 59_990, ...again }),
        audioSegment(40, 60, { wallMs: 60_790 }),
      ],
    );
    expect([1, 2].map((id) => leapsOf(clip, id))).toEqual([[], []]);
  });
});

test("whatever the segments are: sizes and times add up, nothing overlaps, every sample is there in order", async () => {
  const segment = fc.record({
    parts: fc.integer({ min: 0, max: 4 }),
    frames: fc.integer({ min: 1, max: 12 }),
    restartAt: fc.option(fc.integer({ min: 0, max: 1_000_000 }), { nil: undefined, freq: 3 }),
  });
  const history = fc.array(segment, { minLength: 1, maxLength: 8 }).filter((all) => all.some(({ parts }) => parts > 0));
  await fc.assert(
    fc.asyncProperty(history, fc.integer({ min: 0, max: 1_000_000 }), async (all, start) => {
      let frame = start;
      const segments: ClipSegment[] = [];
      const sent: number[] = [];
      for (const { parts, frames, restartAt } of all) {
        if (restartAt !== undefined) frame = restartAt;
        const bytes = Array.from({ length: parts }, (_, n) => testPart({ firstFrame: frame + n * frames, frames }));
        sent.push(...bytes.map((_, n) => (frame + n * frames) & 255));
        const lostFrames = parts === 0 ? frames : 0;
        const durationMs = ((parts * frames + lostFrames) * 1000) / 30;
        segments.push(segmentOf(bytes, { durationMs, discontinuity: restartAt !== undefined }));
        frame += parts * frames + lostFrames;
      }
      const clip = await clipOf(segments);
      const [first, last] = [runsOf(clip, 1)[0], runsOf(clip, 1).at(-1)];
      expect(Math.min(...clip.runs.map(({ shownS }) => shownS))).toBe(0);
      expect(runsOf(clip, 1).map(({ firstByte }) => firstByte)).toEqual(sent);
      for (const id of [1, 2]) for (const leap of leapsOf(clip, id)) expect(leap).toBeGreaterThan(0);
      const { references, earliestPresentationTime } = clip.sidx;
      expect(clip.mediaStart + references.reduce((sum, each) => sum + each.referencedSize, 0)).toBe(
        clip.bytes.byteLength,
      );
      expect(earliestPresentationTime).toBe(first?.startTicks);
      const indexedTicks = references.reduce((sum, each) => sum + each.subsegmentDuration, earliestPresentationTime);
      // Where sound outlasts the picture, a discontinuity waits for it: by a frame of sound at most.
      expect((last?.endTicks ?? 0) - indexedTicks).toBeGreaterThanOrEqual(-1);
      expect((last?.endTicks ?? 0) - indexedTicks).toBeLessThanOrEqual(segments.length * 1_800);
    }),
  );
});

test("however pictures and sound are cut: both go on without a leap, and each subsegment begins with a fragment", async () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(cuts, cuts, fc.integer({ min: 0, max: 10_000 }), async (videoCuts, audioCuts, startS) => {
      let frame = startS * 30;
      const video = videoCuts.map((parts) => {
        const bytes = Array.from({ length: parts }, (_, n) =>
          testPart({ firstFrame: frame + n * 6, frames: 6, independent: n === 0, audio: false }),
        );
        const more = { init: VIDEO, wallMs: (frame * 1000) / 30, durationMs: parts * 200 };
        frame += parts * 6;
        return segmentOf(bytes, more);
      });
      let sample = startS * 50;
      const audio = audioCuts.map((parts) => {
        const segment = audioSegment(sample, parts * 10);
        sample += parts * 10;
        return segment;
      });
      const clip = await clipOf(video, audio);
      expect([1, 2].map((id) => [leapsOf(clip, id), runsOf(clip, id)[0]?.startTicks])).toEqual([
        [[], 0],
        [[], 0],
      ]);
      expect(runsOf(clip, 2).length).toBe(audioCuts.reduce((sum, parts) => sum + parts, 0));
      let at = clip.mediaStart;
      for (const { referencedSize } of clip.sidx.references) {
        expect(String.fromCharCode(...clip.bytes.subarray(at + 4, at + 8))).toBe("moof");
        at += referencedSize;
      }
      expect(at).toBe(clip.bytes.byteLength);
    }),
  );
});

function withEdits(init: Bytes, entries: readonly (readonly [number, number])[]): Bytes {
  const u32 = (value: number) => [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  const rows = entries.flatMap(([duration, mediaTime]) => [...u32(duration), ...u32(mediaTime), 0, 1, 0, 0]);
  const edts = testBox("edts", testBox("elst", u32(0), u32(entries.length), rows));
  const view = new DataView(init.buffer);
  const at = (type: string) => String.fromCharCode(...init).indexOf(type) - 4;
  const mdia = at("mdia");
  const out = Uint8Array.from([...init.subarray(0, mdia), ...edts, ...init.subarray(mdia)]);
  const grown = new DataView(out.buffer);
  for (const box of [at("moov"), at("trak")]) grown.setUint32(box, view.getUint32(box) + edts.byteLength);
  return out;
}
