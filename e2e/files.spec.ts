import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type BrowserContext, expect, type TestInfo, test } from "@playwright/test";
import { expectLive, ffmpeg, publishFile, untilListed, watch } from "./support.ts";

const PICTURE = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30"];
const SOUND = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"];
const X264 = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-sc_threshold", "0"];
const VP8 = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"];
const VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"];

async function publishMade(
  context: BrowserContext,
  info: TestInfo,
  file: string,
  args: readonly string[],
  partTargetMs: number,
) {
  mkdirSync(info.outputDir, { recursive: true });
  const path = info.outputPath(file);
  ffmpeg([...args, path]);
  await publishFile(context, { name: "film", path, partTargetMs });
}

const BFRAMES = [...X264, "-g", "60", "-bf", "3", "-c:a", "aac"];

for (const { partTargetMs, latencyMs } of [
  { partTargetMs: 200, latencyMs: 1_000 },
  { partTargetMs: 333, latencyMs: 1_400 },
  { partTargetMs: 500, latencyMs: 1_900 },
]) {
  test(`an H.264 file with B-frames and an edit list, in parts of ${partTargetMs} ms: ${latencyMs} ms behind at most, without a stall`, async ({
    context,
  }, info) => {
    test.setTimeout(150_000);
    await publishMade(context, info, "bframes.mp4", [...PICTURE, ...SOUND, "-t", "70", ...BFRAMES], partTargetMs);
    await expectLive(context, info, { name: "film", viewers: 2, observedMs: 60_000, latencyMs });
  });
}

/** Short ones, which pass their loop several times while they are watched. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  // 2.53 s, so that sound and picture do not end together.
  "short.mp4": [...PICTURE, ...SOUND, "-t", "2.53", ...X264, "-g", "40", "-bf", "2", "-c:a", "aac"],
  // Nothing of it plays in MP4: both tracks are encoded anew.
  "vp8-vorbis.webm": [...PICTURE, ...SOUND, "-t", "4", ...VP8, "-g", "120", "-c:a", "libvorbis"],
  // VP9 and Opus pass from WebM into MP4.
  "vp9-opus.webm": [...PICTURE, ...SOUND, "-t", "4", ...VP9, "-g", "60", "-c:a", "libopus"],
  // Key frames 10 s apart: encoded anew.
  "long-gop.mp4": [...PICTURE, ...SOUND, "-t", "12", ...X264, "-g", "300", "-bf", "2", "-c:a", "aac"],
  // Frames of 33 and 67 ms by turns.
  "variable-rate.mp4": [
    ...[...PICTURE, ...SOUND, "-t", "6", "-vf", "select='not(eq(mod(n,5),3))'", "-fps_mode", "vfr"],
    ...[...X264, "-g", "48", "-bf", "2", "-c:a", "aac"],
  ],
  "mono.mkv": [...PICTURE, ...SOUND, "-t", "6", ...X264, "-g", "60", "-bf", "0", "-c:a", "aac", "-ac", "1"],
  "surround.mp4": [...PICTURE, ...SOUND, "-t", "6", ...X264, "-g", "60", "-bf", "2", "-c:a", "aac", "-ac", "6"],
  "audio-only.m4a": [...SOUND, "-t", "8", "-c:a", "aac"],
};

for (const [file, args] of Object.entries(FILES)) {
  test(`${file} is published in a loop and watched without a stall`, async ({ context }, info) => {
    test.setTimeout(90_000);
    await publishMade(context, info, file, args, 333);
    await expectLive(context, info, {
      name: "film",
      viewers: 1,
      observedMs: 14_000,
      latencyMs: 2_000,
      audioOnly: file.startsWith("audio"),
    });
  });
}

test("a file that is dropped on the page is the one that goes live", async ({ context }, info) => {
  mkdirSync(info.outputDir, { recursive: true });
  const path = info.outputPath("dropped.mp4");
  ffmpeg([...PICTURE, "-t", "4", ...X264, "-g", "60", path]);
  const page = await context.newPage();
  await page.goto("/?publish=film&source=file");
  const carried = await page.evaluateHandle(
    (base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], "dropped.mp4", { type: "video/mp4" }));
      return data;
    },
    readFileSync(path, "base64"),
  );
  await page.dispatchEvent("body", "dragover", { dataTransfer: carried });
  await page.dispatchEvent("body", "drop", { dataTransfer: carried });
  await page.getByRole("button", { name: "Go live" }).click();
  await untilListed(page, "film");
  const { page: viewer } = await watch(context, "film");
  expect(await viewer.evaluate(() => document.querySelector("video")?.videoWidth)).toBe(640);
});

test("a film that was shot upright is shown upright", async ({ context }, info) => {
  mkdirSync(info.outputDir, { recursive: true });
  const path = info.outputPath("upright.mov");
  ffmpeg([...PICTURE, "-t", "6", ...X264, "-g", "60", path]);
  writeFileSync(path, turned(readFileSync(path)));
  await publishFile(context, { name: "film", path, partTargetMs: 333 });
  const { page } = await watch(context, "film");
  const size = await page.evaluate(() => {
    const video = document.querySelector("video");
    return [video?.videoWidth, video?.videoHeight];
  });
  expect(size).toEqual([360, 640]);
});

/** Turns the first track by 90 degrees: the matrix of its tkhd, ISO/IEC 14496-12 8.3.2. Versions of ffmpeg differ in how. */
function turned(file: Buffer): Buffer {
  const matrix = file.indexOf("tkhd") + 44;
  const quarterTurn = [0, 0x1_0000, 0, -0x1_0000, 0, 0, 360 << 16, 0, 0x4000_0000];
  for (const [index, value] of quarterTurn.entries()) file.writeInt32BE(value, matrix + index * 4);
  return file;
}
