import { writeInit } from "../../media/init-writer.ts";
import type { Bytes } from "../../model/bytes.ts";
import { RelayError } from "../../model/errors.ts";
import type { RenditionOptions } from "../../model/rendition-options.ts";
import { type Lane, planLanes } from "./lanes.ts";
import { KEY_FRAME_MS, PartGrid } from "./part-grid.ts";
import type { SyntheticSize } from "./picture.ts";

export type { SyntheticSize } from "./picture.ts";

/** What is in the media. */
export interface SyntheticMediaOptions {
  /** Default `avc-aac`. */
  readonly codecs?: "avc-aac" | "vp9-opus";
  /** Renditions of pictures, highest first; none for sound alone. Default one of 640x360. */
  readonly video?: readonly SyntheticSize[];
  /** The tone of 750 Hz: in the parts of the pictures, in a rendition beside them, or nowhere. Alone it is a variant. Default `muxed`. */
  readonly audio?: "muxed" | "separate" | "none";
  /** Whether there is a rendition of WebVTT, with one cue a second that says which. Default false. */
  readonly subtitles?: boolean;
  /** Frames per second. Default 30, and nothing else: the pictures are made for it. */
  readonly frameRate?: 30;
  /**
   * How long segments of sound are: as those of pictures, which open at a key frame after the stream's `segmentMinMs`. Default 2000, as
   * they are of a stream that leaves `segmentMinMs` out.
   */
  readonly segmentMs?: number;
}

/** One part of one rendition. */
export interface SyntheticPart {
  /** Made for this call: the caller owns them, and may transfer them. */
  readonly bytes: Bytes;
  /** Of its pictures, or of its sound where there are none. */
  readonly durationMs: number;
  /** It begins with a key frame. Sound and subtitles are always independent. */
  readonly independent: boolean;
  /** When its first sample begins, in ms since the stream's start. */
  readonly startMs: number;
}

/** Media whose every byte is known beforehand: the same options give the same bytes, wherever and whenever. */
export interface SyntheticMedia {
  /** As `relay.publish()` takes them: `v0` and on, `a0`, `s0`. */
  readonly renditions: readonly RenditionOptions[];
  /** From one key frame to the next. */
  readonly keyFrameMs: number;
  /** From the start of one part to that of the next, in ms. */
  partMs(partTargetMs: number): number;
  /**
   * The `partTargetMs` to publish with, for parts that are cut at this: what the longest of any rendition lasts, in whole ms. It is more
   * where frames of sound do not end with those of pictures.
   */
  declaredPartTargetMs(partTargetMs: number): number;
  /**
   * The init segment.
   * @throws RelayError `rendition-not-found`; of subtitles, which have none, too
   */
  init(rendition: string): Bytes;
  /**
   * Part number `n` since the stream's start. A key frame's second is cut in equal parts of whole frames: as many as it takes for none to last
   * longer than `partTargetMs`, by 1 % at most. So 1000, 500, 333, 200 and 100 are cut as they are, 250 in parts of 200. Sound
   * covers the same time as nearly as its frames allow. Times run on for days, without drift.
   * @throws RelayError `rendition-not-found`; `invalid-option` unless `n` is a whole number from 0 and `partTargetMs` is from 33 on
   */
  part(rendition: string, n: number, partTargetMs: number): SyntheticPart;
}

/**
 * Makes media that needs no encoder: pictures that count their frames, a tone, subtitles. Pictures are written block by block, sound is one frame that
 * comes again and again. What a picture shows is read by {@link readFrameNumber}.
 * @throws RelayError `invalid-option`
 * @example
 * ```ts
 * const media = await synthesize({ video: ["640x360", "320x180"], audio: "separate" });
 * const partTargetMs = media.declaredPartTargetMs(500);
 * const publisher = await relay.publish("live", { renditions: media.renditions, partTargetMs });
 * for (const { id } of media.renditions) await publisher.init(id, media.init(id));
 * for (let n = 0; ; n++) for (const { id } of media.renditions) await publisher.part(id, media.part(id, n, 500));
 * ```
 */
export async function synthesize(options: SyntheticMediaOptions = {}): Promise<SyntheticMedia> {
  const lanes = new Map(planLanes(options).map((lane) => [lane.options.id, lane]));
  const laneOf = (id: string): Lane => {
    const lane = lanes.get(id);
    if (lane !== undefined) return lane;
    throw new RelayError("rendition-not-found", `expected one of ${[...lanes.keys()].join(", ")}, got ${String(id)}`);
  };
  return {
    renditions: [...lanes.values()].map((lane) => lane.options),
    keyFrameMs: KEY_FRAME_MS,
    partMs: (partTargetMs) => new PartGrid(partTargetMs).partMs,
    declaredPartTargetMs(partTargetMs) {
      const grid = new PartGrid(partTargetMs);
      return Math.ceil(Math.max(...[...lanes.values()].map((lane) => lane.longestMs(grid))));
    },
    init(rendition) {
      const { setups } = laneOf(rendition);
      if (setups.length > 0) return writeInit(setups);
      throw new RelayError("rendition-not-found", `"${rendition}": expected pictures or sound, got subtitles`);
    },
    part: (rendition, n, partTargetMs) => laneOf(rendition).part(n, new PartGrid(partTargetMs)),
  };
}
