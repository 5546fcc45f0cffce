import type { WorkerMemory } from "../../e2e/worker-memory.ts";

export interface Sample extends WorkerMemory {
  readonly atMs: number;
  /** Counts the quiet stretches: within one the worker lives. */
  readonly stretch: number;
}

export interface Slope {
  readonly minutes: number;
  readonly samples: number;
  readonly firstBytes: number;
  readonly lastBytes: number;
  /** Of the line through all samples. */
  readonly bytesPerMinute: number;
}

const MIN_SAMPLES = 5;

/** The line through the samples of a stretch, by least squares; undefined where they are too few. */
export function slopeOf(samples: readonly Sample[]): Slope | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || samples.length < MIN_SAMPLES) return undefined;
  const sizeOf = ({ heapBytes, bufferBytes }: WorkerMemory): number => heapBytes + bufferBytes;
  const points = samples.map((sample) => [(sample.atMs - first.atMs) / 60_000, sizeOf(sample)] as const);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [minutes, bytes] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const over = points.reduce((sum, [x, y]) => sum + (x - minutes) * (y - bytes), 0);
  const under = points.reduce((sum, [x]) => sum + (x - minutes) ** 2, 0);
  return {
    minutes: (last.atMs - first.atMs) / 60_000,
    samples: samples.length,
    firstBytes: sizeOf(first),
    lastBytes: sizeOf(last),
    bytesPerMinute: under === 0 ? 0 : over / under,
  };
}
