import type { IDBPTransaction } from "idb";
import type { Faults } from "./faults.ts";
import type { Fence } from "./fence.ts";
import type { StoredSegment } from "./rendition-index.ts";
import { OWNED_STORES, type StoreDatabase, type StoreName, type StoreSchema } from "./schema.ts";

type Sweeping = IDBPTransaction<StoreSchema, StoreName[], "readwrite">;
type OwnedStore = (typeof OWNED_STORES)[number];

interface Garbage {
  readonly store: OwnedStore;
  readonly range: IDBKeyRange;
}

const SWEPT_STORES: StoreName[] = [...OWNED_STORES, "writer"];
/** Records one transaction deletes: about 40 ms, which is what a batch may have to wait for. */
const SLICE_RECORDS = 128;

/**
 * Deletes what is not listed any more, in the order it was handed over and a little at a time, so that no batch waits long. The records
 * of segments go before their media, so whatever is interrupted lists nothing that is gone; what it leaves behind is found again on
 * loading. Its transactions only delete, since a full disk takes nothing else.
 */
export class Sweeper {
  readonly #database: StoreDatabase;
  readonly #fence: Fence;
  readonly #faults: Faults | undefined;
  readonly #garbage: Garbage[] = [];
  #heads: number[] = [];

  constructor(
    database: StoreDatabase,
    { fence, faults }: { readonly fence: Fence; readonly faults: Faults | undefined },
  ) {
    this.#database = database;
    this.#fence = fence;
    this.#faults = faults;
  }

  get isIdle(): boolean {
    return this.#garbage.length === 0 && this.#heads.length === 0;
  }

  /** A stream that is not there any more. Heads go before all else, so that it does not come back. */
  addHead(stream: number): void {
    this.#heads.push(stream);
  }

  get hasHeads(): boolean {
    return this.#heads.length > 0;
  }

  /** Segments of one rendition that have been forgotten, in order. */
  addSegments(stream: number, rendition: number, forgotten: readonly StoredSegment[]): void {
    const [first, last] = [forgotten[0], forgotten.at(-1)];
    if (first === undefined || last === undefined) return;
    const endPartId = last.firstPartId + last.sizesBytes.length;
    this.#add("segments", IDBKeyRange.bound([stream, rendition, first.msn], [stream, rendition, last.msn]));
    this.#add("media", IDBKeyRange.bound([stream, rendition, first.firstPartId], [stream, rendition, endPartId]));
  }

  addInitsBefore(stream: number, rendition: number, initIndex: number): void {
    this.#add("inits", IDBKeyRange.bound([stream, rendition], [stream, rendition, initIndex]));
  }

  /** What an interrupted sweep may have left before the first segment that is listed. */
  addAllBefore(stream: number, rendition: number, { msn, firstPartId, initIndex }: StoredSegment): void {
    // A key is before every other that begins with it, so what ends here does not hold the first that is listed.
    this.#add("segments", IDBKeyRange.bound([stream, rendition], [stream, rendition, msn], false, true));
    this.#add("media", IDBKeyRange.bound([stream, rendition], [stream, rendition, firstPartId]));
    this.addInitsBefore(stream, rendition, initIndex);
  }

  /** Everything of the streams with ids above `after` and below `before`. */
  addStreams(after: number, before: number): void {
    // An array sorts after every number, so `[id, []]` is the end of a stream's keys.
    for (const store of OWNED_STORES) this.#add(store, IDBKeyRange.bound([after, []], [before], true, true));
  }

  /** Deletes the heads that go, or else one slice. */
  async sweep(): Promise<void> {
    if (this.isIdle) return;
    await this.#faults?.(this.hasHeads ? "forget" : "sweep");
    if (this.hasHeads) return this.#sweepHeads();
    const transaction = this.#database.transaction(SWEPT_STORES, "readwrite", { durability: "relaxed" });
    const [swept] = await together(this.#sweepSlice(transaction), this.#fence.hold(transaction));
    await transaction.done;
    this.#garbage.splice(0, swept);
  }

  /** Deletes a slice of what comes first, of several ranges where they are small: there may be more of them than there are batches. Returns how many are done. */
  async #sweepSlice(transaction: Sweeping): Promise<number> {
    let leftRecords = SLICE_RECORDS;
    let swept = 0;
    while (leftRecords > 0) {
      const garbage = this.#garbage[swept];
      if (garbage === undefined) break;
      const store = transaction.objectStore(garbage.store);
      const keys = await store.getAllKeys(garbage.range, leftRecords);
      const [first, last] = [keys[0], keys.at(-1)];
      if (first !== undefined && last !== undefined) await store.delete(IDBKeyRange.bound(first, last));
      if (keys.length === leftRecords) break;
      swept += 1;
      // To look for what is not there takes its time too.
      leftRecords -= Math.max(1, keys.length);
    }
    return swept;
  }

  async #sweepHeads(): Promise<void> {
    const heads = this.#heads;
    const transaction = this.#database.transaction(["streams", "writer"], "readwrite", { durability: "relaxed" });
    const streams = transaction.objectStore("streams");
    await together(
      Promise.all([...heads.map((id) => streams.delete(id)), transaction.done]),
      this.#fence.hold(transaction),
    );
    this.#heads = this.#heads.slice(heads.length);
  }

  #add(store: OwnedStore, range: IDBKeyRange): void {
    this.#garbage.push({ store, range });
  }
}

/** Both, each of which is looked at: where the fence fails, its error says why. */
async function together<T>(work: Promise<T>, held: Promise<void>): Promise<[T]> {
  const [done, mayWrite] = await Promise.allSettled([work, held]);
  if (mayWrite.status === "rejected") throw mayWrite.reason;
  if (done.status === "rejected") throw done.reason;
  return [done.value];
}
