import type { Neighbour } from "./neighbour.ts";

/** What an uplink is taken for while nobody knows. */
export const GUESSED_UPLINK_BPS = 4_000_000;
const MAX_BPS = 400_000_000;
const MIN_BPS = 200_000;
const STEP_MS = 100;
/** What packets add to media. */
export const PACKET_OVERHEAD = 1.09;
/** Links that hold so little have room. */
const HOLDS_BYTES = 2048;
/** Above this share of them, it is the uplink that holds what they were given, and not one narrow receiver. */
const HELD_SHARE = 0.5;
/** Who carries such a share of what it is taken for, in bursts and without holding anything, may carry more. */
const BUSY_SHARE = 0.4;
const GROW = 1.1;
const LEARN = 0.25;
/** A neighbour that has said nothing for so long may be gone: what its link holds says nothing of the uplink. */
const SILENT_MS = 1000;

/**
 * Bits per second that leave this peer. It is taken for what was declared, or for a guess, and is learnt from how fast the links drain: while they hold
 * something, what leaves is what the line carries; while they hold nothing, more might.
 */
export class Uplink {
  readonly #maxBps: number;
  #bps: number;
  #measuredMs: number;

  constructor(declaredBps: number, nowMs: number) {
    this.#maxBps = declaredBps > 0 ? declaredBps : MAX_BPS;
    this.#bps = declaredBps > 0 ? declaredBps : GUESSED_UPLINK_BPS;
    this.#measuredMs = nowMs;
  }

  get bps(): number {
    return this.#bps;
  }

  measure(nowMs: number, neighbours: readonly Neighbour[]): void {
    const tookMs = nowMs - this.#measuredMs;
    if (tookMs < STEP_MS) return;
    this.#measuredMs = nowMs;
    let leftBytes = 0;
    let used = 0;
    let held = 0;
    for (const neighbour of neighbours) {
      // It was given nothing since.
      if (neighbour.sentBytes === neighbour.leftBytes && !neighbour.isHolding) continue;
      const { bufferedBytes } = neighbour.link;
      const left = Math.max(neighbour.leftBytes, neighbour.sentBytes - bufferedBytes);
      const holds = bufferedBytes > HOLDS_BYTES;
      if (nowMs - neighbour.heardMs < SILENT_MS && (holds || left > neighbour.leftBytes)) {
        leftBytes += left - neighbour.leftBytes;
        used += 1;
        if (holds && neighbour.isHolding) held += 1;
      }
      neighbour.leftBytes = left;
      neighbour.isHolding = holds;
    }
    const bps = (leftBytes * PACKET_OVERHEAD * 8000) / tookMs;
    if (held > used * HELD_SHARE) this.#bps += (bps - this.#bps) * LEARN;
    else if (bps > this.#bps * BUSY_SHARE) this.#bps *= GROW;
    this.#bps = Math.min(Math.max(this.#bps, MIN_BPS), this.#maxBps);
  }
}
