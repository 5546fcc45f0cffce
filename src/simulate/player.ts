export interface PlayerOptions {
  readonly partMs: number;
  /** Behind the live edge at which it wants to play. */
  readonly latencyMs: number;
  /** Index of the first part that it loads. */
  readonly firstIndex: number;
}

/** So long it waits for a part when later ones are there; then it plays on without it, as the page that feeds it does. */
const PATIENCE_MS = 2000;
/** How much faster than real time a player that lags catches up. */
const CATCH_UP_RATE = 1.05;

/**
 * A player at the live edge, as hls.js is one: it starts at its latency as soon as media is there, stalls where a part is missing, and
 * then plays a little faster until it is back at its latency. Media time starts with the stream; everything is worked out when asked.
 */
export class Player {
  readonly #partMs: number;
  readonly #latencyMs: number;
  /** Parts beyond the first gap that are there. */
  readonly #early = new Set<number>();
  /** First part that is not there. */
  #nextIndex: number;
  #positionMs: number | undefined;
  #settledMs = 0;
  #isStalled = false;
  #stalledAtMs = 0;
  #missed = 0;
  #played = 0;
  #stallMs = 0;

  constructor({ partMs, latencyMs, firstIndex }: PlayerOptions) {
    this.#partMs = partMs;
    this.#latencyMs = latencyMs;
    this.#nextIndex = firstIndex;
  }

  get hasStarted(): boolean {
    return this.#positionMs !== undefined;
  }

  get nextIndex(): number {
    return this.#nextIndex;
  }

  has(index: number): boolean {
    return index < this.#nextIndex || this.#early.has(index);
  }

  /** Parts that were not there when they were to be played. */
  get missed(): number {
    return this.#missed;
  }

  /** Parts whose time came, missed ones included. */
  get played(): number {
    return this.#played;
  }

  get stallMs(): number {
    return this.#stallMs;
  }

  /** Behind the live edge; undefined before it has started. */
  latencyMs(nowMs: number): number | undefined {
    this.settle(nowMs);
    return this.#positionMs === undefined ? undefined : nowMs - this.#positionMs;
  }

  /** How long it can go on with what it has. */
  aheadMs(nowMs: number): number {
    this.settle(nowMs);
    return this.#positionMs === undefined ? 0 : Math.max(0, this.#nextIndex * this.#partMs - this.#positionMs);
  }

  add(index: number, nowMs: number): void {
    this.settle(nowMs);
    if (this.has(index)) return;
    this.#early.add(index);
    if (this.#isStalled && nowMs - this.#stalledAtMs > PATIENCE_MS) {
      const next = Math.min(...this.#early);
      // The first of them was missed when it stalled.
      this.#missed += next - this.#nextIndex - 1;
      this.#nextIndex = next;
    }
    while (this.#early.delete(this.#nextIndex)) this.#nextIndex += 1;
    if (this.#positionMs === undefined) {
      const startMs = nowMs - this.#latencyMs;
      if (this.#nextIndex * this.#partMs >= startMs + this.#partMs) this.#positionMs = startMs;
    }
    if (this.#nextIndex * this.#partMs > (this.#positionMs ?? Number.POSITIVE_INFINITY)) this.#isStalled = false;
  }

  /** The part will not come: it plays on without it, which it has missed. */
  skip(index: number, nowMs: number): void {
    this.settle(nowMs);
    if (this.has(index)) return;
    const isCounted = this.#isStalled && index === this.#nextIndex;
    if (!isCounted) this.#missed += 1;
    this.add(index, nowMs);
  }

  /** Plays up to now. */
  settle(nowMs: number): void {
    const fromMs = this.#settledMs;
    this.#settledMs = nowMs;
    if (this.#positionMs === undefined) return;
    let leftMs = nowMs - fromMs;
    const endMs = this.#nextIndex * this.#partMs;
    const before = Math.floor(this.#positionMs / this.#partMs);
    if (!this.#isStalled) {
      // Behind its latency it plays faster, until it is there.
      const lagMs = fromMs - this.#positionMs - this.#latencyMs;
      const catchMs = lagMs > 0 ? Math.min(leftMs, lagMs / (CATCH_UP_RATE - 1)) : 0;
      const wantedMs = this.#positionMs + catchMs * CATCH_UP_RATE + (leftMs - catchMs);
      if (wantedMs < endMs) {
        this.#positionMs = wantedMs;
        leftMs = 0;
      } else {
        leftMs = Math.min(leftMs, wantedMs - endMs);
        this.#positionMs = endMs;
        this.#isStalled = true;
        this.#stalledAtMs = nowMs - leftMs;
        this.#missed += 1;
      }
    }
    this.#stallMs += leftMs;
    this.#played += Math.floor(this.#positionMs / this.#partMs) - before;
  }
}
