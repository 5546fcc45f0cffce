/**
 * How busy an encoder is. It counts the time in which frames are inside of it, less those that never leave: hardware holds a frame or two
 * back, at rest as well.
 */
export class EncoderLoad {
  /** Time spent with so many frames inside, since it was last read. */
  #spentMs: number[] = [];
  #inside = 0;
  #sinceMs: number;
  #readMs: number;
  #encoded = 0;
  #dropped = 0;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
    this.#readMs = nowMs;
  }

  enter(nowMs: number): void {
    this.#spend(nowMs);
    this.#inside++;
    this.#encoded++;
  }

  leave(nowMs: number): void {
    this.#spend(nowMs);
    this.#inside = Math.max(0, this.#inside - 1);
  }

  /** A frame was due and had no room. */
  drop(): void {
    this.#dropped++;
  }

  /** Nothing is inside any more: another encoder takes its place. */
  reset(nowMs: number): void {
    this.#spend(nowMs);
    this.#inside = 0;
  }

  /** Time busy per time, since it was last read; 1 and more where frames were dropped. */
  read(nowMs: number): number {
    this.#spend(nowMs);
    const elapsedMs = nowMs - this.#readMs;
    const floor = this.#spentMs.findIndex((ms) => ms > 0);
    const idleMs = floor === -1 ? elapsedMs : (this.#spentMs[floor] ?? 0);
    // Never more and never fewer: each frame goes in as the one before comes out, and nothing is held back.
    const isFull = floor > 0 && idleMs >= elapsedMs;
    const busy = elapsedMs <= 0 ? 0 : isFull ? 1 : Math.min(1, Math.max(0, 1 - idleMs / elapsedMs));
    const load = this.#dropped === 0 ? busy : 1 + this.#dropped / Math.max(1, this.#encoded);
    this.#spentMs = [];
    this.#readMs = nowMs;
    this.#encoded = 0;
    this.#dropped = 0;
    return load;
  }

  #spend(nowMs: number): void {
    this.#spentMs[this.#inside] = (this.#spentMs[this.#inside] ?? 0) + (nowMs - this.#sinceMs);
    this.#sinceMs = nowMs;
  }
}
