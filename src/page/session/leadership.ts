import type { Clock } from "../../model/clock.ts";

/** A leader that failed leaves the lock to others for this long, doubled each time up to the second value. */
const RETRY_AFTER_MS = 1_000;
const MAX_RETRY_MS = 15_000;

/** What of `navigator.locks` is needed. */
export interface Locks {
  request(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal },
    held: (lock: unknown) => Promise<void>,
  ): Promise<unknown>;
}

export interface LeadershipOptions {
  /** Names what is led: one tab of the browser leads it. */
  readonly name: string;
  readonly locks: Locks;
  readonly clock: Clock;
  /** Leads until it is done or `signal` aborts. A rejection gives the lock away for a while. */
  readonly lead: (signal: AbortSignal) => Promise<void>;
  /** Somebody else leads. */
  readonly follow: () => void;
}

/**
 * One leader per browser. The lock of a tab that closes or crashes goes to the next that waits for it, by itself. `lead()` must not
 * end before its last word is sent: its end is the hand-over.
 */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #closed = new AbortController();
  #running: Promise<void> | undefined;
  #failures = 0;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  /** Resolves once it is known who leads. Rejects where the browser gives no locks, as to a page that may store nothing. */
  async start(): Promise<void> {
    let isKnown = (): void => undefined;
    const known = new Promise<void>((resolve) => {
      isKnown = resolve;
    });
    this.#running = this.#run(isKnown);
    await Promise.race([known, this.#running]);
  }

  /** Lets go of the lock. Resolves when it is free. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#running?.catch(() => undefined); // told by `start()`
  }

  async #run(isKnown: () => void): Promise<void> {
    const { name, locks, follow } = this.#options;
    const { signal } = this.#closed;
    let wasFree = false;
    const lead = async (): Promise<void> => {
      isKnown();
      await this.#lead();
    };
    await locks.request(name, { ifAvailable: true }, async (lock) => {
      wasFree = lock !== null;
      if (wasFree) await lead();
    });
    if (!signal.aborted) follow();
    isKnown();
    if (wasFree) await this.#pause();
    while (!signal.aborted) {
      // Rejects when it is aborted while it waits.
      await locks.request(name, { signal }, lead).catch(() => undefined);
      if (signal.aborted) break;
      follow();
      await this.#pause();
    }
  }

  async #lead(): Promise<void> {
    try {
      await this.#options.lead(this.#closed.signal);
      this.#failures = 0;
    } catch {
      this.#failures += 1;
    }
  }

  /** So that another tab gets its turn, and what fails does not do so all the time. */
  #pause(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closed;
    const delayMs = Math.min(MAX_RETRY_MS, RETRY_AFTER_MS * 2 ** Math.max(0, this.#failures - 1));
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        cancel();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const cancel = clock.after(delayMs, done);
      signal.addEventListener("abort", done);
    });
  }
}
