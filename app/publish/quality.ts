import type { CaptureRenditionOptions, EncodingMeasure } from "eddy-hls";
import type { SourceKind } from "../address.ts";

/** How large, how smooth, and in how many sizes. */
export interface Quality {
  /** Lines of the picture; 0 as it comes. */
  readonly height: number;
  /** Pictures a second; 0 as they come. */
  readonly frameRate: number;
  /** Smaller sizes beside it, for slow connections. */
  readonly copies: number;
}

export const HEIGHTS = [1080, 720, 480, 360] as const;
export const FRAME_RATES = [60, 30, 15] as const;
export const COPIES = [0, 1, 2] as const;
export const AS_IT_COMES: Quality = { height: 0, frameRate: 0, copies: 0 };

/** Lines of what sources give where nothing else is asked for. */
const USUAL_HEIGHTS: Readonly<Record<SourceKind, number>> = { pattern: 360, camera: 720, screen: 1080, file: 720 };
const USUAL_FRAME_RATE = 30;
/** A copy that is hardly smaller helps nobody. */
const LADDER = [720, 480, 360, 240, 180] as const;
const MOST_OF_THE_ONE_ABOVE = 0.7;
/** Of the time there is; the rest is for what else the machine does. */
const MOST_LOAD = 0.85;

/** Lines of the smaller sizes, largest first. */
export function copyHeights({ height, copies }: Quality, kind: SourceKind): readonly number[] {
  const heights: number[] = [];
  let above = height || USUAL_HEIGHTS[kind];
  for (const each of LADDER) {
    if (heights.length === copies || each > above * MOST_OF_THE_ONE_ABOVE) continue;
    heights.push(each);
    above = each;
  }
  return heights;
}

/** What to ask of the capture; undefined for one size as it comes, which a file that browsers play passes without being encoded. */
export function renditionsOf(quality: Quality, kind: SourceKind): readonly CaptureRenditionOptions[] | undefined {
  const { height, frameRate } = quality;
  const copies = copyHeights(quality, kind);
  if (height === 0 && frameRate === 0 && copies.length === 0) return undefined;
  const rate = frameRate === 0 ? {} : { frameRate };
  return [{ ...(height === 0 ? {} : { height }), ...rate }, ...copies.map((each) => ({ height: each, ...rate }))];
}

/** Share of the time there is that encoding takes, from what was measured; undefined where that says nothing of it. */
export function loadOf(quality: Quality, kind: SourceKind, measures: readonly EncodingMeasure[]): number | undefined {
  // A file that browsers can play is not encoded at all.
  if (kind === "file" && renditionsOf(quality, kind) === undefined) return undefined;
  const heights = [quality.height || USUAL_HEIGHTS[kind], ...copyHeights(quality, kind)];
  const loads = heights.map((height) => loadOfSize(height, quality.frameRate || USUAL_FRAME_RATE, measures));
  return loads.reduce<number | undefined>(
    (sum, load) => (sum === undefined || load === undefined ? undefined : sum + load),
    0,
  );
}

export const isTooMuch = (load: number | undefined): boolean => load !== undefined && load > MOST_LOAD;

/** Of one size, by its area, from the nearest one that was measured. */
function loadOfSize(height: number, frameRate: number, measures: readonly EncodingMeasure[]): number | undefined {
  const [nearest] = measures
    .filter(({ load }) => Number.isFinite(load))
    .sort((a, b) => Math.abs(a.height - height) - Math.abs(b.height - height));
  // A size above all that this machine has an encoder for.
  if (nearest === undefined || nearest.height < height * MOST_OF_THE_ONE_ABOVE) {
    return measures.length === 0 ? undefined : Number.POSITIVE_INFINITY;
  }
  return nearest.load * (height / nearest.height) ** 2 * (frameRate / nearest.frameRate);
}
