import type { Clock } from "../model/clock.ts";

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  readonly #timers = new Map<number, { readonly atMs: number; readonly callback: () => void }>();
  #nowMs = 0;
  #nextTimer = 0;

  /** Timers that neither fired nor were cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return Date.UTC(2026, 0, 1) + this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = this.#nextTimer;
    this.#nextTimer += 1;
    this.#timers.set(timer, { atMs: this.#nowMs + delayMs, callback });
    return () => this.#timers.delete(timer);
  }

  /** Moves on and fires what is due, in the order of its time. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const due = [...this.#timers]
        .filter(([, { atMs }]) => atMs <= untilMs)
        .sort(([, a], [, b]) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      const [timer, { atMs, callback }] = due;
      this.#timers.delete(timer);
      this.#nowMs = atMs;
      callback();
    }
    this.#nowMs = untilMs;
  }
}
