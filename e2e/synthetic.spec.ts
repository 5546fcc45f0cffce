import { expect, type Page, test } from "@playwright/test";
import { readFrameNumber } from "../src/testing/media/read-frame-number.ts";
import { serveKit } from "./kit-site.ts";
import { openViewer, VIEWERS } from "./viewers.ts";

const PAGE = "/e2e/kit/synthetic.html";
/** Between two looks. */
const PLAYED_S = 3;

interface Shown {
  /** Of the frame, on the player's timeline. */
  readonly mediaTimeS: number;
  readonly number: number | null;
}

/** The frame that is shown next, and the number in it. */
function nextFrame(page: Page): Promise<Shown> {
  return page.evaluate(async (reader) => {
    const read = new Function(`return ${reader}`)() as typeof readFrameNumber;
    const video = document.querySelector("video");
    if (video === null) throw new Error("the page has no video element");
    const { videoWidth: width, videoHeight: height } = video;
    return new Promise<Shown>((resolve, reject) => {
      setTimeout(() => reject(new Error("no picture in 20 s")), 20_000);
      video.requestVideoFrameCallback((_, { mediaTime }) => {
        const context = new OffscreenCanvas(width, height).getContext("2d");
        context?.drawImage(video, 0, 0);
        const pixels = context?.getImageData(0, 0, width, height);
        resolve({ mediaTimeS: mediaTime, number: (pixels && read(pixels)) ?? null });
      });
    });
  }, readFrameNumber.toString());
}

for (const [codecs, audio] of [
  ["avc-aac", "separate"],
  ["vp9-opus", "muxed"],
] as const) {
  test(`hls.js, Shaka Player and video.js play ${codecs} with ${audio} sound, and each frame shows its number`, async ({
    context,
  }) => {
    const site = await serveKit({ pages: [PAGE] });
    try {
      const producer = await context.newPage();
      await producer.goto(`${site.url}${PAGE}`);
      await producer.evaluate(
        ([options, partTargetMs]) => window.publishSynthetic("synthetic", options, partTargetMs),
        [{ codecs, audio, video: ["320x180", "160x90"] as const, subtitles: audio === "separate" }, 333] as const,
      );
      for (const viewer of VIEWERS) {
        const page = await openViewer(context, viewer, site.url);
        await page.evaluate(viewer.open, `${site.url}/live/synthetic/main.m3u8`);
        const positionS = () => page.evaluate(() => document.querySelector("video")?.currentTime ?? 0);
        await page.waitForFunction(() => (document.querySelector("video")?.videoWidth ?? 0) > 0);
        const first = await nextFrame(page);
        const startS = await positionS();
        await expect.poll(positionS, { timeout: 30_000 }).toBeGreaterThan(startS + PLAYED_S);
        const second = await nextFrame(page);
        const frames = (second.mediaTimeS - first.mediaTimeS) * 30;
        expect(first.number, viewer.name).not.toBeNull();
        expect(second.number, viewer.name).not.toBeNull();
        // The picture may be that of the next frame by the time it is drawn.
        expect(Math.abs((second.number ?? 0) - (first.number ?? 0) - frames), viewer.name).toBeLessThanOrEqual(2);
        expect(await page.evaluate(() => window.viewing?.errors ?? []), viewer.name).toEqual([]);
        await page.close();
      }
    } finally {
      site.close();
    }
  });
}
