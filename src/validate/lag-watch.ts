import type { Clock } from "../model/clock.ts";

const EVERY_MS = 100;
/** Timers are late by so much on any machine. */
const USUAL_MS = 25;
const MAX_STALLS = 256;

interface Stall {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Notices when the validator's own host stood still: what came late meanwhile is not the origin's fault. */
export class LagWatch {
  readonly #clock: Clock;
  readonly #stalls: Stall[] = [];
  #dueMs = 0;
  #cancelTimer = (): void => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#next();
  }

  stop(): void {
    this.#cancelTimer();
  }

  /** How long of the time from then to now nothing could run here. */
  sinceMs(fromMs: number): number {
    const nowMs = this.#clock.now();
    let sumMs = overlapMs({ fromMs: this.#dueMs + USUAL_MS, toMs: nowMs }, fromMs);
    for (let i = this.#stalls.length - 1; i >= 0; i--) {
      const stall = this.#stalls[i];
      if (stall === undefined || stall.toMs <= fromMs) break;
      sumMs += overlapMs(stall, fromMs);
    }
    return sumMs;
  }

  #next(): void {
    this.#dueMs = this.#clock.now() + EVERY_MS;
    this.#cancelTimer = this.#clock.after(EVERY_MS, () => {
      const nowMs = this.#clock.now();
      if (nowMs - this.#dueMs > USUAL_MS) {
        this.#stalls.push({ fromMs: this.#dueMs, toMs: nowMs });
        if (this.#stalls.length > MAX_STALLS) this.#stalls.shift();
      }
      this.#next();
    });
  }
}

function overlapMs(stall: Stall, fromMs: number): number {
  return Math.max(0, stall.toMs - Math.max(stall.fromMs, fromMs));
}
