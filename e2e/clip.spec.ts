import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { expect, test } from "@playwright/test";
import { publish, streamStats, untilListed } from "./support.ts";

const FRAME_S = 1 / 30;
/** Durations are told in milliseconds. */
const ROUNDING_S = 0.001;

test("a clip of what was just on is a file: ffprobe reads it, and a video element plays it from 0 to its end", async ({
  context,
}, info) => {
  const page = await publish(context, "studio", { partTargetMs: "333" });
  await untilListed(page, "studio", 5);
  const clip = await page.evaluate(async () => {
    const response = await fetch("/live/studio/clip.mp4?last=5");
    const blob = await response.blob();
    const video = document.createElement("video");
    video.muted = true;
    video.src = URL.createObjectURL(blob);
    const errors: string[] = [];
    video.addEventListener("error", () => errors.push(video.error?.message ?? "unknown"));
    document.body.append(video);
    await new Promise((resolve) => {
      video.addEventListener("loadeddata", resolve, { once: true });
      video.addEventListener("error", resolve, { once: true });
    });
    const startS = video.buffered.length > 0 ? video.buffered.start(0) : Number.NaN;
    await video.play();
    await new Promise((resolve) => {
      video.addEventListener("ended", resolve, { once: true });
      video.addEventListener("error", resolve, { once: true });
    });
    const bytes = new Uint8Array(await blob.arrayBuffer());
    return {
      headers: Object.fromEntries(response.headers),
      errors,
      startS,
      endS: video.currentTime,
      durationS: video.duration,
      frames: video.getVideoPlaybackQuality().totalVideoFrames,
      bytes: Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""),
    };
  });
  expect(clip.errors).toEqual([]);
  expect(clip.headers["content-type"]).toBe("video/mp4");
  expect(clip.headers["content-disposition"]).toMatch(/^attachment; filename="studio-\d{4}-\d\d-\d\dT[\d.-]+Z\.mp4"$/);
  expect(clip.headers["content-length"]).toBe(String(clip.bytes.length));

  const path = info.outputPath("clip.mp4");
  writeFileSync(path, clip.bytes, "latin1");
  const entries = "format=start_time,duration:stream=codec_type,duration,nb_read_frames";
  const args = ["-v", "error", "-count_frames", "-show_entries", entries, "-of", "json", path];
  const ffprobe = (process.env.EDDY_FFMPEG ?? "ffmpeg").replace(/ffmpeg(?=[^/]*$)/, "ffprobe");
  const { format, streams } = JSON.parse(execFileSync(ffprobe, args, { encoding: "utf8" }));
  const video = streams.find((stream: { codec_type: string }) => stream.codec_type === "video");
  expect(streams.map((stream: { codec_type: string }) => stream.codec_type)).toEqual(["video", "audio"]);
  expect(Number(format.start_time)).toBe(0);
  const told = Number(/duration=([\d.]+)/.exec(clip.headers["eddy-clip"] ?? "")?.[1]);
  const frames = Number(video.nb_read_frames);

  // Whole segments, and so five seconds at least.
  expect(told).toBeGreaterThanOrEqual(5);
  expect(clip.startS).toBeLessThan(FRAME_S);
  for (const durationS of [told, Number(format.duration), clip.durationS, clip.endS])
    expect(Math.abs(durationS - frames * FRAME_S)).toBeLessThanOrEqual(FRAME_S + ROUNDING_S);
  expect(clip.frames).toBeGreaterThan(frames * 0.9);
});

test("a link to a clip downloads a file under the stream's name and the time of its start", async ({ context }) => {
  const page = await publish(context, "studio", { partTargetMs: "333" });
  await untilListed(page, "studio", 3);
  const downloading = page.waitForEvent("download");
  await page.evaluate(() => {
    const link = document.createElement("a");
    link.href = "/live/studio/clip.mp4?last=3";
    document.body.append(link);
    link.click();
  });
  const download = await downloading;
  expect(await download.failure()).toBeNull();
  expect(download.suggestedFilename()).toMatch(/^studio-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.mp4$/);
  const file = await readFile(await download.path());
  expect(file.toString("latin1", 4, 8)).toBe("ftyp");
  expect((await streamStats(page, "studio"))?.state).toBe("live");
});
