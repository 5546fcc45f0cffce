import { RelayError } from "./errors.ts";
import { checkName } from "./ids.ts";

/** One rendition of a stream: a track set that is encoded, cut and listed together. */
export interface RenditionOptions {
  /** 1 to 64 of `A-Z a-z 0-9 . _ -`, unique in the stream. */
  readonly id: string;
  /** RFC 6381 codecs, such as `avc1.42c01f,mp4a.40.2`. */
  readonly codecs: string;
  /** Peak bit rate in bits per second. */
  readonly bandwidth: number;
  /** Pixels; absent for audio only. */
  readonly width?: number;
  readonly height?: number;
  /** Frames per second. */
  readonly frameRate?: number;
}

/** How a stream is cut and listed. All durations are milliseconds and stay fixed while the stream lives (rules 5 and 9). */
export interface StreamOptions {
  readonly renditions: readonly RenditionOptions[];
  /** No part lasts longer than this. Default 500. */
  readonly partTargetMs?: number;
  /** EXT-X-TARGETDURATION; rounded up to whole seconds. Default 6000. */
  readonly targetDurationMs?: number;
  /** A segment closes at the first independent part after this. Default 1500, at most the target duration. */
  readonly segmentMinMs?: number;
}

/** StreamOptions, checked and complete. */
export interface StreamConfig {
  readonly renditions: readonly RenditionOptions[];
  readonly partTargetMs: number;
  readonly targetDurationMs: number;
  readonly segmentMinMs: number;
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

/** Most renditions one stream may declare. */
const MAX_RENDITIONS = 16;
/** A part below this cannot be cut on time by a real encoder (three frames at 60 Hz). */
const MIN_PART_TARGET_MS = 50;
const MAX_PART_TARGET_MS = 6_000;
const MAX_TARGET_DURATION_MS = 60_000;
/** RFC 6381 lists as they occur; nothing that could end a quoted playlist attribute. */
const CODECS = /^[A-Za-z0-9.,_ -]{1,200}$/;

export function checkNumber(what: string, value: unknown, min: number, max: number): number {
  if (typeof value === "number" && value >= min && value <= max) return value;
  throw new RelayError("invalid-option", `${what}: expected a number from ${min} to ${max}, got ${String(value)}`);
}

/** @throws RelayError `invalid-option` */
export function resolveCacheOptions(options: CacheOptions = {}): CacheConfig {
  const config = { ...DEFAULT_CACHE, ...options };
  for (const [name, value] of Object.entries(config)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RelayError("invalid-option", `${name}: expected a whole number of at least 1, got ${String(value)}`);
    }
  }
  return config;
}

/** @throws RelayError `invalid-option` or `invalid-name` */
export function resolveStreamOptions(options: StreamOptions): StreamConfig {
  const { renditions } = options;
  if (!Array.isArray(renditions) || renditions.length < 1 || renditions.length > MAX_RENDITIONS) {
    throw new RelayError(
      "invalid-option",
      `renditions: expected 1 to ${MAX_RENDITIONS}, got ${String(renditions?.length)}`,
    );
  }
  const seen = new Set<string>();
  for (const rendition of renditions) {
    checkName(rendition.id, "rendition");
    if (seen.has(rendition.id))
      throw new RelayError("invalid-option", `renditions: "${rendition.id}" is declared twice`);
    seen.add(rendition.id);
    if (typeof rendition.codecs !== "string" || !CODECS.test(rendition.codecs)) {
      throw new RelayError(
        "invalid-option",
        `codecs of "${rendition.id}": expected an RFC 6381 list, got ${String(rendition.codecs).slice(0, 80)}`,
      );
    }
    checkNumber(`bandwidth of "${rendition.id}"`, rendition.bandwidth, 1, 1e12);
    if (rendition.width !== undefined) checkNumber(`width of "${rendition.id}"`, rendition.width, 1, 65_535);
    if (rendition.height !== undefined) checkNumber(`height of "${rendition.id}"`, rendition.height, 1, 65_535);
    if (rendition.frameRate !== undefined)
      checkNumber(`frameRate of "${rendition.id}"`, rendition.frameRate, 0.1, 1_000);
  }
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
    renditions: renditions.map((rendition) => ({ ...rendition })),
    partTargetMs,
    targetDurationMs,
    segmentMinMs,
  };
}
