import type { Clock } from "../model/clock.ts";
import type { StepJournal } from "./step-journal.ts";

/** The worker is asked what it has after so long without a word of what is on disk. */
const ASK_AFTER_MS = 2_000;
/** A disk that takes nothing for this long is not waited for: the stream goes on in memory until it does. */
const LOST_AFTER_MS = 10_000;

export interface DiskWatchContext {
  readonly clock: Clock;
  readonly journals: ReadonlyMap<string, StepJournal>;
  /** Opens again: the worker says what it has, and is sent what it has not. */
  ask(): void;
}

/**
 * Looks after what is acknowledged and not on disk for as long as there is any: the worker may have been terminated with it, and
 * started anew without a step that told us so. A disk that takes nothing is given up until it does.
 */
export class DiskWatch {
  readonly #context: DiskWatchContext;
  #cancel: (() => void) | undefined;
  #lastKeptMs = 0;
  #closed = false;

  constructor(context: DiskWatchContext) {
    this.#context = context;
  }

  /** A step was acknowledged. */
  acknowledged(): void {
    if (this.#cancel !== undefined || this.#closed || !this.#hasUnkept) return;
    this.kept();
    this.#lookLater();
  }

  /** The worker said that something is on disk. */
  kept(): void {
    this.#lastKeptMs = this.#context.clock.now();
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #lookLater(): void {
    this.#cancel = this.#context.clock.after(ASK_AFTER_MS, () => {
      this.#cancel = undefined;
      if (this.#closed || !this.#hasUnkept) return;
      const silentMs = this.#context.clock.now() - this.#lastKeptMs;
      if (silentMs >= LOST_AFTER_MS) {
        for (const journal of this.#context.journals.values()) journal.persistIn("memory");
        return;
      }
      if (silentMs >= ASK_AFTER_MS) this.#context.ask();
      this.#lookLater();
    });
  }

  get #hasUnkept(): boolean {
    for (const { unkept } of this.#context.journals.values()) if (unkept > 0) return true;
    return false;
  }
}
