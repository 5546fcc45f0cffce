import { RelayError } from "../model/errors.ts";
import type { PartPosition } from "../model/ids.ts";

/** The delivery directives of a playlist request (6.2.5), checked. */
export interface ReloadAsk {
  /** `_HLS_msn` */
  readonly msn?: number;
  /** `_HLS_part`; never without `msn` (rule 54). */
  readonly part?: number;
  /** `_HLS_skip=YES|v2` */
  readonly skip: boolean;
  /** `_HLS_skip=v2`: date ranges may be skipped too. */
  readonly skipDateRanges?: boolean;
}

/** Part indexes of one segment lie below this, so that positions order as one number. */
const PARTS_PER_SEGMENT = 65_536;

/** A position as one number that orders like playlists do: the key its waiters share. */
export function positionKey(position: PartPosition): number {
  return position.msn * PARTS_PER_SEGMENT + Math.min(position.part, PARTS_PER_SEGMENT - 1);
}

/** The position that a key stands for. */
export function positionOf(key: number): PartPosition {
  return { msn: Math.floor(key / PARTS_PER_SEGMENT), part: key % PARTS_PER_SEGMENT };
}

/** What the answer to a blocking reload depends on. */
export interface LiveEdge {
  /** The last part; undefined before the first. */
  readonly last: PartPosition | undefined;
  /** The MSN that the next segment has if there is no part yet. */
  readonly firstMsn: number;
  readonly partTargetMs: number;
  readonly targetDurationMs: number;
}

/**
 * The key a request has to wait for; undefined when it can be answered now.
 *
 * `_HLS_msn=M` alone waits until M is complete (rule 51), and a segment is complete exactly when the next one opens: so it
 * is the same as part 0 of M+1. A part past the last of a closed parent is met by part 0 of the next (rule 53), because
 * keys are ordered.
 * @throws RelayError `reload-too-far-ahead`
 * @see RFC 8216bis 6.2.5.2
 */
export function reloadKey(ask: ReloadAsk, edge: LiveEdge): number | undefined {
  if (ask.msn === undefined) return undefined;
  const wanted = ask.part === undefined ? { msn: ask.msn + 1, part: 0 } : { msn: ask.msn, part: ask.part };
  const { last } = edge;
  if (last !== undefined && positionKey(last) >= positionKey(wanted)) return undefined;
  checkNotTooFar(ask, edge);
  return positionKey(wanted);
}

function checkNotTooFar(ask: ReloadAsk, edge: LiveEdge): void {
  const last = edge.last ?? { msn: edge.firstMsn, part: -1 };
  const msn = ask.msn ?? 0;
  const part = ask.part ?? 0;
  // 6.2.5.2 refuses more than two segments ahead, or more parts ahead than the Advance Part Limit. Tune-in may ask
  // 1.5 target durations ahead (rule 55), which short parts make the larger of the two.
  const advance = Math.ceil(Math.max(3_000, 1.5 * edge.targetDurationMs) / Math.min(edge.partTargetMs, 1_000));
  const tooFar = msn > last.msn + 2 || (msn === last.msn ? part > last.part + advance : part > advance);
  if (!tooFar) return;
  throw new RelayError(
    "reload-too-far-ahead",
    `the last part is ${last.msn}.${last.part}: expected at most segment ${last.msn + 2} or ${advance} parts ahead, got ${msn}.${part}`,
  );
}

/** What is there already and has not followed by then is too late for a player that begins. */
export const CATCH_UP_MS = 3_000;

/** How long a first playlist may be held: below the 10 s that hls.js gives it; a 503 is retried. */
export function firstPlaylistDeadlineMs(targetDurationMs: number): number {
  return Math.min(9_000, 3 * targetDurationMs);
}

/**
 * How long a playlist request may block. hls.js gives it max(3 PT, 0.8 TD), at most 10 s, and repeats it without
 * directives: the current playlist comes before that (rule 58).
 */
export function reloadDeadlineMs(partTargetMs: number, targetDurationMs: number): number {
  const patienceMs = Math.min(10_000, Math.max(3 * partTargetMs, 0.8 * targetDurationMs));
  return Math.min(0.9 * patienceMs, 3 * targetDurationMs);
}
