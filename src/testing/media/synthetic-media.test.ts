import fc from "fast-check";
import { expect, test } from "vitest";
import { parseInitSegment } from "../../media/init-segment.ts";
import { parsePart } from "../../media/media-part.ts";
import type { RenditionOptions } from "../../model/rendition-options.ts";
import { validateScenario } from "../../validate/scripted-origin.test-support.ts";
import { type SyntheticMediaOptions, synthesize } from "./synthetic-media.ts";

const TARGETS = [33, 67, 100, 167, 200, 333, 500, 1000];
const CODECS = ["avc-aac", "vp9-opus"] as const;
const ALL: SyntheticMediaOptions = {
  video: ["640x360", "320x180", "160x90"],
  audio: "separate",
  subtitles: true,
};

test("the same options give the same bytes, and every call bytes of its own", async () => {
  for (const codecs of CODECS) {
    const [one, other] = [await synthesize({ ...ALL, codecs }), await synthesize({ ...ALL, codecs })];
    for (const { id } of one.renditions) {
      if (id !== "s0") expect(one.init(id)).toEqual(other.init(id));
      const part = one.part(id, 7, 200);
      expect(part).toEqual(other.part(id, 7, 200));
      expect(part.bytes.buffer.byteLength).toBe(part.bytes.byteLength);
      part.bytes.fill(0);
      expect(one.part(id, 7, 200)).toEqual(other.part(id, 7, 200));
    }
  }
});

test("what is said of a rendition is what its init segment says", async () => {
  for (const codecs of CODECS) {
    const media = await synthesize({ codecs, video: ["640x360", "160x90"] });
    expect(media.renditions.map(({ id }) => id)).toEqual(["v0", "v1"]);
    for (const { id, codecs, width, height } of media.renditions) {
      const { tracks } = parseInitSegment(media.init(id));
      expect(tracks.map((track) => track.codec).join(",")).toBe(codecs);
      expect(tracks[0]).toMatchObject({ width, height });
    }
  }
});

test("parts follow each other to the tick, for days, however they are cut", async () => {
  const media = await synthesize(ALL);
  const vp9 = await synthesize({ codecs: "vp9-opus", video: ["160x90"] });
  const property = fc.property(
    fc.constantFrom(...TARGETS),
    fc.integer({ min: 0, max: 10 * 24 * 3600 * 30 }),
    fc.constantFrom("v2", "a0", "vp9"),
    (target, n, lane) => {
      const [from, id] = lane === "vp9" ? [vp9, "v0"] : [media, lane];
      const init = parseInitSegment(from.init(id));
      const [part, next] = [from.part(id, n, target), from.part(id, n + 1, target)];
      const [read, readNext] = [parsePart(part.bytes, init), parsePart(next.bytes, init)];
      expect(read.durationMs).toBeCloseTo(part.durationMs, 6);
      expect(read.startMs).toBeCloseTo(part.startMs, 3);
      expect(read.independent).toBe(part.independent);
      expect(part.durationMs).toBeLessThanOrEqual(from.declaredPartTargetMs(target));
      for (const [track, { startTicks, durationTicks }] of read.tracks) {
        expect(readNext.tracks.get(track)?.startTicks).toBe(startTicks + durationTicks);
      }
    },
  );
  fc.assert(property, { numRuns: 300 });
});

test("sound is never further from the time of its part than a frame of it", async () => {
  for (const codecs of CODECS) {
    const media = await synthesize({ codecs, video: ["160x90"], audio: "separate" });
    const property = fc.property(fc.constantFrom(...TARGETS), fc.integer({ min: 0, max: 2_000_000 }), (target, n) => {
      const [picture, sound] = [media.part("v0", n, target), media.part("a0", n, target)];
      expect(Math.abs(picture.startMs - sound.startMs)).toBeLessThanOrEqual(codecs === "avc-aac" ? 10.67 : 10);
    });
    fc.assert(property, { numRuns: 100 });
  }
});

test("a key frame opens every second, and nothing else is independent", async () => {
  const media = await synthesize({ video: ["160x90"] });
  for (const target of TARGETS) {
    const perSecond = Math.round(1000 / media.part("v0", 0, target).durationMs);
    const independent = Array.from({ length: 3 * perSecond }, (_, n) => media.part("v0", n, target).independent);
    expect(independent.flatMap((is, n) => (is ? [media.part("v0", n, target).startMs] : []))).toEqual([0, 1000, 2000]);
  }
  expect(media.part("v0", 1, 250).startMs).toBe(200);
  expect(media.partMs(250)).toBe(200);
});

test("captions count along", async () => {
  const media = await synthesize({ video: ["160x90"], subtitles: true });
  const text = new TextDecoder().decode(media.part("s0", 3725 * 2 + 1, 500).bytes);
  expect(text).toMatch(/^WEBVTT\n/);
  expect(text).toContain("\n01:02:05.000 --> 01:02:06.000\n01:02:05 · frame 111750\n");
});

test.each(CODECS)("no second of %s is larger than its rendition says", async (codecs) => {
  for (const audio of ["muxed", "separate"] as const) {
    const media = await synthesize({ ...ALL, codecs, audio });
    for (const { id, bandwidth } of media.renditions) {
      for (const second of [0, 17, 3_599, 89_477, 500_000]) {
        const bytes = Array.from({ length: 15 }, (_, n) => media.part(id, second * 15 + n, 67).bytes.byteLength);
        expect(bytes.reduce((sum, size) => sum + size, 0) * 8, `${id} of second ${second}`).toBeLessThan(bandwidth);
      }
    }
  }
});

test.each(CODECS.flatMap((codecs) => [200, 333, 500, 1000].map((target) => [codecs, target] as const)))(
  "the validator finds nothing in %s cut at %i ms",
  async (codecs, target) => {
    const media = await synthesize({ codecs, video: ["320x180", "160x90"], audio: "separate", subtitles: true });
    const everyMs = media.part("v0", 0, target).durationMs;
    const { findings, failure } = await validateScenario({
      forMs: 30_000,
      cache: { maxSegments: 12 },
      renditions: media.renditions,
      options: { partTargetMs: media.declaredPartTargetMs(target), targetDurationMs: 3000, segmentMinMs: 1500 },
      everyMs,
      init: ({ id }: RenditionOptions) => media.init(id),
      produce: (n, rendition) => ({
        frames: (everyMs * 30) / 1000,
        encrypt: () => media.part(rendition, n, target).bytes,
      }),
    });
    expect(failure).toBeUndefined();
    expect(findings.map(({ rule, level, message }) => `${rule} ${level} ${message}`)).toEqual([]);
  },
);

test("what cannot be made is refused", async () => {
  await expect(synthesize({ video: ["1x1" as "160x90"] })).rejects.toMatchObject({ code: "invalid-option" });
  await expect(synthesize({ video: [], audio: "none" })).rejects.toMatchObject({ code: "invalid-option" });
  await expect(synthesize({ frameRate: 25 as 30 })).rejects.toMatchObject({ code: "invalid-option" });
  const media = await synthesize({ subtitles: true });
  const refused = [
    [() => media.init("v1"), "rendition-not-found"],
    [() => media.init("s0"), "rendition-not-found"],
    [() => media.part("v0", -1, 200), "invalid-option"],
    [() => media.part("v0", 0.5, 200), "invalid-option"],
    [() => media.part("v0", 0, 32), "invalid-option"],
    [() => media.part("v0", 0, Number.NaN), "invalid-option"],
  ] as const;
  for (const [make, code] of refused) expect(make).toThrowError(expect.objectContaining({ code }));
});
