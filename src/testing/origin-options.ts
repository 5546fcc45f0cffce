import { checkNumber, checkOneOf } from "../model/checks.ts";
import { RelayError } from "../model/errors.ts";
import { checkName } from "../model/ids.ts";
import { type CacheOptions, resolveStreamOptions, type StreamOptions, type StreamType } from "../model/options.ts";
import { checkFaults, type FaultWorld } from "./check-faults.ts";
import { type SyntheticMedia, type SyntheticMediaOptions, synthesize } from "./media/synthetic-media.ts";
import type { OriginFault } from "./origin-fault.ts";
import { type ClockPace, speedOf } from "./paced-clock.ts";
import type { PlaylistFeatures } from "./rewrite-playlist.ts";

/** A stream of a test origin. All of it may be left out. */
export interface OriginOptions {
  /** Name of the stream, which its URLs hold. Default `test`. */
  readonly name?: string;
  /** What is in it. Default: one rendition of H.264 and AAC, 640x360 at 30 frames a second. */
  readonly media?: SyntheticMediaOptions;
  /** Whole frames, and a share of the second between key frames: 1000, 500, 333, 200, 166 or 100. Default 500. */
  readonly partTargetMs?: number;
  /** Whole seconds in ms, at least 2,000. Default 2,000. */
  readonly targetDurationMs?: number;
  /** `event`: nothing leaves the playlists. Default `live`. */
  readonly type?: StreamType;
  /** Parts as files, as byte ranges of their segment, or none: plain HLS. Default `files`. */
  readonly partForm?: "files" | "byterange" | "none";
  /** CAN-BLOCK-RELOAD. Default true. */
  readonly blockingReload?: boolean;
  /** CAN-SKIP-UNTIL. Default true. */
  readonly deltaUpdates?: boolean;
  /** EXT-X-PRELOAD-HINT. Default true. */
  readonly preloadHints?: boolean;
  /** What is there at the start, in ms of media: a player need not wait for a window. Default three target durations. */
  readonly historyMs?: number;
  /** Default `real`. */
  readonly clock?: ClockPace;
  /** What is drawn at random is drawn by this: jitter, and which bytes are corrupt. Default 1. */
  readonly seed?: number;
  /** What goes wrong, and when. Default nothing. */
  readonly faults?: readonly OriginFault[];
}

/** OriginOptions, checked and complete, without what cannot be sent to another thread. */
export interface OriginPlan {
  readonly name: string;
  readonly media: SyntheticMediaOptions;
  /** As the media is cut. */
  readonly partTargetMs: number;
  /** As the relay is told: samples are whole, so that parts may be longer by one. */
  readonly stream: StreamOptions;
  readonly features: PlaylistFeatures;
  readonly historyMs: number;
  readonly clock: ClockPace;
  readonly seed: number;
  readonly faults: readonly OriginFault[];
  readonly world: FaultWorld;
}

/** Most renditions that one origin's streams have together. */
export const ORIGIN_CACHE: CacheOptions = { numPlaylists: 32 };
const MIN_TARGET_MS = 2_000;
const MAX_HISTORY_MS = 4 * 3_600_000;
/** Parts of a second that are whole frames, 30 of them a second. */
const PARTS_A_SECOND = [1, 2, 3, 5, 6, 10];

/** @throws RelayError `invalid-option`, `invalid-name`: what was expected, and what came */
export async function planOrigin(
  options: OriginOptions,
  { hasWorker }: { readonly hasWorker: boolean },
): Promise<{ readonly plan: OriginPlan; readonly media: SyntheticMedia }> {
  const name = checkName(options.name ?? "test", "name");
  const targetDurationMs = checkNumber(
    "targetDurationMs",
    options.targetDurationMs ?? MIN_TARGET_MS,
    MIN_TARGET_MS,
    60_000,
  );
  const mediaOptions: SyntheticMediaOptions = { segmentMs: targetDurationMs, ...options.media };
  const media = await synthesize(mediaOptions);
  const partTargetMs = partTarget(options.partTargetMs ?? 500, media.keyFrameMs);
  const partForm = checkOneOf("partForm", options.partForm ?? "files", ["files", "byterange", "none"]);
  const clock = options.clock ?? "real";
  speedOf(clock);
  const stream: StreamOptions = {
    renditions: media.renditions,
    partTargetMs: media.declaredPartTargetMs(partTargetMs),
    targetDurationMs,
    // Key frames come once a second: the one at the target closes, and those before do not.
    segmentMinMs: targetDurationMs - media.keyFrameMs / 2,
    type: checkOneOf("type", options.type ?? "live", ["live", "event"]),
    parts: partForm === "byterange" ? "byterange" : "files",
  };
  const { renditions } = resolveStreamOptions(stream);
  const world: FaultWorld = {
    renditions: renditions.map(({ id }) => id),
    videoRenditions: renditions.filter(({ id }) => id.startsWith("v")).length,
    partTargetMs,
    targetDurationMs,
    hasWorker,
  };
  const plan: OriginPlan = {
    name,
    media: mediaOptions,
    partTargetMs,
    stream,
    features: {
      parts: partForm !== "none",
      blockingReload: options.blockingReload ?? true,
      deltaUpdates: options.deltaUpdates ?? true,
      preloadHints: options.preloadHints ?? true,
    },
    historyMs: checkNumber("historyMs", options.historyMs ?? 3 * targetDurationMs, 0, MAX_HISTORY_MS),
    clock,
    seed: checkNumber("seed", options.seed ?? 1, 0, 2 ** 32),
    faults: checkFaults(options.faults ?? [], world),
    world,
  };
  return { plan, media };
}

/** Of whole frames, and able to begin with each key frame: else no segment could. */
function partTarget(askedMs: unknown, keyFrameMs: number): number {
  const partTargetMs = checkNumber("partTargetMs", askedMs, 100, keyFrameMs);
  // 333 is meant to be a third.
  const parts = PARTS_A_SECOND.find((count) => Math.abs(keyFrameMs / count - partTargetMs) < 1);
  if (parts !== undefined) return keyFrameMs / parts;
  throw new RelayError(
    "invalid-option",
    `partTargetMs: expected 1000, 500, 333, 200, 166 or 100, which key frames once in ${keyFrameMs} ms can begin, got ${partTargetMs}`,
  );
}
