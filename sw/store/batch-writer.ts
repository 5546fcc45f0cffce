import type { Clock } from "eddy-hls/core";
import { writeBatch } from "./batch.ts";
import { FaultError, type Faults } from "./faults.ts";
import type { StoreDatabase } from "./schema.ts";
import type { StreamChanges } from "./stream-entry.ts";
import type { Sweeper } from "./sweeper.ts";

/** Between attempts when the disk is full and nothing more can go for it. What waits stays, and grows up to its cap. */
const FULL_MS = 2_000;
/** Between attempts when the database fails for another reason than room. */
const RETRY_MS = 500;
const MAX_FAILURES = 5;

export interface BatchWriterOptions {
  readonly database: StoreDatabase;
  readonly clock: Clock;
  readonly batchMs: number;
  readonly sweeper: Sweeper;
  readonly faults: Faults | undefined;
  /** Everything that is to be written now, taken out. */
  readonly collect: () => readonly StreamChanges[];
  readonly written: (batch: readonly StreamChanges[], tookMs: number) => void;
  /** It was not written: takes back what `collect` gave. */
  readonly restore: (batch: readonly StreamChanges[]) => void;
  /** The disk is full: forgets old media. False where there is none that may go. */
  readonly makeRoom: () => boolean;
  /** The disk stays full: this batch waits for a better time, and nobody should wait with it. */
  readonly postponed: (batch: readonly StreamChanges[]) => void;
  /** The database is of no use any more. */
  readonly failed: (error: unknown) => void;
}

/**
 * Writes behind: what came within `batchMs` goes in one transaction, one at a time and in order. Nobody waits for it, and nothing
 * is taken out for good before it is on disk.
 */
export class BatchWriter {
  readonly #options: BatchWriterOptions;
  #cancelTimer: (() => void) | undefined;
  #running: Promise<void> | undefined;
  /** What came while a batch is on its way is taken by the next one, as soon as that is done. */
  #isDue = false;
  #isStopped = false;
  #failures = 0;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #fullUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: BatchWriterOptions) {
    this.#options = options;
  }

  /** Something waits to be written. */
  touch(delayMs = this.#options.batchMs): void {
    if (this.#cancelTimer !== undefined || this.#isStopped) return;
    this.#cancelTimer = this.#options.clock.after(delayMs, () => {
      this.#cancelTimer = undefined;
      if (this.#running === undefined) this.#start();
      else this.#isDue = true;
    });
  }

  /** Resolves when everything that waits by now is on disk, or has failed. */
  async flush(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    if (this.#isStopped) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#retryAtMs = Number.NEGATIVE_INFINITY;
    await this.#start();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #start(): Promise<void> {
    this.#isDue = false;
    this.#running = this.#run().then(() => {
      this.#running = undefined;
      if (this.#isDue) this.#start();
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    const { sweeper } = this.#options;
    try {
      await this.#write();
      // Heads are few and quick, and whoever removes a stream waits for them.
      do {
        if (!this.#isStopped) await sweeper.sweep();
      } while (sweeper.hasHeads && !this.#isStopped);
    } catch (error) {
      this.#fail(error);
    }
    if (!sweeper.isIdle) this.touch();
  }

  async #write(): Promise<void> {
    const { clock, faults, collect, written, restore, postponed } = this.#options;
    const waitMs = this.#retryAtMs - clock.now();
    if (waitMs > 0) {
      this.touch(waitMs);
      return;
    }
    await faults?.("batch");
    for (let hasRoomToMake = true; !this.#isStopped; ) {
      const startMs = clock.now();
      const batch = collect();
      if (batch.length === 0) return;
      if (startMs < this.#fullUntilMs) {
        restore(batch);
        postponed(batch);
        this.touch(this.#fullUntilMs - startMs);
        return;
      }
      try {
        await writeBatch(this.#options.database, batch, faults);
        await faults?.("batch-done");
        this.#failures = 0;
        written(batch, clock.now() - startMs);
        return;
      } catch (error) {
        restore(batch);
        if (!isFull(error)) {
          this.#fail(error);
          return;
        }
        hasRoomToMake &&= this.#options.makeRoom();
        if (hasRoomToMake) await this.#sweepAll();
        else this.#fullUntilMs = clock.now() + FULL_MS;
      }
    }
  }

  async #sweepAll(): Promise<void> {
    const { sweeper } = this.#options;
    while (!sweeper.isIdle) await sweeper.sweep();
  }

  #fail(error: unknown): void {
    this.#failures += 1;
    const isFault = error instanceof FaultError;
    if (!isFault && this.#failures < MAX_FAILURES) {
      this.#retryAtMs = this.#options.clock.now() + RETRY_MS;
      this.touch(RETRY_MS);
      return;
    }
    this.stop();
    if (!isFault) this.#options.failed(error);
  }
}

function isFull(error: unknown): boolean {
  return (error as Error | undefined)?.name === "QuotaExceededError";
}
