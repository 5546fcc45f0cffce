import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";

/** How a wait ended: `deadline` also stands for `drain()`, which brings all deadlines forward. */
export type WaitOutcome = "woken" | "deadline" | "aborted" | "closed";

/** How many may wait. */
export interface WaitersOptions {
  /** Default the host's own. */
  readonly clock?: Clock;
  /** Waits that may be pending at once. Default 1024. */
  readonly maxWaiters?: number;
}

/** How long a wait may last. */
export interface WaitOptions {
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from now; zero or less ends the wait at once. */
  readonly deadlineMs: number;
}

/** Who waits, and how waits ended so far. */
export interface WaiterStats {
  /** Pending now. */
  readonly waiting: number;
  /** Different keys that are waited for now. */
  readonly keys: number;
  /** Ended by `wake()`, `wakeThrough()` or `close()`. */
  readonly woken: number;
  /** Ended by their deadline, or by `drain()`. */
  readonly expired: number;
  /** Ended by their signal. */
  readonly aborted: number;
  /** Turned away with `waiter-limit`. */
  readonly refused: number;
}

interface Waiter {
  settle(outcome: WaitOutcome): void;
}

/** Hosts read a longer delay as none (a signed 32-bit number of milliseconds). */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Bounded, cancellable waiting for numeric keys: part ids, or playlist positions. */
export class Waiters {
  readonly #clock: Clock;
  readonly #maxWaiters: number;
  readonly #byKey = new Map<number, Set<Waiter>>();
  #waiting = 0;
  #woken = 0;
  #expired = 0;
  #aborted = 0;
  #refused = 0;
  #closed = false;

  constructor({ clock = systemClock, maxWaiters = 1024 }: WaitersOptions = {}) {
    this.#clock = clock;
    this.#maxWaiters = maxWaiters;
  }

  /** Waits that are pending now. */
  get waiting(): number {
    return this.#waiting;
  }

  /** What is waited for now, and by how many. */
  *pending(): Iterable<{ readonly key: number; readonly waiting: number }> {
    for (const [key, { size }] of this.#byKey) yield { key, waiting: size };
  }

  /** Who waits, and how waits ended so far. */
  get stats(): WaiterStats {
    return {
      waiting: this.#waiting,
      keys: this.#byKey.size,
      woken: this.#woken,
      expired: this.#expired,
      aborted: this.#aborted,
      refused: this.#refused,
    };
  }

  /**
   * Waits until `key` is woken, the deadline passes or the signal aborts. Never rejects for any of these.
   * @throws RelayError `waiter-limit` when all places are taken; `invalid-option` when there is no finite deadline
   */
  wait(key: number, { signal, deadlineMs }: WaitOptions): Promise<WaitOutcome> {
    if (this.#closed) return Promise.resolve("closed");
    if (signal?.aborted === true) return Promise.resolve("aborted");
    if (!Number.isFinite(deadlineMs)) {
      return Promise.reject(
        new RelayError("invalid-option", `deadlineMs: expected a finite number, got ${String(deadlineMs)}`),
      );
    }
    if (deadlineMs <= 0) {
      this.#expired += 1;
      return Promise.resolve("deadline");
    }
    if (this.#waiting >= this.#maxWaiters) {
      this.#refused += 1;
      return Promise.reject(
        new RelayError("waiter-limit", `expected at most ${this.#maxWaiters} requests to wait, got one more`),
      );
    }
    return new Promise((resolve) => this.#add(key, signal, Math.min(deadlineMs, MAX_DELAY_MS), resolve));
  }

  /** Wakes the waiters of this key and nobody else. Returns how many there were. */
  wake(key: number): number {
    // A write asks for every part, and hardly any part is waited for.
    if (this.#waiting === 0) return 0;
    return this.#settleKey(key, "woken");
  }

  /** Wakes the waiters of this key and of all below. Returns how many there were. */
  wakeThrough(key: number): number {
    if (this.#waiting === 0) return 0;
    let woken = 0;
    for (const waitedFor of this.#byKey.keys()) if (waitedFor <= key) woken += this.#settleKey(waitedFor, "woken");
    return woken;
  }

  /** Answers everybody now with `deadline`; later waits are taken as before. Returns how many there were. */
  drain(): number {
    return this.#settleAll("deadline");
  }

  /** Answers everybody with `closed`, now and from now on. */
  close(): void {
    this.#closed = true;
    this.#settleAll("closed");
  }

  #add(
    key: number,
    signal: AbortSignal | undefined,
    deadlineMs: number,
    resolve: (outcome: WaitOutcome) => void,
  ): void {
    const waiter: Waiter = {
      settle: (outcome) => {
        this.#remove(key, waiter);
        cancelTimer();
        signal?.removeEventListener("abort", onAbort);
        this.#count(outcome);
        resolve(outcome);
      },
    };
    const onAbort = (): void => waiter.settle("aborted");
    const cancelTimer = this.#clock.after(deadlineMs, () => waiter.settle("deadline"));
    signal?.addEventListener("abort", onAbort);
    const sameKey = this.#byKey.get(key);
    if (sameKey === undefined) this.#byKey.set(key, new Set([waiter]));
    else sameKey.add(waiter);
    this.#waiting += 1;
  }

  #remove(key: number, waiter: Waiter): void {
    const sameKey = this.#byKey.get(key);
    if (sameKey?.delete(waiter) !== true) return;
    if (sameKey.size === 0) this.#byKey.delete(key);
    this.#waiting -= 1;
  }

  #settleKey(key: number, outcome: WaitOutcome): number {
    const sameKey = this.#byKey.get(key);
    if (sameKey === undefined) return 0;
    let settled = 0;
    for (const waiter of sameKey) {
      waiter.settle(outcome);
      settled += 1;
    }
    return settled;
  }

  #settleAll(outcome: WaitOutcome): number {
    let settled = 0;
    for (const key of this.#byKey.keys()) settled += this.#settleKey(key, outcome);
    return settled;
  }

  #count(outcome: WaitOutcome): void {
    if (outcome === "deadline") this.#expired += 1;
    else if (outcome === "aborted") this.#aborted += 1;
    else this.#woken += 1;
  }
}
