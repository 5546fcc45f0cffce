/** So many at once, and so many a second after that. */
export class TokenBucket {
  readonly #size: number;
  readonly #perMs: number;
  #left: number;
  #atMs: number;

  constructor(size: number, perSecond: number, nowMs: number) {
    this.#size = size;
    this.#perMs = perSecond / 1000;
    this.#left = size;
    this.#atMs = nowMs;
  }

  /** Takes `count`, or nothing and says false. */
  take(count: number, nowMs: number): boolean {
    this.#left = Math.min(this.#size, this.#left + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
    if (this.#left < count) return false;
    this.#left -= count;
    return true;
  }
}
