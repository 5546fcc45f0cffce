import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { FRAME_NUMBERS, pixelsOf } from "./picture.ts";
import { readFrameNumber } from "./read-frame-number.ts";
import { type SyntheticMedia, synthesize } from "./synthetic-media.ts";

const hasFfmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;
const CODECS = ["avc-aac", "vp9-opus"] as const;
const SIZES = ["640x360", "320x180", "160x90"] as const;

/** What ffmpeg makes of parts: it must say nothing about them. */
function decode(media: SyntheticMedia, parts: readonly number[], ...output: readonly string[]): Buffer {
  const [id = ""] = media.renditions.map(({ id }) => id);
  const input = Buffer.concat([media.init(id), ...parts.map((n) => media.part(id, n, 500).bytes)]);
  const all = ["-v", "warning", "-xerror", "-i", "pipe:0", ...output, "pipe:1"];
  const { stdout, stderr } = spawnSync("ffmpeg", all, { input, maxBuffer: 512 * 1024 * 1024 });
  expect(stderr.toString()).toBe("");
  return stdout;
}

/** The numbers that the pictures show, at another size than they were made in. */
function numbersOf(media: SyntheticMedia, parts: readonly number[], width: number, height: number) {
  const raw = [
    "-an",
    "-vf",
    `scale=${width}:${height}`,
    "-fps_mode",
    "passthrough",
    "-pix_fmt",
    "rgba",
    "-f",
    "rawvideo",
  ];
  const pixels = decode(media, parts, ...raw);
  const size = width * height * 4;
  const count = pixels.byteLength / size;
  return Array.from({ length: count }, (_, at) =>
    readFrameNumber({ width, height, data: pixels.subarray(at * size, (at + 1) * size) }),
  );
}

const count = (from: number, length: number): number[] => Array.from({ length }, (_, at) => from + at);

test.skipIf(!hasFfmpeg).each(CODECS.flatMap((codecs) => SIZES.map((size) => [codecs, size] as const)))(
  "%s of %s: ffmpeg decodes each frame to its number, at the start and after days, from any key frame on",
  async (codecs, size) => {
    const media = await synthesize({ codecs, video: [size] });
    const { width, height } = pixelsOf(size);
    for (const firstPart of [0, 2 * 86_400, 2 * 999_000]) {
      expect(numbersOf(media, count(firstPart, 6), width, height)).toEqual(count(firstPart * 15, 90));
    }
    expect(numbersOf(media, [4, 5], 213, 120)).toEqual(count(60, 30));
    expect(numbersOf(media, [4, 5], 64, 36)).toEqual(count(60, 30));
  },
);

test.skipIf(!hasFfmpeg)("the number begins anew after twelve days, and pictures go on", async () => {
  const media = await synthesize({ video: ["160x90"] });
  const part = Math.floor(FRAME_NUMBERS / 15);
  const first = part * 15;
  const shown = count(first - (first % 30), 60).map((number) => number % FRAME_NUMBERS);
  expect(numbersOf(media, count(part - (part % 2), 4), 160, 90)).toEqual(shown);
});

test.skipIf(!hasFfmpeg).each(CODECS)("the tone of %s is steady, of 750 Hz", async (codecs) => {
  const media = await synthesize({ codecs, video: [] });
  const pcm = decode(media, count(0, 8), "-vn", "-ac", "1", "-ar", "48000", "-f", "s16le");
  const samples = new Int16Array(Uint8Array.from(pcm).buffer);
  expect(samples.length / 48_000).toBeCloseTo(4, 1);
  const loudness: number[] = [];
  for (let second = 1; second < 3; second++) {
    const heard = samples.subarray(second * 48_000, (second + 1) * 48_000);
    const rises = heard.filter((value, at) => at > 0 && value >= 0 && (heard[at - 1] ?? 0) < 0).length;
    expect(rises).toBeGreaterThanOrEqual(748);
    expect(rises).toBeLessThanOrEqual(752);
    loudness.push(Math.sqrt(heard.reduce((sum, value) => sum + value * value, 0) / heard.length));
  }
  expect(loudness[0]).toBeGreaterThan(500);
  expect((loudness[1] ?? 0) / (loudness[0] ?? 1)).toBeCloseTo(1, 1);
});

test("a picture that shows no number is read as none", () => {
  const flat = (value: number) => ({ width: 160, height: 90, data: new Uint8Array(160 * 90 * 4).fill(value) });
  for (const value of [0, 16, 60, 128, 235, 255]) expect(readFrameNumber(flat(value))).toBeUndefined();
  expect(readFrameNumber({ width: 8, height: 8, data: [] })).toBeUndefined();
});

test("the reader can be passed into a page as text", () => {
  const read = new Function(`return ${readFrameNumber.toString()}`)() as typeof readFrameNumber;
  expect(read({ width: 160, height: 90, data: new Uint8Array(160 * 90 * 4) })).toBeUndefined();
});
