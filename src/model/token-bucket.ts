import type { Clock } from "./clock.ts";

/** Lets `perSecond` tokens through on average, and `burst` of them at once. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #clock: Clock;
  #tokens: number;
  #atMs: number;

  constructor({ perSecond, burst, clock }: { perSecond: number; burst: number; clock: Clock }) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#atMs = clock.now();
  }

  /** Takes them if they are there. */
  take(tokens: number): boolean {
    this.#fill();
    if (this.#tokens < tokens) return false;
    this.#tokens -= tokens;
    return true;
  }

  /** How long until `tokens` are there; 0 if they are. More than `burst` never are. */
  waitMs(tokens: number): number {
    this.#fill();
    return Math.max(0, (tokens - this.#tokens) / this.#perMs);
  }

  #fill(): void {
    const nowMs = this.#clock.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
  }
}
