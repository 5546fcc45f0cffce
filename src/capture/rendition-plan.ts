import type { PictureSize } from "./feed.ts";
import type { CaptureRenditionOptions } from "./messages.ts";

/** One size that a stream is encoded in. */
export interface PlannedRendition extends PictureSize {
  readonly id: string;
  readonly frameRate: number;
  /** It takes every so many frames of the stream. */
  readonly everyNth: number;
  readonly bitrate?: number;
}

export interface RenditionPlan {
  readonly frameRate: number;
  /** Frames from one key frame to the next, in all of them. */
  readonly keyEveryFrames: number;
  readonly renditions: readonly PlannedRendition[];
}

/** Id of the only rendition. */
const MAIN = "main";
const MIN_SIDE = 16;

/** What a source of this size and rate is encoded as: never larger or faster than it is, and with key frames at the same times. */
export function planRenditions(
  source: PictureSize & { readonly frameRate: number },
  asked: readonly CaptureRenditionOptions[],
  { targetDurationMs }: { readonly targetDurationMs: number },
): RenditionPlan {
  const frameRate = Math.min(
    source.frameRate,
    Math.max(1, ...asked.map((one) => Math.round(one.frameRate ?? source.frameRate))),
  );
  const ids = new Set<string>();
  const renditions = asked.map(({ height, frameRate: wanted = frameRate, videoBitrate }): PlannedRendition => {
    const everyNth = Math.max(1, Math.round(frameRate / Math.max(1, wanted)));
    const size = sizeOf(source, height);
    return {
      ...size,
      id: asked.length === 1 ? MAIN : freeId(ids, `${size.height}p`),
      frameRate: frameRate / everyNth,
      everyNth,
      ...(videoBitrate === undefined ? {} : { bitrate: videoBitrate }),
    };
  });
  const step = renditions.reduce((all, { everyNth }) => leastCommonMultiple(all, everyNth), 1);
  const frames = Math.round((targetDurationMs * frameRate) / 1000);
  const steps = Math.floor(frames / step);
  return { frameRate, keyEveryFrames: Math.max(1, steps) * step, renditions };
}

function sizeOf(source: PictureSize, height = source.height): PictureSize {
  const lines = Math.max(MIN_SIDE, Math.min(height, source.height)) & ~1;
  if (lines >= (source.height & ~1)) return { width: source.width & ~1, height: source.height & ~1 };
  return { width: Math.max(MIN_SIDE, 2 * Math.round((source.width * lines) / source.height / 2)), height: lines };
}

function freeId(ids: Set<string>, base: string): string {
  let id = base;
  for (let count = 2; ids.has(id); count++) id = `${base}-${count}`;
  ids.add(id);
  return id;
}

function leastCommonMultiple(a: number, b: number): number {
  let [left, right] = [a, b];
  while (right > 0) [left, right] = [right, left % right];
  return (a * b) / left;
}
