import type { Clock } from "../../src/model/clock.ts";

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** Time that jumps to what is due next, once all that can go on without it has: what waits for minutes takes none. */
export class JumpClock implements Clock {
  readonly #timers = new Set<Timer>();
  #nowMs = 0;
  #isStopped = false;
  #isJumping = false;
  #jumps = 0;

  /** How often time has passed. */
  get jumps(): number {
    return this.#jumps;
  }

  now(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1.7e12 + this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    if (Number.isNaN(delayMs)) throw new Error("a timer of no time");
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    this.#jumpLater();
    return () => this.#timers.delete(timer);
  }

  /** Nothing is due any more. */
  stop(): void {
    this.#isStopped = true;
    this.#timers.clear();
  }

  #jumpLater(): void {
    if (this.#isJumping || this.#isStopped) return;
    this.#isJumping = true;
    setImmediate(() => {
      this.#isJumping = false;
      this.#jump();
    });
  }

  #jump(): void {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.atMs < next.atMs) next = timer;
    if (next === undefined) return;
    this.#timers.delete(next);
    this.#jumps += 1;
    this.#nowMs = next.atMs;
    next.callback();
    this.#jumpLater();
  }
}
