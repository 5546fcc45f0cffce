/** Rate over the last seconds of a count that only grows. */
export class RateMeter {
  readonly #windowMs: number;
  #samples: { readonly atMs: number; readonly total: number }[] = [];

  constructor(windowMs = 5_000) {
    this.#windowMs = windowMs;
  }

  /** Takes the count as it is at `atMs`. One that fell (its source started over) begins a new window. */
  sample(atMs: number, total: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && total < last.total) this.#samples = [];
    // One sample older than the window stays: the rate is then over at least the window.
    const firstInside = this.#samples.findIndex((sample) => sample.atMs >= atMs - this.#windowMs);
    if (firstInside > 1) this.#samples.splice(0, firstInside - 1);
    this.#samples.push({ atMs, total });
  }

  /** Per second; 0 until two samples lie apart. */
  get perSecond(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
    return ((last.total - first.total) * 1000) / (last.atMs - first.atMs);
  }
}
