import type { FollowEvent, FollowedPart } from "../../follow/follow-events.ts";
import { partNumber } from "../../model/part-header.ts";

/** What a playlist needs to be worth joining, in target durations (rule 30). */
const WINDOW_TARGETS = 3;
/** Of peers, whose uplinks a newcomer would keep busy, a player takes what it starts with: as from a publisher. */
export const SHARED_WINDOW_TARGETS = 1;
/** How far behind the live edge a page that takes over still goes on where the one before it stopped. */
const CATCH_UP_MS = 60_000;

export interface OriginWindow {
  /** What to go by, from the first part that is wanted on: what opens it comes with it. */
  readonly events: readonly FollowEvent[];
  /** The part follows the one that was fed last. */
  readonly isJoined: boolean;
}

/**
 * What of a playlist a viewer starts with: what follows the part that was fed last, or the last few target durations, from a part that
 * can be decoded by itself. `events` are all that its first reading gave.
 */
export function originWindow(
  events: readonly FollowEvent[],
  targetDurationMs: number,
  {
    last,
    targets = WINDOW_TARGETS,
  }: {
    readonly last?: { readonly msn: number; readonly part: number } | undefined;
    /** Of a fresh start, in target durations. Default 3. */
    readonly targets?: number;
  } = {},
): OriginWindow {
  const listed = events.flatMap((event, index) =>
    event.kind === "part" && !event.part.hinted ? [{ part: event.part, index }] : [],
  );
  const resumed = last === undefined ? undefined : resumedAt(listed, partNumber(last));
  const start = resumed ?? freshAt(listed, targets * targetDurationMs);
  // Hints, and the end, come after the last part.
  const startIndex = listed[start]?.index ?? (listed.at(-1)?.index ?? -1) + 1;
  return { events: [...stateAt(events, startIndex), ...events.slice(startIndex)], isJoined: resumed !== undefined };
}

interface Listed {
  readonly part: FollowedPart;
  readonly index: number;
}

/** Undefined where the part is not near enough, or the origin's numbers are others by now. */
function resumedAt(listed: readonly Listed[], last: number): number | undefined {
  const first = listed[0];
  const end = listed.at(-1);
  if (first === undefined || end === undefined || last > partNumber(end.part.key)) return undefined;
  const at = listed.findIndex(({ part }) => partNumber(part.key) > last);
  // Nothing is new yet: what comes next follows.
  if (at < 0) return listed.length;
  if (partNumber(first.part.key) > last) return undefined;
  const behindMs = listed.slice(at).reduce((sum, { part }) => sum + part.durationMs, 0);
  return behindMs > CATCH_UP_MS ? undefined : at;
}

function freshAt(listed: readonly Listed[], windowMs: number): number {
  let at = listed.length;
  let lengthMs = 0;
  while (at > 0 && lengthMs < windowMs) {
    at -= 1;
    lengthMs += listed[at]?.part.durationMs ?? 0;
  }
  const starts = ({ part }: Listed): boolean => part.independent && !part.gap;
  const before = listed.slice(0, at + 1).findLastIndex(starts);
  const after = listed.findIndex((one, index) => index >= at && starts(one));
  return before >= 0 ? before : Math.max(0, after);
}

/** Init segment, keys and date ranges as they are in effect there. */
function stateAt(events: readonly FollowEvent[], index: number): readonly FollowEvent[] {
  const before = events.slice(0, index);
  const init = before.findLast((event) => event.kind === "init");
  const keys = before.findLast((event) => event.kind === "keys");
  const ranges = before.filter((event) => event.kind === "date-range");
  return [...(init === undefined ? [] : [init]), ...(keys === undefined ? [] : [keys]), ...ranges];
}
