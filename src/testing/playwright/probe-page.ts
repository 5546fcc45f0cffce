import type { Pixels } from "../media/read-frame-number.ts";
import type { PlaybackRecord, PlaybackSample, ShownFrame } from "../playback-report.ts";

declare global {
  interface Window {
    /** By the selector of its element. */
    eddyPlayback?: Record<string, PlaybackRecord>;
  }
}

/** Runs in the page under test, and refers to nothing outside: looks at a video element from now on, whichever player moves it. */
export function probePage(selector: string, readFrameNumber: (pixels: Pixels) => number | undefined): void {
  const SAMPLE_EVERY_MS = 50;
  const READ_EVERY_MS = 200;
  const MAX_SAMPLES = 40_000;
  const MAX_SHOWN = 10_000;
  const WIDTH = 160;
  const HEIGHT = 90;
  const record = { samples: [] as PlaybackSample[], shown: [] as ShownFrame[], errors: [] as string[] };
  window.eddyPlayback = { ...window.eddyPlayback, [selector]: record };
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  let watched: HTMLVideoElement | undefined;
  let readAtMs = 0;

  const aheadMs = ({ buffered, currentTime }: HTMLVideoElement): number => {
    for (let index = 0; index < buffered.length; index++) {
      if (buffered.start(index) <= currentTime + 0.05 && buffered.end(index) >= currentTime)
        return (buffered.end(index) - currentTime) * 1000;
    }
    return 0;
  };
  const watchFrames = (video: HTMLVideoElement): void => {
    video.requestVideoFrameCallback(() => {
      if (video !== watched) return;
      watchFrames(video);
      const atMs = Date.now();
      if (drawing === null || atMs - readAtMs < READ_EVERY_MS) return;
      readAtMs = atMs;
      try {
        drawing.drawImage(video, 0, 0, WIDTH, HEIGHT);
        const frame = readFrameNumber(drawing.getImageData(0, 0, WIDTH, HEIGHT));
        if (frame !== undefined) record.shown.push({ atMs, frame });
        if (record.shown.length > MAX_SHOWN) record.shown.splice(0, MAX_SHOWN / 10);
      } catch (error) {
        // A picture of another origin may be looked at, and not be read.
        if (record.errors.length < 100) record.errors.push(String(error));
      }
    });
  };
  setInterval(() => {
    const found = document.querySelector(selector);
    const video = found instanceof HTMLVideoElement ? found : undefined;
    if (video !== watched) {
      watched = video;
      video?.addEventListener("error", () => {
        if (record.errors.length < 100) record.errors.push(`${video.error?.code}: ${video.error?.message}`);
      });
      if (video !== undefined) watchFrames(video);
    }
    if (video === undefined) return;
    const { currentTime: positionS, paused, ended, videoWidth: width } = video;
    record.samples.push({ atMs: Date.now(), positionS, aheadMs: aheadMs(video), paused, ended, width });
    if (record.samples.length > MAX_SAMPLES) record.samples.splice(0, MAX_SAMPLES / 10);
  }, SAMPLE_EVERY_MS);
}
