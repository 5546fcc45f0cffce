import type { StreamEntry } from "./stream-entry.ts";

/** What one stream holds on disk. */
export interface StoredStreamStats {
  readonly sizeBytes: number;
  readonly segments: number;
  readonly windowMs: number;
  readonly pinned: boolean;
  readonly title?: string;
  /** Media that waits to be written. */
  readonly pendingBytes: number;
  /** Wall clock of the last batch that is on disk, in ms since the Unix epoch. Absent before the first. */
  readonly keptAtMs?: number;
}

export interface StoreStats {
  /** `memory`: nothing is written any more; what is on disk stays as it is. */
  readonly state: "disk" | "memory";
  readonly streams: ReadonlyMap<string, StoredStreamStats>;
  readonly sizeBytes: number;
  /** What the browser grants the whole origin. Absent while it has not said. */
  readonly quotaBytes?: number;
  readonly batches: number;
  /** Median of what the last batches took. */
  readonly writeMs: number;
  /** Parts that are not on disk, for want of room, and will not be. */
  readonly dropped: number;
  /** Records that could not be read, and batches that did not fit. */
  readonly troubles: number;
}

/** Batches whose times are remembered. */
const TIMES = 64;

/** The latest times of batches. */
export class WriteTimes {
  readonly #timesMs: number[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get medianMs(): number {
    const sorted = [...this.#timesMs].sort((a, b) => a - b);
    return sorted[sorted.length >>> 1] ?? 0;
  }

  add(tookMs: number): void {
    this.#timesMs[this.#count % TIMES] = tookMs;
    this.#count += 1;
  }
}

export function statsOf(entry: StreamEntry): StoredStreamStats {
  const { sizeBytes, segmentCount, windowMs, pinned, title, pendingBytes, keptAtMs } = entry;
  return {
    sizeBytes,
    segments: segmentCount,
    windowMs,
    pinned,
    pendingBytes,
    ...(title === undefined ? {} : { title }),
    ...(keptAtMs === undefined ? {} : { keptAtMs }),
  };
}
