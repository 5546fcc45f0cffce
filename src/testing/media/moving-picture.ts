import type { PartSample, PartTrackSamples } from "../../media/part-writer.ts";
import type { TrackSetup } from "../../media/sample-entry.ts";
import { AVC_CODEC, avcDescription, writeAvcFrame } from "./avc-writer.ts";
import { paintPicture, pixelsOf, type SyntheticSize } from "./picture.ts";
import { VP9_CODEC, writeVp9Frame } from "./vp9-writer.ts";

/** Frames per second, and from one key frame to the next. */
export const FRAME_RATE = 30;
/** Of the timescale that `writeInit` gives pictures. */
const TICKS_PER_FRAME = 57_600 / FRAME_RATE;

/** Pictures of one size that count their frames; the first of every second is a key frame. */
export class MovingPicture {
  readonly setup: TrackSetup;
  readonly size: SyntheticSize;

  constructor(codec: "avc" | "vp9", size: SyntheticSize) {
    const { width, height } = pixelsOf(size);
    this.size = size;
    this.setup =
      codec === "avc"
        ? { kind: "video", codec: AVC_CODEC, description: avcDescription(width, height), width, height }
        : { kind: "video", codec: VP9_CODEC, width, height };
  }

  /** Frames from number `first` up to `end`, which is not among them. */
  frames(trackId: number, first: number, end: number): PartTrackSamples {
    const samples = Array.from({ length: end - first }, (_, index) => this.#sample(first + index));
    return { trackId, baseTicks: first * TICKS_PER_FRAME, samples };
  }

  #sample(frame: number): PartSample {
    const number = frame % FRAME_RATE;
    const group = Math.floor(frame / FRAME_RATE);
    const picture = paintPicture(this.size, frame);
    const previous = number === 0 ? undefined : paintPicture(this.size, frame - 1);
    const bytes =
      this.setup.codec === AVC_CODEC
        ? writeAvcFrame({ picture, previous, number, group })
        : writeVp9Frame({ picture, previous, ...pixelsOf(this.size) });
    return { bytes, durationTicks: TICKS_PER_FRAME, sync: number === 0, compositionOffsetTicks: 0 };
  }
}
