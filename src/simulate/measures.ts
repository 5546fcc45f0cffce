const BIN_MS = 2;
const BINS = 10_000;

/** Durations up to 20 s, counted in bins of 2 ms: any number of them in a fixed space. */
export class DelayCount {
  readonly #bins = new Uint32Array(BINS + 1);
  #count = 0;
  #sumMs = 0;

  get count(): number {
    return this.#count;
  }

  get meanMs(): number {
    return this.#count === 0 ? 0 : this.#sumMs / this.#count;
  }

  add(durationMs: number): void {
    const at = Math.min(BINS, Math.max(0, Math.floor(durationMs / BIN_MS)));
    this.#bins[at]! += 1;
    this.#count += 1;
    this.#sumMs += durationMs;
  }

  /** Upper end of the bin where this share of all is reached; 0 without any. */
  quantileMs(share: number): number {
    const wanted = share * this.#count;
    let sum = 0;
    for (let at = 0; at <= BINS; at++) {
      sum += this.#bins[at]!;
      if (sum >= wanted && sum > 0) return (at + 1) * BIN_MS;
    }
    return 0;
  }

  /** Points of the cumulative distribution, at most `most`. */
  cumulative(most: number): readonly { readonly ms: number; readonly share: number }[] {
    if (this.#count === 0) return [];
    return Array.from({ length: most + 1 }, (_, at) => at / most)
      .filter((share) => share > 0)
      .map((share) => ({ ms: this.quantileMs(share), share }));
  }
}

/** Value at a share of the sorted values, 0 without any. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** 0 where all have the same, towards 1 where one has everything. */
export function gini(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const total = sorted.reduce((sum, value) => sum + value, 0);
  if (total === 0) return 0;
  const weighted = sorted.reduce((sum, value, at) => sum + value * (at + 1), 0);
  return (2 * weighted) / (sorted.length * total) - (sorted.length + 1) / sorted.length;
}
