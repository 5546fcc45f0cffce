import type { RequestMatch } from "../origin-fault.ts";
import { requestsOf } from "../origin-trace.ts";
import { playedMs, quantile } from "../playback-report.ts";
import type { LiveOrigin } from "./live-origin.ts";
import type { PlaybackProbe } from "./playback-probe.ts";

/** What a matcher tells Playwright. */
export interface MatcherVerdict {
  /** It is as it was expected. */
  readonly pass: boolean;
  /** What was expected and what came. */
  readonly message: () => string;
}

/** How often a matcher that waits looks. */
const LOOK_EVERY_MS = 200;

/** For `expect.extend()`: what a viewer bore, and what a player asked for. */
export const originMatchers = {
  /** The picture never stood still for longer than `longerThanMs` (default 500), from the first movement on, or from a wall clock time on. */
  async toHaveNoStall(
    probe: PlaybackProbe,
    { longerThanMs = 500, fromMs = 0 }: { readonly longerThanMs?: number; readonly fromMs?: number } = {},
  ): Promise<MatcherVerdict> {
    const { stalls } = await probe.playback();
    const long = stalls.filter(({ atMs, durationMs }) => durationMs > longerThanMs && atMs + durationMs > fromMs);
    const told = long.map(({ atMs, durationMs, aheadMs }) => {
      return `${durationMs.toFixed(0)} ms at ${new Date(atMs).toISOString()} with ${aheadMs.toFixed(0)} ms in hand`;
    });
    return {
      pass: long.length === 0,
      message: () => `expected no stall over ${longerThanMs} ms, got ${told.join("; ") || "none"}`,
    };
  },

  /** Pictures were at most so old when they were shown: `share` of them (default 0.95), from a wall clock time on. */
  async toKeepLatencyBelow(
    probe: PlaybackProbe,
    limitMs: number,
    { share = 0.95, fromMs = 0 }: { readonly share?: number; readonly fromMs?: number } = {},
  ): Promise<MatcherVerdict> {
    const { latencies } = await probe.playback();
    const counted = latencies.filter(({ atMs }) => atMs >= fromMs).map(({ latencyMs }) => latencyMs);
    const reached = quantile(counted, share);
    const told = reached === undefined ? "no picture that could be read" : `${reached.toFixed(0)} ms`;
    return {
      pass: reached !== undefined && reached <= limitMs,
      message: () => `expected ${share * 100} % of ${counted.length} pictures within ${limitMs} ms, got ${told}`,
    };
  },

  /** Waits until `byMs` (default 1000) have been played from now on, seeks left aside, for `withinMs` (default 10,000) at most. */
  async toPlayOn(
    probe: PlaybackProbe,
    { byMs = 1_000, withinMs = 10_000 }: { readonly byMs?: number; readonly withinMs?: number } = {},
  ): Promise<MatcherVerdict> {
    const startedMs = Date.now();
    let played = 0;
    while (played < byMs && Date.now() - startedMs < withinMs) {
      await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
      played = playedMs(await probe.playback(), startedMs);
    }
    return {
      pass: played >= byMs,
      message: () => `expected ${byMs} ms to be played within ${withinMs} ms, got ${played.toFixed(0)} ms`,
    };
  },

  /** The origin was asked for something: at least once, or so many times. */
  async toHaveRequested(
    origin: LiveOrigin,
    match: RequestMatch,
    { times }: { readonly times?: number } = {},
  ): Promise<MatcherVerdict> {
    const { length } = requestsOf(await origin.trace(), match);
    return {
      pass: times === undefined ? length > 0 : length === times,
      message: () => `expected ${times ?? "at least one"} of ${JSON.stringify(match)}, got ${length}`,
    };
  },
};
