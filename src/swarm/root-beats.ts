import { peerHash } from "./hash.ts";
import type { SwarmContext } from "./swarm-context.ts";

const BEAT_MS = 1000;
/** Beats of one second, so that those of two roots differ: each has its own among them. */
const BEATS_PER_SECOND = 16;
/** Older ones may be those of the root before. */
const CONTESTED_BEATS = 3 * BEATS_PER_SECOND;
/** No clock gives a later one. A frame has room for as many again, for a root that goes on from what somebody made up. */
const LATEST_BEAT = 2 ** 47;

/** The beats that come down the trees from their root: which is the newest, and, at the root, whether all that are heard are its own. */
export class RootBeats {
  readonly #context: SwarmContext;
  /** Ours among those of a second. */
  readonly #own: number;
  /** The newest that any neighbour told of, in any sub-stream, or that we gave. */
  #newest = 0;
  #beatMs = 0;
  /** The first that we gave as the root. */
  #first = Number.POSITIVE_INFINITY;
  #isContested = false;

  constructor(context: SwarmContext) {
    this.#context = context;
    this.#own = peerHash(context.options.self) % BEATS_PER_SECOND;
  }

  get newest(): number {
    return this.#newest;
  }

  /** A neighbour tells of the newest in each sub-stream. */
  heard(beats: readonly number[], isRoot: boolean): void {
    if (isRoot && beats.some((beat) => this.#isAnothers(beat))) this.#isContested = true;
    for (const beat of beats) if (beat > this.#newest && beat <= LATEST_BEAT) this.#newest = beat;
  }

  /** We came to be the root, or are it no more. */
  changed(isRoot: boolean): void {
    this.#isContested = false;
    this.#first = Number.POSITIVE_INFINITY;
    if (isRoot) this.#beatMs = 0;
  }

  /** The root's beat goes on, from where another root's was. */
  beat(): void {
    const nowMs = this.#context.clock.now();
    if (nowMs - this.#beatMs < BEAT_MS) return;
    this.#beatMs = nowMs;
    const least = Math.max(this.#newest + 1, Math.floor(this.#context.clock.wallMs() / BEAT_MS) * BEATS_PER_SECOND);
    const beat = Math.floor(least / BEATS_PER_SECOND) * BEATS_PER_SECOND + this.#own;
    this.#newest = beat < least ? beat + BEATS_PER_SECOND : beat;
    this.#first = Math.min(this.#first, this.#newest);
  }

  /** Whether another root was heard of since this was last asked. */
  takeContested(): boolean {
    const isContested = this.#isContested;
    this.#isContested = false;
    return isContested;
  }

  /** Whether the root's own beats come back from half of its neighbours: others may follow whom they like. */
  get isHeeded(): boolean {
    const since = this.#newest - CONTESTED_BEATS;
    const isOwn = (beat: number): boolean => beat > since && beat % BEATS_PER_SECOND === this.#own;
    let ready = 0;
    let heed = 0;
    for (const { isReady, beats } of this.#context.neighbours.list) {
      if (!isReady) continue;
      ready += 1;
      if (beats.some(isOwn)) heed += 1;
    }
    return heed > 0 && 2 * heed >= ready;
  }

  /** Whether a beat that came to the root is of now, and not its own. */
  #isAnothers(beat: number): boolean {
    const isNow = beat > Math.max(this.#first, this.#newest - CONTESTED_BEATS);
    return isNow && beat % BEATS_PER_SECOND !== this.#own;
  }
}
