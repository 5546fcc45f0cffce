import type { Clock } from "../model/clock.ts";

const EVERY_MS = 100;
/** Timers are late by so much on any machine that is not busy. */
const USUAL_MS = 50;
const MAX_STALLS = 256;

interface Stall {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Notices when the validator's own host was too busy for it: what came late meanwhile is not the origin's fault. */
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

  /** How much of the time from then to now was not ours. */
  sinceMs(fromMs: number): number {
    const nowMs = this.#clock.now();
    const isLate = nowMs - this.#dueMs > USUAL_MS;
    let sumMs = isLate ? overlapMs({ fromMs: this.#dueMs - EVERY_MS, toMs: nowMs }, fromMs) : 0;
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
        // A timer that is late says that the machine was busy all the while, not only from when it was due.
        this.#stalls.push({ fromMs: this.#dueMs - EVERY_MS, toMs: nowMs });
        if (this.#stalls.length > MAX_STALLS) this.#stalls.shift();
      }
      this.#next();
    });
  }
}

function overlapMs(stall: Stall, fromMs: number): number {
  return Math.max(0, stall.toMs - Math.max(stall.fromMs, fromMs));
}
