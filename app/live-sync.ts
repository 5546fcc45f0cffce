/** What a decision about the playback rate needs. */
export interface LiveDistance {
  readonly latencyMs: number;
  readonly targetLatencyMs: number;
  /** Media loaded and not shown yet. */
  readonly bufferAheadMs: number;
}

const NORMAL = 1;
/** Makes up 100 ms a second; the pitch is kept, and hardly anyone hears it. */
const FASTER = 1.1;
/** Further behind its target than this, playback is made faster until it is as near as the other. */
const START_BEHIND_MS = 200;
const STOP_BEHIND_MS = 120;
/** Further behind, somebody went back on purpose. */
const LEFT_BEHIND_MS = 3_000;
/** Below this share of the target latency in hand, nothing is hurried. */
const MIN_AHEAD = 0.6;

/**
 * Makes up for time that a slow start or a stall has cost. hls.js would do so only with more than a second in hand, which
 * parts of 200 ms never have.
 */
export class LiveSync {
  #catchingUp = false;

  /** The rate to play at; undefined to leave alone what a person has chosen. */
  rate(current: number, { latencyMs, targetLatencyMs, bufferAheadMs }: LiveDistance): number | undefined {
    if (current !== NORMAL && current !== FASTER) return undefined;
    const behindMs = latencyMs - targetLatencyMs;
    const known = targetLatencyMs > 0 && behindMs < LEFT_BEHIND_MS;
    const enough = known && bufferAheadMs > MIN_AHEAD * targetLatencyMs;
    this.#catchingUp = enough && behindMs > (this.#catchingUp ? STOP_BEHIND_MS : START_BEHIND_MS);
    return this.#catchingUp ? FASTER : NORMAL;
  }
}
