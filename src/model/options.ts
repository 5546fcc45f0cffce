import { checkNumber, checkObject, checkOneOf, checkWhole } from "./checks.ts";
import { type RenditionConfig, type RenditionOptions, resolveRenditions } from "./rendition-options.ts";

/** How parts are addressed: each by a URI of its own, or as a range of its segment. */
export type PartForm = "files" | "byterange";
/** Whether segments leave the playlist (`live`) or all of them stay (`event`). */
export type StreamType = "live" | "event";

/**
 * How a stream is cut and listed. One part target and one target duration hold for all renditions, so that these cannot
 * differ (rule 13). All durations are milliseconds and stay fixed while the stream lives
 * (rules 5 and 9).
 */
export interface StreamOptions {
  /** 1 to 16; one variant at least. */
  readonly renditions: readonly RenditionOptions[];
  /** No part lasts longer than this. Default 500. */
  readonly partTargetMs?: number;
  /** EXT-X-TARGETDURATION; rounded up to whole seconds. Default 6000. */
  readonly targetDurationMs?: number;
  /** A segment closes at the first independent part after this. Default 1500, at most the target duration. */
  readonly segmentMinMs?: number;
  /**
   * `live`: a sliding window. `event`: nothing leaves the playlists (EXT-X-PLAYLIST-TYPE:EVENT, and VOD once it has ended); a
   * ring that is full ends the stream. Default `live`.
   */
  readonly type?: StreamType;
  /**
   * `files`: each part has a URI of its own. `byterange`: parts are ranges of their segment, which grows; a hint is then wrong where a
   * segment ends, since only the next part tells. Subtitles are always files. Default `files`.
   */
  readonly parts?: PartForm;
  /**
   * Whether delta updates may leave date ranges out (CAN-SKIP-DATERANGES), as a stream with many of them wants. Date ranges can be
   * published without it too. Default false.
   */
  readonly skipDateRanges?: boolean;
}

/** StreamOptions, checked and complete. */
export interface StreamConfig {
  /** In the order in which they were declared. */
  readonly renditions: readonly RenditionConfig[];
  /** No part lasts longer. */
  readonly partTargetMs: number;
  /** EXT-X-TARGETDURATION: whole seconds, in ms. */
  readonly targetDurationMs: number;
  /** A segment closes at the first independent part after this. */
  readonly segmentMinMs: number;
  /** Whether segments leave the playlist. */
  readonly type: StreamType;
  /** How parts are addressed. */
  readonly parts: PartForm;
  /** Whether delta updates may leave date ranges out. */
  readonly skipDateRanges: boolean;
}

/** Sizes of the ring caches. The defaults are those of the reference design. */
export interface CacheOptions {
  /** Rings, one for each rendition of each stream. Default 5. */
  readonly numPlaylists?: number;
  /** Segments a playlist lists. Default 32. */
  readonly maxSegments?: number;
  /** Slots per segment. Default 128. */
  readonly maxPartsPerSegment?: number;
  /** Bytes one ring may hold; the oldest parts leave first. Default 128 MiB. */
  readonly maxBytesPerPlaylist?: number;
  /** Bytes all rings may hold together; the oldest parts of any ring leave first. Default 512 MiB. */
  readonly maxBytes?: number;
}

export type CacheConfig = Required<CacheOptions>;

const DEFAULT_CACHE: CacheConfig = {
  numPlaylists: 5,
  maxSegments: 32,
  maxPartsPerSegment: 128,
  maxBytesPerPlaylist: 128 * 1024 * 1024,
  maxBytes: 512 * 1024 * 1024,
};

/** A part below this cannot be cut on time by a real encoder (three frames at 60 Hz). */
export const MIN_PART_TARGET_MS = 50;
const MAX_TARGET_DURATION_MS = 60_000;
/** Of an origin without parts each segment is one. */
const MAX_PART_TARGET_MS = MAX_TARGET_DURATION_MS;
/** @throws RelayError `invalid-option` */
export function resolveCacheOptions(options: CacheOptions = {}): CacheConfig {
  const config = { ...DEFAULT_CACHE, ...options };
  for (const [name, value] of Object.entries(config)) checkWhole(name, value, 1);
  return config;
}

/** Checks options that may be anything, and fills in the defaults. @throws RelayError `invalid-option` or `invalid-name` */
export function resolveStreamOptions(options: StreamOptions): StreamConfig {
  checkObject("options", options);
  const renditions = resolveRenditions(options.renditions);
  const partTargetMs = checkNumber("partTargetMs", options.partTargetMs ?? 500, MIN_PART_TARGET_MS, MAX_PART_TARGET_MS);
  const askedTargetMs = checkNumber(
    "targetDurationMs",
    options.targetDurationMs ?? 6_000,
    partTargetMs,
    MAX_TARGET_DURATION_MS,
  );
  const targetDurationMs = Math.ceil(askedTargetMs / 1000) * 1000;
  const segmentMinMs = checkNumber(
    "segmentMinMs",
    options.segmentMinMs ?? Math.min(1_500, askedTargetMs),
    0,
    targetDurationMs,
  );
  return {
    renditions,
    partTargetMs,
    targetDurationMs,
    segmentMinMs,
    type: checkOneOf("type", options.type ?? "live", ["live", "event"]),
    parts: checkOneOf("parts", options.parts ?? "files", ["files", "byterange"]),
    skipDateRanges: options.skipDateRanges === true,
  };
}

/** Whether a producer with one of these may go on in the playlists of the other: what a playlist fixes is the same. */
export function hasSamePlaylists(one: StreamConfig, other: StreamConfig): boolean {
  return fixedOf(one) === fixedOf(other);
}

function fixedOf({ renditions, ...config }: StreamConfig): string {
  const tracks = renditions.map(({ id, kind, container = "fmp4", group, name, language }) => [
    id,
    kind,
    container,
    group,
    name,
    language,
  ]);
  return JSON.stringify([Object.entries(config).sort(), tracks.sort()]);
}
