import type { PartPosition } from "./ids.ts";
import type { StreamType } from "./options.ts";
import type { RenditionKind } from "./rendition-options.ts";
import type { KeptStats, StorageStats } from "./storage.ts";

/**
 * `live`: a producer sends; `waiting`: none has for a while, and one may go on; `ended`: it said so, or stayed away for too long; the
 * window stays readable.
 */
export type StreamState = "live" | "waiting" | "ended";

/** Where a stream is kept: `memory` until the worker is terminated, `disk` beyond that. */
export type Persistence = "memory" | "disk";

/** Where media came from: a page of this browser that made it, another viewer, or an HTTP origin. */
export type MediaSource = "page" | "peer" | "origin";

/** One line of `relay.streams()`. */
export interface StreamSummary {
  readonly name: string;
  readonly state: StreamState;
  readonly renditions: readonly string[];
  /** Listed in the playlist, in ms. */
  readonly windowMs: number;
  /** Listed in the playlist of the DVR window. */
  readonly dvrWindowMs: number;
  /** In memory. */
  readonly sizeBytes: number;
  /** What is on disk of it; absent where nothing is kept. */
  readonly kept?: KeptStats;
}

export interface RenditionStats {
  readonly id: string;
  readonly kind: RenditionKind;
  /** Absent while no init segment says which, and of text. */
  readonly codecs?: string;
  /** Last part; absent while there is none. */
  readonly last?: PartPosition;
  readonly firstMsn: number;
  readonly segments: number;
  readonly windowMs: number;
  readonly dvrWindowMs: number;
  readonly parts: number;
  readonly sizeBytes: number;
  /** Answered from the ring, and asked for in vain. */
  readonly hits: number;
  readonly misses: number;
  /** Requests that wait for a part or a playlist now. */
  readonly waiting: number;
  /** Waits that ended with their deadline. */
  readonly expired: number;
  /** Parts shorter than 85 % of the part target without an excuse (rule 15). */
  readonly shortParts: number;
  /** What was taken although it was not as it should be, and what the last such thing was. */
  readonly warnings: number;
  readonly lastWarning?: string;
  /** Steps of the producer that were refused, and why the last one was. */
  readonly refused: number;
  readonly lastRefusal?: string;
}

export interface StreamStats extends StreamSummary {
  readonly epoch: string;
  readonly type: StreamType;
  readonly partTargetMs: number;
  readonly targetDurationMs: number;
  /** Since the last part, in ms; absent before the first. */
  readonly idleMs?: number;
  readonly renditionStats: readonly RenditionStats[];
  /** Bytes taken in, by where they came from. */
  readonly sources: Readonly<Record<MediaSource, number>>;
  readonly persistence: Persistence;
}

/** The content of `stats.json`. */
export interface RelayStats {
  readonly version: string;
  readonly streams: readonly StreamStats[];
  readonly sizeBytes: number;
  readonly maxBytes: number;
  readonly places: { readonly used: number; readonly total: number };
  readonly persistence: Persistence;
  /** Why it is `memory` although it ought not to be, or what else the disk did not take. */
  readonly persistenceError?: string;
  /** Absent where nothing is kept on disk. */
  readonly storage?: StorageStats;
}
