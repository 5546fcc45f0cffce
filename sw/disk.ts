import { RelayError, systemClock } from "eddy-hls/core";
import { noDisk, type StorageAsk } from "../src/wire/storage-asks.ts";
import type { ProducerStore, ReachedStep } from "./ingest.ts";
import type { RelayStore } from "./relay-store.ts";

/** A disk that has not been read by then is left alone, and the relay goes on in memory. */
const LOAD_DEADLINE_MS = 5_000;
/** What is acknowledged once it is on disk, such as the end of a stream, waits no longer: the page gives an answer little more. */
const WRITE_DEADLINE_MS = 3_000;

/** The disk as messages wait for it: never for long. */
export class Disk implements ProducerStore {
  readonly #store: RelayStore;

  constructor(store: RelayStore) {
    this.#store = store;
  }

  get available(): boolean {
    return this.#store.available;
  }

  /** Another worker goes on with all of it: what comes here from now on is lost. */
  get superseded(): boolean {
    return this.#store.superseded;
  }

  reached(stream: string, rendition: string, at: ReachedStep): void {
    this.#store.reached(stream, rendition, at);
  }

  flush(): Promise<void> {
    return within(WRITE_DEADLINE_MS, this.#store.flush());
  }

  async settle(): Promise<void> {
    await this.flush().catch((thrown: unknown) => {
      if (RelayError.from(thrown).code !== "deadline") throw thrown;
    });
  }

  /** @throws RelayError `store-unavailable`, `store-full`, `stream-not-found`, `deadline` */
  async change(ask: StorageAsk): Promise<void> {
    if (!this.available) throw noDisk();
    await within(LOAD_DEADLINE_MS, this.#change(ask));
  }

  async #change(ask: StorageAsk): Promise<void> {
    const store = this.#store;
    if (ask.type === "dvrWindow") return store.setWindow(ask.windowMs);
    const { stream } = ask;
    const isThere =
      ask.type === "pin"
        ? await store.pin(stream, ask.on)
        : await store.rename(stream, ask.title === "" ? undefined : ask.title);
    if (!isThere) throw new RelayError("stream-not-found", `there is no stream "${stream}" on disk`);
  }

  /** Lets go of it at once, as the end of the worker does. */
  abandon(): void {
    this.#store.abandon();
  }
}

/** Waits for the disk to be opened and read. @throws RelayError `deadline` */
export function loaded<T>(loading: Promise<T>): Promise<T> {
  return within(LOAD_DEADLINE_MS, loading);
}

function within<T>(deadlineMs: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = systemClock.after(deadlineMs, () =>
      reject(new RelayError("deadline", `the disk has not answered within ${deadlineMs} ms`)),
    );
    promise.then(resolve, reject).finally(cancel);
  });
}
