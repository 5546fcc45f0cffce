/** So many at once, and so many a second after that. */
export class TokenBucket {
  readonly #size: number;
  readonly #perSecond: number;
  /** When it will be full again. */
  #fullMs: number;

  constructor(size: number, perSecond: number, nowMs: number) {
    this.#size = size;
    this.#perSecond = perSecond;
    this.#fullMs = nowMs;
  }

  /** Takes `count`, or nothing and says false. */
  take(count: number, nowMs: number): boolean {
    const fullMs = Math.max(this.#fullMs, nowMs) + (count * 1000) / this.#perSecond;
    if ((fullMs - nowMs) * this.#perSecond > this.#size * 1000) return false;
    this.#fullMs = fullMs;
    return true;
  }
}
