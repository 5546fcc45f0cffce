import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { onAbort } from "../model/on-abort.ts";
import { type PartKey, partNumber } from "../model/part-header.ts";

/** Headers that are kept of one rendition: a quarter of an hour of parts of a fifth of a second. */
const MAX_KEPT = 4_500;
/** Who asks for more than that has lost the live edge: as the origin's own limit (6.2.5.2). */
const MAX_SEGMENTS_AHEAD = 2;
/** Requests that wait at once, over all renditions. */
const MAX_WAITING = 20_000;

interface Waiter {
  readonly number: number;
  readonly settle: (outcome: Bytes | RelayError | undefined) => void;
}

/** The signed headers of one epoch as they are served: those that are there, and those that somebody waits for. */
export class HeaderShelf {
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #lanes = new Map<number, Lane>();
  #waiting = 0;

  constructor(options: { readonly clock: Clock; readonly deadlineMs: number }) {
    this.#clock = options.clock;
    this.#deadlineMs = options.deadlineMs;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** The next header of its rendition, or that there is none: a part that could not be had. */
  put(key: PartKey, encoded: Bytes | undefined): void {
    this.#lane(key.rendition).put(key, encoded);
  }

  /** No more comes of a rendition. */
  end(rendition: number): void {
    this.#lane(rendition).end();
  }

  /** No more comes at all: another epoch has begun. */
  close(): void {
    for (const lane of this.#lanes.values()) lane.end();
  }

  /**
   * The header of a part, when it is there. Undefined for one that is gone, never was, or cannot come any more.
   * @throws RelayError `deadline`, `waiter-limit`; the signal's reason
   */
  async get(key: PartKey, signal: AbortSignal): Promise<Bytes | undefined> {
    const lane = this.#lane(key.rendition);
    if (!lane.isAhead(key)) return lane.get(key);
    if (this.#waiting >= MAX_WAITING) {
      throw new RelayError("waiter-limit", `expected at most ${MAX_WAITING} requests that wait, one more came`);
    }
    this.#waiting += 1;
    try {
      return await this.#wait(lane, key, signal);
    } finally {
      this.#waiting -= 1;
    }
  }

  #wait(lane: Lane, key: PartKey, signal: AbortSignal): Promise<Bytes | undefined> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const waiter: Waiter = {
        number: partNumber(key),
        settle(outcome) {
          cancelTimer();
          forget();
          lane.waiters.delete(waiter);
          if (outcome instanceof RelayError) reject(outcome);
          else resolve(outcome);
        },
      };
      const late = new RelayError("deadline", `part ${key.msn}.${key.part}: not there within ${this.#deadlineMs} ms`);
      const cancelTimer = this.#clock.after(this.#deadlineMs, () => waiter.settle(late));
      const forget = onAbort(signal, () => {
        waiter.settle(undefined);
      });
      lane.waiters.add(waiter);
    });
  }

  #lane(rendition: number): Lane {
    const lane = this.#lanes.get(rendition) ?? new Lane();
    this.#lanes.set(rendition, lane);
    return lane;
  }
}

/** One rendition. */
class Lane {
  readonly waiters = new Set<Waiter>();
  /** Ascending, since headers come in order. */
  readonly #kept = new Map<number, Bytes>();
  #last: PartKey | undefined;
  #hasEnded = false;

  put(key: PartKey, encoded: Bytes | undefined): void {
    const number = partNumber(key);
    this.#last = key;
    if (encoded !== undefined) this.#kept.set(number, encoded);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    // One that another has overtaken will not come: its segment was shorter.
    for (const waiter of this.waiters) if (waiter.number <= number) waiter.settle(this.#kept.get(waiter.number));
  }

  end(): void {
    this.#hasEnded = true;
    for (const waiter of this.waiters) waiter.settle(undefined);
  }

  get(key: PartKey): Bytes | undefined {
    return this.#kept.get(partNumber(key));
  }

  /** Whether it may still come, soon. */
  isAhead(key: PartKey): boolean {
    if (this.#hasEnded) return false;
    const last = this.#last;
    return last === undefined || (partNumber(key) > partNumber(last) && key.msn <= last.msn + MAX_SEGMENTS_AHEAD);
  }
}
