import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";

/** How a wait ended. */
export type WaitOutcome = "woken" | "deadline" | "aborted" | "closed";

export interface WaitOptions {
  /** The wait ends after this, whatever happens. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

export interface WaitersOptions {
  readonly clock?: Clock;
  /** Waits at one time. Default 1,024. */
  readonly maxWaiters?: number;
}

export interface WaiterStats {
  /** Now. */
  readonly waiting: number;
  /** Since the beginning, by how they ended. */
  readonly woken: number;
  readonly expired: number;
  readonly aborted: number;
  readonly refused: number;
}

interface Waiter {
  readonly settle: (outcome: WaitOutcome) => void;
}

/** Requests that wait, each for exactly one key: woken by that key alone, and never for ever. */
export class Waiters {
  readonly #clock: Clock;
  readonly #maxWaiters: number;
  readonly #waiting = new Map<number, Set<Waiter>>();
  #count = 0;
  #woken = 0;
  #expired = 0;
  #aborted = 0;
  #refused = 0;
  #closed = false;

  constructor(options: WaitersOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#maxWaiters = options.maxWaiters ?? 1024;
  }

  /**
   * Waits until `key` is woken.
   * @throws RelayError `waiter-limit`
   */
  wait(key: number, { deadlineMs, signal }: WaitOptions): Promise<WaitOutcome> {
    if (this.#closed) return Promise.resolve("closed");
    if (signal?.aborted === true) return Promise.resolve("aborted");
    if (this.#count >= this.#maxWaiters) {
      this.#refused += 1;
      return Promise.reject(
        new RelayError("waiter-limit", `expected at most ${this.#maxWaiters} waiting requests, got one more`),
      );
    }
    return new Promise((resolve) => {
      const waiter: Waiter = {
        settle: (outcome) => {
          cancel();
          signal?.removeEventListener("abort", onAbort);
          this.#leave(key, waiter);
          resolve(outcome);
        },
      };
      const onAbort = (): void => {
        this.#aborted += 1;
        waiter.settle("aborted");
      };
      const cancel = this.#clock.after(deadlineMs, () => {
        this.#expired += 1;
        waiter.settle("deadline");
      });
      signal?.addEventListener("abort", onAbort);
      this.#count += 1;
      const others = this.#waiting.get(key);
      if (others === undefined) this.#waiting.set(key, new Set([waiter]));
      else others.add(waiter);
    });
  }

  /** Wakes those that wait for `key`, and nobody else. */
  wake(key: number): void {
    // The hot path of every write: mostly, nobody waits.
    if (this.#count === 0) return;
    this.#settle(this.#waiting.get(key), "woken");
  }

  /** Wakes those that wait for `key` or a lower one. */
  wakeThrough(key: number): void {
    if (this.#count === 0) return;
    for (const [other, waiters] of this.#waiting) if (other <= key) this.#settle(waiters, "woken");
  }

  /** Answers all that wait with `deadline` now; returns how many. Others may wait afterwards. */
  drain(): number {
    const drained = this.#count;
    for (const waiters of this.#waiting.values()) this.#settle(waiters, "deadline");
    return drained;
  }

  /** Ends every wait, now and from now on, with `closed`; returns how many there were. */
  close(): number {
    const ended = this.#count;
    this.#closed = true;
    for (const waiters of this.#waiting.values()) this.#settle(waiters, "closed");
    return ended;
  }

  get stats(): WaiterStats {
    return {
      waiting: this.#count,
      woken: this.#woken,
      expired: this.#expired,
      aborted: this.#aborted,
      refused: this.#refused,
    };
  }

  #settle(waiters: Set<Waiter> | undefined, outcome: WaitOutcome): void {
    if (waiters === undefined) return;
    if (outcome === "woken") this.#woken += waiters.size;
    for (const waiter of [...waiters]) waiter.settle(outcome);
  }

  #leave(key: number, waiter: Waiter): void {
    const others = this.#waiting.get(key);
    if (others?.delete(waiter) !== true) return;
    this.#count -= 1;
    if (others.size === 0) this.#waiting.delete(key);
  }
}
