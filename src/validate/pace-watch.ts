import type { Clock } from "../model/clock.ts";
import { lastPosition, type MediaPlaylist, segmentMs } from "../reader/media-playlist.ts";
import type { LagWatch } from "./lag-watch.ts";
import { type Pace, reaches } from "./rule.ts";

/** Enough to tell an accident from a habit. */
const MAX_GAPS = 60;

/** Times between new parts, and between new segments, as a blocked client sees them. */
export class PaceWatch {
  readonly #clock: Clock;
  readonly #lag: LagWatch;
  readonly #partGapsMs: number[] = [];
  readonly #segmentGapsMs: number[] = [];
  #last: MediaPlaylist | undefined;
  #lastPartMs: number | undefined;
  #lastSegmentMs: number | undefined;
  #longestSegmentMs = 0;

  constructor(clock: Clock, lag: LagWatch) {
    this.#clock = clock;
    this.#lag = lag;
  }

  /** `prompt`: the playlist came as soon as its last part was there. Returns the pace when there is something new. */
  take(playlist: MediaPlaylist, prompt: boolean): Pace | undefined {
    const nowMs = this.#clock.now();
    const before = this.#last;
    this.#last = playlist;
    for (const segment of playlist.segments.slice(-3)) {
      this.#longestSegmentMs = Math.max(this.#longestSegmentMs, segmentMs(segment));
    }
    const last = lastPosition(playlist);
    const was = before && lastPosition(before);
    if (before === undefined || last === undefined || was === undefined || reaches(was, last)) return undefined;
    // The last playlist adds what was left, whenever the end came.
    if (playlist.ended) return undefined;
    const { partTargetMs, targetDurationMs } = playlist;
    if (prompt && this.#lastPartMs !== undefined) push(this.#partGapsMs, this.#gapMs(this.#lastPartMs));
    this.#lastPartMs = prompt ? nowMs : undefined;
    if ((playlist.segments.at(-1)?.msn ?? 0) > (before.segments.at(-1)?.msn ?? 0)) {
      if (this.#lastSegmentMs !== undefined) push(this.#segmentGapsMs, this.#gapMs(this.#lastSegmentMs));
      this.#lastSegmentMs = nowMs;
    }
    return {
      partGapsMs: prompt ? this.#partGapsMs : [],
      segmentGapsMs: this.#segmentGapsMs,
      partTargetMs,
      targetDurationMs: targetDurationMs ?? 0,
      longestSegmentMs: this.#longestSegmentMs,
    };
  }

  #gapMs(fromMs: number): number {
    return this.#clock.now() - fromMs - this.#lag.sinceMs(fromMs);
  }
}

function push(gaps: number[], gapMs: number): void {
  gaps.push(gapMs);
  if (gaps.length > MAX_GAPS) gaps.shift();
}
