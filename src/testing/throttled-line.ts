import type { Clock } from "../model/clock.ts";
import { delay } from "../model/delay.ts";

/** Pieces per second at which a body comes, whatever the line carries. */
const PIECES_PER_S = 20;
const MIN_PIECE_BYTES = 64;
/** A piece waits no longer for those before it. */
const MAX_QUEUE_MS = 60_000;

/** A line that carries so many bits a second, one piece after the other, whoever sends it. */
export class ThrottledLine {
  readonly #clock: Clock;
  readonly #bytesPerMs: number;
  /** What is cut off a body at a time. */
  readonly pieceBytes: number;
  #freeAtMs: number;

  constructor(clock: Clock, bitsPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerMs = bitsPerSecond / 8_000;
    this.pieceBytes = Math.max(MIN_PIECE_BYTES, Math.round((this.#bytesPerMs * 1_000) / PIECES_PER_S));
    this.#freeAtMs = clock.now();
  }

  /** Resolves once the line has carried so much, after all that was given to it before. */
  carry(sizeBytes: number, signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.now();
    const startMs = Math.min(nowMs + MAX_QUEUE_MS, Math.max(nowMs, this.#freeAtMs));
    this.#freeAtMs = startMs + sizeBytes / this.#bytesPerMs;
    return delay(this.#clock, this.#freeAtMs - nowMs, signal);
  }
}
