import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { PICTURE, publishMade, SOUND, X264 } from "./made-files.ts";
import { expectLive, ffmpeg, publishFile, untilListed, watch } from "./support.ts";

/** The README's figures are of a minute: `npm run e2e:repeat`. */
const OBSERVED_MS = Number(process.env.EDDY_OBSERVED_MS ?? 30_000);

const BFRAMES = [...X264, "-g", "60", "-bf", "3", "-c:a", "aac"];

for (const { partTargetMs, latencyMs } of [
  { partTargetMs: 200, latencyMs: 1_000 },
  { partTargetMs: 333, latencyMs: 1_400 },
  { partTargetMs: 500, latencyMs: 1_900 },
]) {
  test(`an H.264 file with B-frames and an edit list, in parts of ${partTargetMs} ms: ${latencyMs} ms behind at most, without a stall`, async ({
    context,
  }, info) => {
    test.setTimeout(OBSERVED_MS + 90_000);
    const args = [...PICTURE, ...SOUND, "-t", "70", ...BFRAMES];
    await publishMade(context, info, { file: "bframes.mp4", args, partTargetMs });
    await expectLive(context, info, { name: "film", viewers: 2, observedMs: OBSERVED_MS, latencyMs });
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
