/** Eight frames at 30 Hz: a decoder needs no more to go on. */
const IN_HAND_MS = 250;

/** Counts stalls and loads of one playback. Time is injected; nothing here knows the player. */
export class PlaybackMeter {
  readonly #now: () => number;
  #played = false;
  #everPlayed = false;
  #stalledSince: number | undefined;
  #stalls = 0;
  #busyStalls = 0;
  #stalledMs = 0;
  #loads = 0;
  #partLoads = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Media moves. Ends a stall. */
  playing(): void {
    this.#played = true;
    this.#everPlayed = true;
    this.settle();
  }

  /**
   * Media stopped moving, with this much in hand. Before the first play this is start-up, no stall.
   * With media in hand it is the machine that was too busy to show it, not the stream that was late.
   */
  stopped(bufferAheadMs: number): void {
    if (!this.#played || this.#stalledSince !== undefined) return;
    this.#stalls += 1;
    if (bufferAheadMs >= IN_HAND_MS) this.#busyStalls += 1;
    this.#stalledSince = this.#now();
  }

  /** A pause or the end of the stream: whatever stall there was is over, and its time counts. */
  settle(): void {
    if (this.#stalledSince === undefined) return;
    this.#stalledMs += this.#now() - this.#stalledSince;
    this.#stalledSince = undefined;
  }

  /** One piece of media came. */
  loaded(isPart: boolean): void {
    this.#loads += 1;
    if (isPart) this.#partLoads += 1;
  }

  /** The source changes: what comes until it plays again is start-up. The counts go on. */
  restart(): void {
    this.settle();
    this.#played = false;
  }

  /** Whether anything was ever seen here, of any source. */
  get everPlayed(): boolean {
    return this.#everPlayed;
  }

  get stalled(): boolean {
    return this.#stalledSince !== undefined;
  }

  get stalls(): number {
    return this.#stalls;
  }

  /** Those of them that happened with media in hand. */
  get busyStalls(): number {
    return this.#busyStalls;
  }

  /** Total, with the stall that lasts now. */
  get stalledMs(): number {
    return this.#stalledMs + (this.#stalledSince === undefined ? 0 : this.#now() - this.#stalledSince);
  }

  get loads(): number {
    return this.#loads;
  }

  get partLoads(): number {
    return this.#partLoads;
  }
}
