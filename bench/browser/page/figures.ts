import type { Figures } from "../contract.ts";
import type { TabsResult } from "./tabs.ts";

/** The value that `share` of all do not exceed. NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** One contestant's rounds. */
export interface Rounds {
  readonly name: string;
  readonly results: readonly TabsResult[];
}

/** The figures of contestants that took turns, each held against the first one round by round: noise hits both alike. */
export function figuresOf(contestants: readonly Rounds[], sizeBytes: number): readonly Figures[] {
  const floors = contestants[0]?.results.map(({ latenciesMs }) => percentile(latenciesMs, 0.5)) ?? [];
  return contestants.map(({ name, results }) => {
    const all = results.flatMap(({ latenciesMs }) => latenciesMs);
    const wallMs = results.reduce((sum, result) => sum + result.wallMs, 0);
    return {
      name,
      fetches: all.length,
      p50Ms: percentile(all, 0.5),
      p99Ms: percentile(all, 0.99),
      mbPerS: (all.length * sizeBytes) / 1000 / wallMs,
      ratio: medianRatio(
        results.map(({ latenciesMs }) => percentile(latenciesMs, 0.5)),
        floors,
      ),
    };
  });
}

export function medianRatio(values: readonly number[], floors: readonly number[]): number {
  return percentile(
    values.map((value, round) => value / (floors[round] ?? Number.NaN)),
    0.5,
  );
}
