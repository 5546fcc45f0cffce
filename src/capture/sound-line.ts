import type { SoundBlock } from "./audio-encoder.ts";
import { LevelMeter, type SoundLevel } from "./level-meter.ts";

export interface SoundLineOptions {
  readonly sampleRate: number;
  readonly channels: number;
  /** Takes sound end to end; `startFrame` counts sample frames from the start of the stream. */
  readonly encode: (block: SoundBlock, startFrame: number) => void;
}

/** Muting at once would click. */
const RAMP_MS = 10;
/** Silence is made in blocks of this, so that none grows with the hole that it fills. */
const SILENCE_FRAMES = 9_600;

/**
 * The sound of a live stream, sample by sample and without a hole, whoever makes it: sources come and go, and each goes on where the one
 * before it stopped. What is muted goes by as silence.
 */
export class SoundLine {
  readonly sampleRate: number;
  readonly channels: number;
  readonly #encode: SoundLineOptions["encode"];
  /** Of the last second, and of the last tenth of one. */
  readonly #second: LevelMeter;
  readonly #moment: LevelMeter;
  #frames = 0;
  #gain = 1;
  #target = 1;

  constructor({ sampleRate, channels, encode }: SoundLineOptions) {
    this.sampleRate = sampleRate;
    this.channels = channels;
    this.#encode = encode;
    this.#second = new LevelMeter(channels);
    this.#moment = new LevelMeter(channels);
  }

  /** Where the next sample goes, in sample frames from the start of the stream. */
  get frames(): number {
    return this.#frames;
  }

  set muted(muted: boolean) {
    this.#target = muted ? 0 : 1;
  }

  framesAt(ms: number): number {
    return Math.round((ms * this.sampleRate) / 1000);
  }

  /** Sound that belongs at `startFrame`: a hole before it becomes silence, and what there is sound for already is left out. */
  put(block: SoundBlock, startFrame = this.#frames): void {
    this.fillTo(startFrame);
    const late = this.#frames - startFrame;
    const fitted = Array.from({ length: this.channels }, (_, channel) => {
      const samples = block[channel] ?? block.at(-1) ?? new Float32Array(0);
      return late === 0 ? samples : samples.subarray(Math.min(late, samples.length));
    });
    this.#give(this.#scaled(fitted));
  }

  /** Silence up to there, if there is no sound yet. */
  fillTo(frame: number): void {
    while (frame > this.#frames) {
      const plane = new Float32Array(Math.min(SILENCE_FRAMES, frame - this.#frames));
      this.#give(Array.from({ length: this.channels }, () => plane));
    }
  }

  /** Of the last second, or since it was last asked. */
  readSecond(): SoundLevel[] {
    return this.#second.read();
  }

  /** For a meter: since it was last asked. */
  readMoment(): SoundLevel[] {
    return this.#moment.read();
  }

  #give(block: SoundBlock): void {
    const frames = block[0]?.length ?? 0;
    if (frames === 0) return;
    this.#second.add(block);
    this.#moment.add(block);
    this.#encode(block, this.#frames);
    this.#frames += frames;
  }

  #scaled(block: SoundBlock): SoundBlock {
    const from = this.#gain;
    const to = this.#target;
    if (from === 1 && to === 1) return block;
    const step = Math.sign(to - from) / ((RAMP_MS * this.sampleRate) / 1000);
    const gainAt = (frame: number): number =>
      step > 0 ? Math.min(to, from + step * (frame + 1)) : Math.max(to, from + step * (frame + 1));
    this.#gain = gainAt((block[0]?.length ?? 0) - 1);
    return block.map((samples) => samples.map((sample, frame) => sample * gainAt(frame)));
  }
}
