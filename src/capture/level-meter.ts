import type { SoundBlock } from "./audio-encoder.ts";

/** How loud one channel was, in dB of full scale: 0 at most, `SILENCE_DB` for silence. */
export interface SoundLevel {
  /** The loudest sample. */
  readonly peakDb: number;
  /** Root mean square of all samples. */
  readonly rmsDb: number;
}

/** What silence reads, instead of minus infinity. */
export const SILENCE_DB = -100;

/** Measures sound as it goes by. */
export class LevelMeter {
  readonly #peaks: Float64Array;
  readonly #squares: Float64Array;
  #frames = 0;

  constructor(channels: number) {
    this.#peaks = new Float64Array(channels);
    this.#squares = new Float64Array(channels);
  }

  add(block: SoundBlock): void {
    for (const [channel, samples] of block.entries()) {
      let peak = this.#peaks[channel] ?? 0;
      let squares = 0;
      for (const sample of samples) {
        peak = Math.max(peak, Math.abs(sample));
        squares += sample * sample;
      }
      this.#peaks[channel] = peak;
      this.#squares[channel] = (this.#squares[channel] ?? 0) + squares;
    }
    this.#frames += block[0]?.length ?? 0;
  }

  /** Of all that was added since this was last asked; silence if nothing was. */
  read(): SoundLevel[] {
    const frames = Math.max(1, this.#frames);
    const levels = Array.from(this.#peaks, (peak, channel) => ({
      peakDb: decibels(peak),
      rmsDb: decibels(Math.sqrt((this.#squares[channel] ?? 0) / frames)),
    }));
    this.#peaks.fill(0);
    this.#squares.fill(0);
    this.#frames = 0;
    return levels;
  }
}

function decibels(amplitude: number): number {
  return amplitude <= 0 ? SILENCE_DB : Math.min(0, Math.max(SILENCE_DB, 20 * Math.log10(amplitude)));
}
