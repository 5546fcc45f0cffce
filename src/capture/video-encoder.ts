import { type Clock, systemClock } from "../model/clock.ts";
import type { RelayError } from "../model/errors.ts";
import { PictureEncoder, type PictureOutput, type PictureStats } from "./picture-encoder.ts";

export interface VideoGridOptions {
  /** One at least. A frame of another size, but the same shape, is scaled by the encoder. */
  readonly outputs: readonly PictureOutput[];
  readonly frameRate: number;
  /** Slots from one key frame to the next; a multiple of every output's `everyNth`. */
  readonly keyEveryFrames: number;
  /** The picture of a slot; the grid closes it. Undefined only before the first picture. */
  readonly frameAt: (slot: VideoSlot) => VideoFrame | undefined;
  /** An encoder failed and was started again. */
  readonly onRestart: (error: RelayError) => void;
  /** An encoder is beyond help; nothing follows. */
  readonly onFailed: (error: RelayError) => void;
  /** Called at every slot, before its picture is taken. */
  readonly onSlot?: (elapsedMs: number) => void;
  readonly clock?: Clock;
}

export interface VideoSlot {
  readonly index: number;
  readonly timestampUs: number;
  readonly durationUs: number;
}

/** The slot of a picture that is made before the stream starts. */
export const FIRST_SLOT: VideoSlot = { index: 0, timestampUs: 0, durationUs: 0 };

/** After this long without the timer (a machine that slept) slots are passed over. */
const MAX_BEHIND_MS = 1_000;

/**
 * Encodes at a constant frame rate, as a broadcaster does: each slot of the grid gets the newest picture, again if there is no new
 * one, so that a still screen and an unplugged camera keep the cadence. Slot n is due at start + n / frameRate, without drift. All
 * outputs get the same picture, and key frames at the same slots.
 */
export class VideoGrid {
  readonly #options: VideoGridOptions;
  readonly #clock: Clock;
  readonly #encoders: readonly PictureEncoder[];
  #cancelTimer: (() => void) | undefined;
  #startMs = 0;
  #nextSlot = 0;
  #stopped = false;

  constructor(options: VideoGridOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#encoders = options.outputs.map(
      (output) =>
        new PictureEncoder({
          ...output,
          frameUs: Math.round(1e6 / options.frameRate),
          clock: this.#clock,
          onRestart: options.onRestart,
          onFailed: (error) => {
            if (this.#stopped) return;
            this.#stopped = true;
            this.#cancelTimer?.();
            options.onFailed(error);
          },
        }),
    );
  }

  /** One for each output. */
  get stats(): readonly PictureStats[] {
    return this.#encoders.map((encoder) => encoder.stats);
  }

  /** One for each output, since this was last asked. */
  readLoads(): readonly number[] {
    return this.#encoders.map((encoder) => encoder.readLoad());
  }

  /** The next frames, or those of the slot that is being asked for, are key frames. */
  wantKey(): void {
    for (const encoder of this.#encoders) encoder.wantKey();
  }

  /** Slot 0 is now. */
  start(): void {
    this.#startMs = this.#clock.now();
    for (const encoder of this.#encoders) encoder.open();
    this.#tick();
  }

  /** Encodes no more and gives what is in the encoders. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    await Promise.all(this.#encoders.map((encoder) => encoder.stop()));
  }

  #slotMs(index: number): number {
    return (index * 1000) / this.#options.frameRate;
  }

  #tick(): void {
    if (this.#stopped) return;
    const elapsedMs = this.#clock.now() - this.#startMs;
    this.#options.onSlot?.(elapsedMs);
    if (elapsedMs - this.#slotMs(this.#nextSlot) > MAX_BEHIND_MS) {
      const due = Math.floor((elapsedMs * this.#options.frameRate) / 1000);
      for (const encoder of this.#encoders) encoder.skip(due - this.#nextSlot);
      this.#nextSlot = due;
    }
    // Timers may come a little early; the slot is taken, rather than waiting a millisecond more.
    while (!this.#stopped && this.#slotMs(this.#nextSlot) <= elapsedMs + 1) this.#encode(this.#nextSlot++);
    if (this.#stopped) return;
    const delayMs = this.#startMs + this.#slotMs(this.#nextSlot) - this.#clock.now();
    this.#cancelTimer = this.#clock.after(Math.max(0, delayMs), () => this.#tick());
  }

  #encode(index: number): void {
    if (index % this.#options.keyEveryFrames === 0) this.wantKey();
    const taking = this.#encoders.filter((encoder) => index % encoder.everyNth === 0 && encoder.admit());
    if (taking.length === 0) return;
    const timestampUs = Math.round(this.#slotMs(index) * 1000);
    const durationUs = Math.round(this.#slotMs(index + 1) * 1000) - timestampUs;
    const frame = this.#options.frameAt({ index, timestampUs, durationUs });
    if (frame === undefined) return;
    try {
      for (const encoder of taking) encoder.encode(frame);
    } finally {
      frame.close();
    }
  }
}
