import { writePart } from "../../media/part-writer.ts";
import type { TrackSetup } from "../../media/sample-entry.ts";
import { checkNumber, checkOneOf } from "../../model/checks.ts";
import { RelayError } from "../../model/errors.ts";
import type { RenditionOptions } from "../../model/rendition-options.ts";
import { captionsOf } from "./captions.ts";
import { FRAME_RATE, MovingPicture } from "./moving-picture.ts";
import type { PartGrid } from "./part-grid.ts";
import { pixelsOf, type SyntheticSize } from "./picture.ts";
import type { SyntheticMediaOptions, SyntheticPart } from "./synthetic-media.ts";
import { Tone } from "./tone.ts";

/** One rendition, and what makes its parts. */
export interface Lane {
  readonly options: RenditionOptions;
  /** What decoders are set up with, in the order of the tracks; none of subtitles. */
  readonly setups: readonly TrackSetup[];
  /** What its longest part lasts. */
  longestMs(grid: PartGrid): number;
  part(n: number, grid: PartGrid): SyntheticPart;
}

const SIZES = ["640x360", "320x180", "160x90"] as const;
/** Peak of a second of pictures with the boxes of its parts, in bits: measured with the shortest parts, rounded up. */
const PICTURE_BANDWIDTH: Readonly<Record<SyntheticSize, number>> = {
  "640x360": 120_000,
  "320x180": 75_000,
  "160x90": 60_000,
};
/** Boxes of a part and its samples. */
const SOUND_OVERHEAD = 20_000;
const SUBTITLES_BANDWIDTH = 30_000;
/** Frames of sound end a little before or after a key frame. */
const SEGMENT_SLACK_MS = 25;

/** @throws RelayError `invalid-option` */
export function planLanes(options: SyntheticMediaOptions): readonly Lane[] {
  const codecs = checkOneOf("codecs", options.codecs ?? "avc-aac", ["avc-aac", "vp9-opus"]);
  const audio = checkOneOf("audio", options.audio ?? "muxed", ["muxed", "separate", "none"]);
  const sizes = (options.video ?? ["640x360"]).map((size) => checkOneOf("video", size, SIZES));
  checkNumber("frameRate", options.frameRate ?? FRAME_RATE, FRAME_RATE, FRAME_RATE);
  const segmentMs = checkNumber("segmentMs", options.segmentMs ?? 2000, 0, 60_000);
  const beside = { segmentMinMs: Math.max(0, segmentMs - SEGMENT_SLACK_MS) };

  const codec = codecs === "avc-aac" ? "avc" : "vp9";
  const tone = audio === "none" ? undefined : codec === "avc" ? Tone.aac() : Tone.opus();
  if (sizes.length === 0 && tone === undefined) {
    throw new RelayError("invalid-option", "expected pictures or sound, got neither");
  }
  const inside = audio === "muxed" ? tone : undefined;
  const lanes = sizes.map((size, index) => pictureLane(`v${index}`, new MovingPicture(codec, size), inside));
  if (tone !== undefined && sizes.length === 0) lanes.push(soundLane(beside, tone));
  else if (tone !== undefined && audio === "separate") {
    lanes.push(soundLane({ ...beside, kind: "audio", name: "Tone", default: true, channels: "1" }, tone));
  }
  if (options.subtitles === true) lanes.push(subtitlesLane(beside));
  return lanes;
}

function pictureLane(id: string, picture: MovingPicture, tone: Tone | undefined): Lane {
  const setups = tone === undefined ? [picture.setup] : [picture.setup, tone.setup];
  return {
    options: {
      id,
      ...pixelsOf(picture.size),
      frameRate: FRAME_RATE,
      codecs: setups.map(({ codec }) => codec).join(","),
      bandwidth: PICTURE_BANDWIDTH[picture.size] + (tone === undefined ? 0 : tone.bitrate + SOUND_OVERHEAD),
    },
    setups,
    longestMs: (grid) => grid.partMs,
    part(n, grid) {
      const startMs = grid.startMs(n);
      const first = n * grid.framesPerPart;
      const tracks = [picture.frames(1, first, first + grid.framesPerPart)];
      // A frame of sound is in the part that it begins in.
      if (tone !== undefined) {
        const [from, to] = [startMs, grid.startMs(n + 1)].map((ms) => Math.ceil(ms / tone.frameMs - ROUNDING));
        tracks.push(tone.frames(2, from ?? 0, to ?? 0));
      }
      const bytes = writePart({ sequenceNumber: n + 1, tracks });
      return { bytes, durationMs: grid.partMs, independent: grid.isIndependent(n), startMs };
    },
  };
}

/** Of a frame: what division leaves of a whole number. */
const ROUNDING = 1e-6;

function soundLane(options: Partial<RenditionOptions>, tone: Tone): Lane {
  return {
    options: { id: "a0", codecs: tone.setup.codec, bandwidth: tone.bitrate + SOUND_OVERHEAD, ...options },
    setups: [tone.setup],
    longestMs: (grid) => Math.ceil(grid.partMs / tone.frameMs - ROUNDING) * tone.frameMs,
    part(n, grid) {
      const [first, end] = [n, n + 1].map((part) => Math.round(grid.startMs(part) / tone.frameMs)) as [number, number];
      const bytes = writePart({ sequenceNumber: n + 1, tracks: [tone.frames(1, first, end)] });
      return { bytes, durationMs: (end - first) * tone.frameMs, independent: true, startMs: first * tone.frameMs };
    },
  };
}

function subtitlesLane(options: Partial<RenditionOptions>): Lane {
  return {
    options: {
      id: "s0",
      kind: "subtitles",
      name: "Count",
      language: "en",
      default: true,
      bandwidth: SUBTITLES_BANDWIDTH,
      ...options,
    },
    setups: [],
    longestMs: (grid) => grid.partMs,
    part(n, grid) {
      const startMs = grid.startMs(n);
      const bytes = captionsOf(startMs, grid.startMs(n + 1), FRAME_RATE);
      return { bytes, durationMs: grid.partMs, independent: true, startMs };
    },
  };
}
