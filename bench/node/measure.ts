import { measure } from "mitata";

/** One line of the tables. */
export interface Result {
  readonly group: string;
  readonly name: string;
  /** What one operation took: half of the samples took less. */
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly averageNs: number;
  /** Bytes that one operation stands for, where it moves media. */
  readonly sizeBytes?: number;
  /** What `p50Ns` should be at most. */
  readonly targetNs?: number;
}

export interface Work {
  /** What is measured, said exactly. */
  readonly name: string;
  /** Operations that one call of `run` makes. Default 1. */
  readonly operations?: number;
  readonly sizeBytes?: number;
  readonly targetNs?: number;
  readonly run: () => unknown;
}

export interface Group {
  readonly title: string;
  /** What holds for all lines of it. */
  readonly about: string;
  /** Prepares each work when its turn comes, so that one does not hold memory while another is measured. */
  readonly works: readonly (() => Work | Promise<Work>)[];
}

/** Measures one work after the other, in samples that are long enough for the clock. */
export async function measureGroup({ title, works }: Group, budgetMs: number): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const prepare of works) {
    const { name, operations = 1, sizeBytes, targetNs, run } = await prepare();
    const { p50, p99, avg } = await measure(run, { min_cpu_time: budgetMs * 1e6 });
    results.push({
      group: title,
      name,
      p50Ns: p50 / operations,
      p99Ns: p99 / operations,
      averageNs: avg / operations,
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(targetNs === undefined ? {} : { targetNs }),
    });
    process.stderr.write(".");
  }
  return results;
}

/** Of several rounds, each line as it was in the round that disturbed it least: others may use the machine too. */
export function quietest(rounds: readonly (readonly Result[])[]): readonly Result[] {
  const [first = [], ...others] = rounds;
  return first.map((result, index) =>
    others.reduce((best, round) => {
      const again = round[index];
      return again !== undefined && again.p50Ns < best.p50Ns ? again : best;
    }, result),
  );
}
