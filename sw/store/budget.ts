import type { Clock } from "eddy-hls/core";

/** The browser is asked for the quota this often at most. */
const ASK_MS = 60_000;
/** Deleting frees nothing at once on some disks, so a window that has just shrunk does not shrink again for so long. */
const SHRINK_MS = 10_000;
/** What is left of the windows each time. Databases hold on to as much again of what was deleted. */
const SHRINK_TO = 0.6;
/** For so long the streams grow no larger than they were when the disk was full. */
const SHRUNK_MS = 10 * 60_000;

export interface BudgetOptions {
  readonly clock: Clock;
  /** What the streams may take of the quota, from 0 to 1. */
  readonly quotaShare: number;
  /** What the origin is granted, in bytes. */
  readonly quota: () => Promise<number | undefined>;
}

/** How large all streams together may be: a share of the quota, or less where the disk has said so. */
export class Budget {
  readonly #options: BudgetOptions;
  #quotaBytes: number | undefined;
  #askedMs = Number.NEGATIVE_INFINITY;
  #shrunk: { readonly maxBytes: number; readonly atMs: number } | undefined;
  #isFull = false;

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  /** Undefined while the browser has not said. */
  get quotaBytes(): number | undefined {
    return this.#quotaBytes;
  }

  get maxBytes(): number {
    const granted = (this.#quotaBytes ?? Number.POSITIVE_INFINITY) * this.#options.quotaShare;
    if (this.#shrunk === undefined || this.#options.clock.now() - this.#shrunk.atMs > SHRUNK_MS) return granted;
    return Math.min(granted, this.#shrunk.maxBytes);
  }

  /** Asks the browser anew, if it is time to. */
  ask(): void {
    const nowMs = this.#options.clock.now();
    if (nowMs - this.#askedMs < ASK_MS) return;
    this.#askedMs = nowMs;
    this.#options.quota().then(
      (bytes) => {
        this.#quotaBytes = bytes;
      },
      () => undefined, // Without an answer the disk itself says when it is full.
    );
  }

  /** The disk took no more when this was stored. False where the last time is too short ago for less to be of use. */
  full(storedBytes: number): boolean {
    const nowMs = this.#options.clock.now();
    this.#isFull = true;
    if (this.#shrunk !== undefined && nowMs - this.#shrunk.atMs < SHRINK_MS) return false;
    this.#shrunk = { maxBytes: storedBytes * SHRINK_TO, atMs: nowMs };
    return true;
  }
  /**
   * The disk took a batch, and this is stored now. The first time after it was full this is what fits, however small the windows had
   * become while deleting freed nothing: what was waiting then must not go for it.
   */
  taken(storedBytes: number): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    if (this.#shrunk !== undefined && storedBytes > this.#shrunk.maxBytes)
      this.#shrunk = { ...this.#shrunk, maxBytes: storedBytes };
  }
}
