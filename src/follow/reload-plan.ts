import { millisecondsOf } from "../reader/attributes.ts";
import { type MediaPlaylist, nextPosition } from "../reader/media-playlist.ts";

/** How a playlist is asked for next. */
export interface Reload {
  /** Delivery directives (6.2.5); empty for a plain request. */
  readonly query: string;
  readonly isBlocking: boolean;
  readonly isDelta: boolean;
  readonly deadlineMs: number;
}

export const DEFAULT_TARGET_MS = 6_000;
/** Whoever holds the first playlist until there is something to list takes so long. */
const FIRST_DEADLINE_MS = 15_000;
/** Beyond what the origin may block. */
const SLACK_MS = 5_000;
const PLAIN: Reload = { query: "", isBlocking: false, isDelta: false, deadlineMs: FIRST_DEADLINE_MS };

export interface Known {
  /** Full, or merged. */
  readonly playlist: MediaPlaylist;
  /** How long ago it was had. */
  readonly ageMs: number;
}

/**
 * A blocking request for the next part or segment, and a delta where one will do; a plain one where the origin does not block, or
 * `isPlain` since it went wrong the last time.
 * @see draft-pantos-hls-rfc8216bis-22, sections 6.2.5 and 6.3.7
 */
export function nextReload(known: Known | undefined, isPlain: boolean): Reload {
  if (known === undefined) return PLAIN;
  const { playlist, ageMs } = known;
  const { control, targetDurationMs = DEFAULT_TARGET_MS, partTargetMs } = playlist;
  const deadlineMs = 3 * targetDurationMs + SLACK_MS;
  if (isPlain) return { ...PLAIN, deadlineMs };
  const directives: string[] = [];
  const isBlocking = control.get("CAN-BLOCK-RELOAD") === "YES";
  if (isBlocking) {
    const { msn, part } = nextPosition(playlist);
    directives.push(`_HLS_msn=${msn}`);
    if (partTargetMs !== undefined) directives.push(`_HLS_part=${part}`);
  }
  // 6.3.7: not upon a playlist that is older than half of what may be skipped.
  const isDelta = ageMs < (millisecondsOf(control.get("CAN-SKIP-UNTIL")) ?? 0) / 2;
  if (isDelta) directives.push("_HLS_skip=YES");
  return { query: directives.join("&"), isBlocking, isDelta, deadlineMs };
}

/** Beyond twice what a blocking answer takes where all is well: so late, it may not come. */
const OVERDUE_SLACK_MS = 1_000;

export function overdueMs(playlist: MediaPlaylist | undefined): number {
  const { partTargetMs, targetDurationMs = DEFAULT_TARGET_MS } = playlist ?? {};
  return 2 * (partTargetMs ?? targetDurationMs) + OVERDUE_SLACK_MS;
}

/** An origin that does not block, though it said so, is not asked faster than this; nor one whose target is next to nothing. */
const MIN_PAUSE_MS = 100;

/**
 * How long after the start of one request the next may start, 6.3.4: at once where the origin blocks and had something new, a target
 * duration else, half of one where nothing was new. What has parts is polled by their target.
 * @param unchanged answers in a row without anything new
 */
export function pauseMs(playlist: MediaPlaylist, { isBlocking }: Reload, unchanged: number): number {
  const { partTargetMs, targetDurationMs = DEFAULT_TARGET_MS } = playlist;
  const unitMs = playlist.tags.has("EXT-X-PART") ? (partTargetMs ?? targetDurationMs) : targetDurationMs;
  if (!isBlocking) return Math.max(MIN_PAUSE_MS, unchanged > 0 ? unitMs / 2 : unitMs);
  if (unchanged === 0) return 0;
  // An honest answer without news took as long as an origin blocks; for any other it gets longer.
  return Math.max(MIN_PAUSE_MS, Math.min(targetDurationMs, Math.max(MIN_PAUSE_MS, unitMs / 2) * unchanged));
}

export function withQuery(url: string, query: string): string {
  if (query === "") return url;
  // Behind a fragment it would be part of that, and never sent.
  const [asked = ""] = url.split("#", 1);
  return `${asked}${asked.includes("?") ? "&" : "?"}${query}`;
}
