import type { Clock } from "../model/clock.ts";

/** One track of a file on the output timeline, item by item. */
export interface PacedLane {
  /** Time of the next item if it is not after `limitUs`; `undefined` when there is none up to there, or none at all. */
  head(limitUs: number): Promise<number | undefined>;
  /** Gives the item that `head` told of. */
  give(): void;
  close(): void;
}

export interface PaceOptions {
  /** Sets the time; its end is the end. */
  readonly leading: PacedLane;
  /** Keeps up with the leading lane and never passes it. */
  readonly following?: PacedLane;
  /** See PacketSink. */
  readonly ready: () => Promise<void>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Items come this much before they are due, so that a part is complete when its time is. Default 60. */
  readonly aheadMs?: number;
}

const AHEAD_MS = 60;
/** Items this near are given at once: one timer serves several packets. */
const GRAIN_MS = 20;
/** Who is later than this (the machine slept, or nobody took the parts) goes on from now and does not catch up. */
const MAX_LATE_MS = 1_000;

/** Gives the items of the lanes in the order of their times, each when it is due. Resolves at the end, or when aborted. */
export async function pace(options: PaceOptions): Promise<void> {
  const { leading, following, ready, clock, signal, aheadMs = AHEAD_MS } = options;
  const aborted = whenAborted(signal);
  let zeroMs: number | undefined;
  while (!signal.aborted) {
    const leadUs = await leading.head(Number.POSITIVE_INFINITY);
    const followUs = await following?.head(leadUs ?? Number.POSITIVE_INFINITY);
    const lane = followUs === undefined ? leading : following;
    const timeUs = followUs ?? leadUs;
    if (lane === undefined || timeUs === undefined || signal.aborted) return;

    zeroMs ??= clock.now() + aheadMs - timeUs / 1000;
    const earlyMs = zeroMs + timeUs / 1000 - aheadMs - clock.now();
    if (earlyMs > GRAIN_MS) await sleep(clock, earlyMs, signal);
    else if (earlyMs < -MAX_LATE_MS) zeroMs -= earlyMs;
    await Promise.race([ready(), aborted]);
    if (signal.aborted) return;
    lane.give();
  }
}

function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    signal.addEventListener("abort", done);
  });
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
