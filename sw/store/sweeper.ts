import type { Msn, PartId } from "eddy-hls/core";
import type { Faults } from "./faults.ts";
import type { StoredSegment } from "./rendition-index.ts";
import { OWNED_STORES, type StoreDatabase } from "./schema.ts";

type OwnedStore = (typeof OWNED_STORES)[number];

interface Garbage {
  readonly store: OwnedStore;
  readonly range: IDBKeyRange;
}

/** Records one transaction deletes: about 40 ms, which is what a batch may have to wait for. */
const SLICE_RECORDS = 128;

/**
 * Deletes what is not listed any more, in the order it was handed over and a little at a time, so that no batch waits long. The records
 * of segments go before their media, so whatever is interrupted lists nothing that is gone; what it leaves behind is found again on
 * loading. Its transactions only delete, since a full disk takes nothing else.
 */
export class Sweeper {
  readonly #database: StoreDatabase;
  readonly #faults: Faults | undefined;
  readonly #garbage: Garbage[] = [];

  constructor(database: StoreDatabase, faults: Faults | undefined) {
    this.#database = database;
    this.#faults = faults;
  }

  get isIdle(): boolean {
    return this.#garbage.length === 0;
  }

  /** Segments of one rendition that have been forgotten, in order. */
  addSegments(stream: number, rendition: number, forgotten: readonly StoredSegment[]): void {
    const [first, last] = [forgotten[0], forgotten.at(-1)];
    if (first === undefined || last === undefined) return;
    const endPartId = last.firstPartId + last.sizesBytes.length;
    this.addRow(stream, rendition, first.msn, last.msn);
    this.#add("media", IDBKeyRange.bound([stream, rendition, first.firstPartId], [stream, rendition, endPartId]));
  }

  addRow(stream: number, rendition: number, firstMsn: Msn, lastMsn: Msn): void {
    this.#add("segments", IDBKeyRange.bound([stream, rendition, firstMsn], [stream, rendition, lastMsn]));
  }

  /** What an interrupted sweep may have left before the first segment that is listed. */
  addBefore(stream: number, rendition: number, first: { firstPartId: PartId; initIndex: number }): void {
    this.#add("media", IDBKeyRange.bound([stream, rendition], [stream, rendition, first.firstPartId]));
    this.#add("inits", IDBKeyRange.bound([stream, rendition], [stream, rendition, first.initIndex]));
  }

  /** Everything of the streams with ids above `after` and below `before`. */
  addStreams(after: number, before: number): void {
    // An array sorts after every number, so `[id, []]` is the end of a stream's keys.
    for (const store of OWNED_STORES) this.#add(store, IDBKeyRange.bound([after, []], [before], true, true));
  }

  /** Deletes one slice. */
  async sweep(): Promise<void> {
    const garbage = this.#garbage[0];
    if (garbage === undefined) return;
    await this.#faults?.("sweep");
    const { store, range } = garbage;
    const transaction = this.#database.transaction(store, "readwrite", { durability: "relaxed" });
    const keys = await transaction.store.getAllKeys(range, SLICE_RECORDS);
    const [first, last] = [keys[0], keys.at(-1)];
    if (first !== undefined && last !== undefined) {
      await transaction.store.delete(IDBKeyRange.bound(first, last));
    }
    await transaction.done;
    if (keys.length < SLICE_RECORDS) this.#garbage.shift();
  }

  #add(store: OwnedStore, range: IDBKeyRange): void {
    this.#garbage.push({ store, range });
  }
}
