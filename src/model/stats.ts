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
  /** As it was published or joined. */
  readonly name: string;
  /** Whether a producer sends. */
  readonly state: StreamState;
  /** Their ids, in the order in which they were declared. */
  readonly renditions: readonly string[];
  /** What the live playlist lists, in ms; of the longest rendition. */
  readonly windowMs: number;
  /** What the playlist of the DVR window lists, in ms; of the longest rendition. */
  readonly dvrWindowMs: number;
  /** Media in memory. */
  readonly sizeBytes: number;
  /** What is on disk of it; absent where nothing is kept. */
  readonly kept?: KeptStats;
}

/** How one rendition stands. Counts are since the worker started. */
export interface RenditionStats {
  /** Unique in the stream. */
  readonly id: string;
  /** What is in it. */
  readonly kind: RenditionKind;
  /** Absent while no init segment says which, and of text. */
  readonly codecs?: string;
  /** Where the last part stands; absent while there is none. */
  readonly last?: PartPosition;
  /** EXT-X-MEDIA-SEQUENCE of the live playlist. */
  readonly firstMsn: number;
  /** Closed segments that the live playlist lists. */
  readonly segments: number;
  /** What the live playlist lists, in ms. */
  readonly windowMs: number;
  /** What the playlist of the DVR window lists, in ms. */
  readonly dvrWindowMs: number;
  /** Parts in the ring. */
  readonly parts: number;
  /** Bytes of these parts. */
  readonly sizeBytes: number;
  /** Requests for media that were answered. */
  readonly hits: number;
  /** Requests for media that was not there. */
  readonly misses: number;
  /** Requests that wait for a part or a playlist now. */
  readonly waiting: number;
  /** Waits that ended with their deadline. */
  readonly expired: number;
  /** Parts shorter than 85 % of the part target without an excuse (rule 15). */
  readonly shortParts: number;
  /** How often something was taken although it was not as it should be. */
  readonly warnings: number;
  /** What the last such thing was; absent while there is none. */
  readonly lastWarning?: string;
  /** Steps of the producer that were refused. */
  readonly refused: number;
  /** Why the last one was; absent while there is none. */
  readonly lastRefusal?: string;
}

/** How one stream stands. */
export interface StreamStats extends StreamSummary {
  /** Of the producer that writes now: part of every media URI. */
  readonly epoch: string;
  /** Whether segments leave the playlist. */
  readonly type: StreamType;
  /** No part lasts longer. */
  readonly partTargetMs: number;
  /** EXT-X-TARGETDURATION, in ms. */
  readonly targetDurationMs: number;
  /** Since the last part, in ms; absent before the first. */
  readonly idleMs?: number;
  /** In the order in which they were declared. */
  readonly renditionStats: readonly RenditionStats[];
  /** Bytes taken in, by where they came from. */
  readonly sources: Readonly<Record<MediaSource, number>>;
  /** Where it is kept. */
  readonly persistence: Persistence;
}

/** The content of `stats.json`. */
export interface RelayStats {
  /** Of the library in the worker. */
  readonly version: string;
  /** Those that have a place in memory. */
  readonly streams: readonly StreamStats[];
  /** Media in memory, of all streams. */
  readonly sizeBytes: number;
  /** What the rings may hold together. */
  readonly maxBytes: number;
  /** Places for playlists, one for each rendition. */
  readonly places: { readonly used: number; readonly total: number };
  /** Where streams are kept. */
  readonly persistence: Persistence;
  /** Why it is `memory` although it ought not to be, or what else the disk did not take. */
  readonly persistenceError?: string;
  /** Absent where nothing is kept on disk. */
  readonly storage?: StorageStats;
}
