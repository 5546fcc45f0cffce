import type { SoundBlock } from "./audio-encoder.ts";

const HALF_POWER = Math.SQRT1_2;

/** What each input channel adds to left and right, by the channel count; Web Audio's order (L R C LFE SL SR). */
const STEREO_MIX: ReadonlyMap<number, readonly (readonly [left: number, right: number])[]> = new Map([
  [
    3,
    [
      [1, 0],
      [0, 1],
      [HALF_POWER, HALF_POWER],
    ],
  ],
  [
    4,
    [
      [1, 0],
      [0, 1],
      [HALF_POWER, 0],
      [0, HALF_POWER],
    ],
  ],
  [
    5,
    [
      [1, 0],
      [0, 1],
      [HALF_POWER, HALF_POWER],
      [HALF_POWER, 0],
      [0, HALF_POWER],
    ],
  ],
  [
    6,
    [
      [1, 0],
      [0, 1],
      [HALF_POWER, HALF_POWER],
      [0, 0],
      [HALF_POWER, 0],
      [0, HALF_POWER],
    ],
  ],
  [
    8,
    [
      [1, 0],
      [0, 1],
      [HALF_POWER, HALF_POWER],
      [0, 0],
      [HALF_POWER, 0],
      [0, HALF_POWER],
      [HALF_POWER, 0],
      [0, HALF_POWER],
    ],
  ],
]);

/** Mixes any number of channels down to two, so scaled that nothing clips; one and two are left as they are. */
export function mixDown(channels: SoundBlock): SoundBlock {
  if (channels.length <= 2) return channels;
  const mix =
    STEREO_MIX.get(channels.length) ??
    channels.map((_, index): readonly [number, number] => (index % 2 === 0 ? [1, 0] : [0, 1]));
  const frames = channels[0]?.length ?? 0;
  const sums = mix.reduce((sum, [left, right]) => ({ left: sum.left + left, right: sum.right + right }), {
    left: 0,
    right: 0,
  });
  const scale = 1 / Math.max(1, sums.left, sums.right);
  const left = new Float32Array(frames);
  const right = new Float32Array(frames);
  for (const [index, samples] of channels.entries()) {
    const [toLeft, toRight] = mix[index] ?? [0, 0];
    for (let i = 0; i < frames; i++) {
      const sample = (samples[i] ?? 0) * scale;
      left[i] = (left[i] ?? 0) + sample * toLeft;
      right[i] = (right[i] ?? 0) + sample * toRight;
    }
  }
  return [left, right];
}

/** Changes the sample rate by linear interpolation; for the rare rate that an encoder does not take. */
export class Resampler {
  readonly #step: number;
  /** Position of the next output sample in the input, counted from the start of the next block; -1 is the kept sample. */
  #position = 0;
  #last: readonly number[] = [];

  constructor(fromRate: number, toRate: number) {
    this.#step = fromRate / toRate;
  }

  convert(block: SoundBlock): SoundBlock {
    if (this.#step === 1) return block;
    const frames = block[0]?.length ?? 0;
    if (frames === 0) return block;
    const count = Math.max(0, Math.ceil((frames - 1 - this.#position) / this.#step));
    const converted = block.map((samples, channel) => {
      const output = new Float32Array(count);
      for (let i = 0; i < count; i++) {
        const at = this.#position + i * this.#step;
        const index = Math.floor(at);
        const before = index < 0 ? (this.#last[channel] ?? 0) : (samples[index] ?? 0);
        output[i] = before + ((samples[index + 1] ?? before) - before) * (at - index);
      }
      return output;
    });
    this.#last = block.map((samples) => samples[frames - 1] ?? 0);
    this.#position += count * this.#step - frames;
    return converted;
  }
}

export interface SoundPlacement {
  /** Sample frames of silence before the block. */
  readonly silenceFrames: number;
  /** Sample frames to leave out at the block's beginning. */
  readonly dropFrames: number;
}

/** Decoders and containers round; below this, blocks are set end to end. */
const TOLERANCE_MS = 15;

/** Decoded sound end to end, counted in sample frames; holes are filled and overlaps cut where they can be heard against the picture. */
export class SampleTimeline {
  readonly #sampleRate: number;
  #frames = 0;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  /** Where the next sample goes. */
  get frames(): number {
    return this.#frames;
  }

  get nextUs(): number {
    return (this.#frames * 1e6) / this.#sampleRate;
  }

  framesAt(timeUs: number): number {
    return Math.round((timeUs * this.#sampleRate) / 1e6);
  }

  /** How a block that belongs at `idealUs` is fitted in. */
  place(idealUs: number, blockFrames: number): SoundPlacement {
    const late = this.framesAt(idealUs) - this.#frames;
    if (Math.abs(late) <= (TOLERANCE_MS * this.#sampleRate) / 1000) return { silenceFrames: 0, dropFrames: 0 };
    return late > 0
      ? { silenceFrames: late, dropFrames: 0 }
      : { silenceFrames: 0, dropFrames: Math.min(-late, blockFrames) };
  }

  take(frames: number): number {
    const start = this.#frames;
    this.#frames += frames;
    return start;
  }
}
