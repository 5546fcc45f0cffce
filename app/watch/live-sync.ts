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
/** What a skip must leave in hand: a seek costs the decoder a moment, for which there must be media. */
const AHEAD_AFTER_SKIP = 0.75;
/** Looks at a playback that begins, four a second, in which it may skip. */
const JOINING_LOOKS = 8;

/**
 * Makes up for time that a slow start or a stall has cost. hls.js would do so only with more than a second in hand, which
 * parts of 200 ms never have.
 */
export class LiveSync {
  #catchingUp = false;
  #joiningLooks = JOINING_LOOKS;

  /** Another playback begins. */
  restart(): void {
    this.#catchingUp = false;
    this.#joiningLooks = JOINING_LOOKS;
  }

  /**
   * Once, as the first pictures move: how much of the media in hand to skip, in ms, or 0. A player begins where it can decode and
   * after all it had to load, which is up to two seconds too early; made up by rate alone, that would take twenty. The skip waits for the media
   * that makes it reach; the last look takes what there is.
   */
  skipMs({ latencyMs, targetLatencyMs, bufferAheadMs }: LiveDistance): number {
    const behindMs = latencyMs - targetLatencyMs;
    // Before its first media has told it where it is, a player takes itself for as far behind as the window is long.
    if (this.#joiningLooks === 0 || targetLatencyMs <= 0 || behindMs >= LEFT_BEHIND_MS) return 0;
    this.#joiningLooks -= 1;
    const sparedMs = Math.min(behindMs, bufferAheadMs - AHEAD_AFTER_SKIP * targetLatencyMs);
    const reaches = sparedMs >= behindMs - STOP_BEHIND_MS;
    if (sparedMs <= START_BEHIND_MS || !(reaches || this.#joiningLooks === 0)) return 0;
    this.#joiningLooks = 0;
    return sparedMs;
  }

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
