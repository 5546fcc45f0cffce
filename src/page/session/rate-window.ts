/** Over how long a rate is told. */
const WINDOW_MS = 5_000;
const MAX_SAMPLES = 16;

/** How fast a count grows, over the last seconds. */
export class RateWindow {
  #samples: { readonly atMs: number; readonly count: number }[] = [];

  /** Takes the count as it is now, and returns how much it grows in a second. */
  sample(nowMs: number, count: number): number {
    this.#samples.push({ atMs: nowMs, count });
    while (this.#samples.length > 2 && nowMs - (this.#samples[0]?.atMs ?? nowMs) > WINDOW_MS) this.#samples.shift();
    this.#samples = this.#samples.slice(-MAX_SAMPLES);
    const first = this.#samples[0];
    if (first === undefined || nowMs <= first.atMs) return 0;
    return ((count - first.count) * 1000) / (nowMs - first.atMs);
  }
}
