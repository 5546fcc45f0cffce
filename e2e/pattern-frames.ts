import type { Page } from "@playwright/test";
import { clockCells, clockGeometry, decodeClock } from "../src/capture/pattern-clock.ts";

/** The size at which a picture is read; any would do. */
const PICTURE = { width: 640, height: 360 };
const CELLS = clockCells(0).length;

/** One picture of the test pattern, as it was shown. */
export interface ShownPicture {
  /** Where it stands in the media, in ms. */
  readonly mediaMs: number;
  /** The time that is drawn in it, in ms since the Unix epoch; undefined where it cannot be read. */
  readonly clockMs: number | undefined;
  /** Pictures that were decoded by then, those among them that a busy machine did not show. */
  readonly decoded: number;
}

interface Seen {
  readonly mediaMs: number;
  readonly decoded: number;
  /** The middle of each cell of the clock, 0 to 255. */
  readonly levels: readonly number[];
}

declare global {
  interface Window {
    seenPictures?: Seen[];
  }
}

/** Notes every picture that the page's video shows from now on, also on pages that it opens later. */
export async function notePictures(page: Page): Promise<void> {
  const { x, y, cellWidth, cellHeight } = clockGeometry(PICTURE.width, PICTURE.height);
  const row = { ...PICTURE, x, y: y + cellHeight / 2, cellWidth, cells: CELLS };
  await page.addInitScript(({ width, height, x, y, cellWidth, cells }) => {
    const seen: Seen[] = [];
    window.seenPictures = seen;
    const context = new OffscreenCanvas(width, 1).getContext("2d", { willReadFrequently: true });
    const note = (video: HTMLVideoElement): void => {
      video.requestVideoFrameCallback((_, { mediaTime }) => {
        const scale = video.videoHeight / height;
        context?.drawImage(video, 0, y * scale, video.videoWidth, 1, 0, 0, width, 1);
        const pixels = context?.getImageData(0, 0, width, 1).data;
        const level = (_cell: unknown, cell: number): number =>
          pixels?.[4 * Math.floor(x + (cell + 0.5) * cellWidth) + 1] ?? 0;
        const decoded = video.getVideoPlaybackQuality().totalVideoFrames;
        seen.push({ mediaMs: mediaTime * 1000, decoded, levels: Array.from({ length: cells }, level) });
        note(video);
      });
    };
    const timer = setInterval(() => {
      const video = document.querySelector("video");
      if (video === null) return;
      clearInterval(timer);
      note(video);
    }, 5);
  }, row);
}

/** The pictures that were shown so far, in order. */
export async function picturesOf(page: Page): Promise<readonly ShownPicture[]> {
  const seen = await page.evaluate(() => window.seenPictures ?? []);
  return seen.map(({ levels, ...rest }) => ({ ...rest, clockMs: decodeClock(pictureOf(levels)) }));
}

/** Paints the cells as they were seen, and nothing else. */
function pictureOf(levels: readonly number[]): { width: number; height: number; data: Uint8ClampedArray } {
  const { width, height } = PICTURE;
  const { x, y, cellWidth, cellHeight } = clockGeometry(width, height);
  const data = new Uint8ClampedArray(width * height * 4);
  for (const [cell, level] of levels.entries()) {
    const left = Math.floor(x + cell * cellWidth);
    for (let line = Math.floor(y); line < y + cellHeight; line++) {
      data.fill(level, 4 * (line * width + left), 4 * (line * width + Math.ceil(left + cellWidth)));
    }
  }
  return { width, height, data };
}
