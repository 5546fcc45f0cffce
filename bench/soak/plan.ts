import type { StreamOptions } from "../../src/model/options.ts";
import type { SyntheticMediaOptions } from "../../src/testing/media/synthetic-media.ts";

/** A stream of the soak. Its media is known by number, so that any page can tell whether what it reads is right. */
export interface SoakStream {
  readonly name: string;
  readonly media: SyntheticMediaOptions;
  readonly partTargetMs: number;
  readonly options?: Partial<StreamOptions>;
}

/** Small pictures: it is the relay that is to work here, not the decoders. */
export const STREAMS: readonly SoakStream[] = [
  { name: "avc", media: { video: ["160x90"] }, partTargetMs: 500 },
  { name: "vp9", media: { codecs: "vp9-opus", video: ["160x90"] }, partTargetMs: 1000 },
  { name: "beside", media: { video: ["160x90"], audio: "separate" }, partTargetMs: 1000 },
  { name: "sizes", media: { video: ["320x180", "160x90"], audio: "none" }, partTargetMs: 1000 },
  { name: "sound", media: { video: [] }, partTargetMs: 500 },
  { name: "ranges", media: { video: ["160x90"] }, partTargetMs: 500, options: { parts: "byterange" } },
  {
    name: "captions",
    media: { codecs: "vp9-opus", video: ["160x90"], audio: "none", subtitles: true },
    partTargetMs: 1000,
  },
  { name: "quick", media: { video: ["160x90"], audio: "none" }, partTargetMs: 333 },
];

export const TARGET_DURATION_MS = 2000;
/** Key frames come every second, so segments are of two. */
export const SEGMENT_MIN_MS = 1500;
/** Segments that a playlist lists. */
const MAX_SEGMENTS = 12;
/** Few, so that rings are full within minutes, and memory has no reason to grow any more. */
const MAX_PARTS_PER_SEGMENT = 8;
/** Least that a DVR window may be. */
const DVR_WINDOW_MS = 60_000;

/** What the worker serves with, as its script says it. */
export const SERVES = `{
  dvr: EddyWorker.dvr({ windowMs: ${DVR_WINDOW_MS} }),
  diagnostics: EddyWorker.diagnostics(),
  cache: { numPlaylists: 40, maxSegments: ${MAX_SEGMENTS}, maxPartsPerSegment: ${MAX_PARTS_PER_SEGMENT} },
}`;
export const QUOTA_BYTES = 60_000_000;

/** Numbers from 0 to below 1, the same for the same seed: Mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
