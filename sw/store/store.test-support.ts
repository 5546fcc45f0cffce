import { FakeClock } from "../../src/cache/fake-clock.test-support.ts";
import type { Bytes } from "../../src/model/bytes.ts";
import { resolveStreamOptions, type StreamConfig } from "../../src/model/options.ts";
import { PART_GAP, PART_INDEPENDENT, type PartRecord, type SegmentOpening } from "../../src/model/record.ts";
import type { Recorder } from "../../src/origin/archive.ts";
import type { FaultPoint } from "./faults.ts";
import type { StoreName } from "./schema.ts";
import { type StoreOptions, StreamStore } from "./stream-store.ts";

export const PARTS_PER_SEGMENT = 4;
export const PART_MS = 500;
/** Two pieces, the second one short. */
export const LARGE_BYTES = 100_000;

export function config(...ids: string[]): StreamConfig {
  const renditions = (ids.length === 0 ? ["main"] : ids).map((id) => ({ id, codecs: "avc1.42c01f", bandwidth: 1e6 }));
  return resolveStreamOptions({ renditions, partTargetMs: PART_MS, targetDurationMs: 2_000 });
}

/** Bytes that tell which part they are, in a buffer that holds more than them. */
export function mediaOf(id: number, sizeBytes = 1_000): Bytes {
  return new Uint8Array(sizeBytes + 16).fill(id % 251).subarray(8, 8 + sizeBytes);
}

/** What media is, in short: comparing it byte by byte is slow, and shows too much where it fails. */
export function told(bytes: Bytes | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  return `${bytes.every((byte) => byte === bytes[0]) ? bytes[0] : "mixed"} x ${bytes.byteLength}`;
}

export function opening(msn: number, changes: Partial<SegmentOpening> = {}): SegmentOpening {
  return {
    msn,
    epoch: "e1",
    firstPartId: (msn - 1) * PARTS_PER_SEGMENT,
    startMs: (msn - 1) * PARTS_PER_SEGMENT * PART_MS,
    wallOffsetMs: 1_800_000_000_000,
    discontinuity: false,
    discontinuitySequence: 0,
    initIndex: 0,
    initEpoch: "e1",
    keys: [],
    ...changes,
  };
}

/** Part `id` of a stream with four parts to the segment. */
export function partRecord(id: number, sizeBytes = 1_000): PartRecord {
  const msn = Math.floor(id / PARTS_PER_SEGMENT) + 1;
  const isFirst = id % PARTS_PER_SEGMENT === 0;
  return {
    id,
    msn,
    durationMs: PART_MS,
    flags: isFirst ? PART_INDEPENDENT : 0,
    bytes: mediaOf(id, sizeBytes),
    ...(isFirst ? { opens: opening(msn) } : {}),
  };
}

export function gapRecord(id: number): PartRecord {
  const { bytes: _, ...part } = partRecord(id);
  return { ...part, flags: PART_GAP };
}

export interface Opened {
  readonly store: StreamStore;
  readonly clock: FakeClock;
  /** Numbers that were told as kept, by stream and rendition. */
  readonly kept: Map<string, number>;
}

/** A store that has been read, over a database that may have been there before. */
export async function openStore(options: StoreOptions = {}): Promise<Opened> {
  const clock = new FakeClock();
  const store = await StreamStore.open({ quota: async () => undefined, clock, ...options });
  const kept = new Map<string, number>();
  store.onKept = (stream, _epoch, _session, numbers) => {
    for (const [rendition, number] of numbers) kept.set(`${stream}/${rendition}`, number);
  };
  return { store, clock, kept };
}

/** A producer whose step n is part n. */
export class Producer {
  readonly #store: StreamStore;
  readonly #name: string;
  readonly #recorders: ReadonlyMap<string, Recorder>;

  constructor(store: StreamStore, name = "studio", renditions: readonly string[] = ["main"]) {
    this.#store = store;
    this.#name = name;
    const recorder = store.open(name, "e1", config(...renditions));
    this.#recorders = new Map(renditions.map((id) => [id, recorder(id)]));
  }

  init(rendition = "main"): void {
    this.recorder(rendition).init("e1", 0, mediaOf(200, 500));
  }

  recorder(rendition = "main"): Recorder {
    const recorder = this.#recorders.get(rendition);
    if (recorder === undefined) throw new Error(`no rendition ${rendition}`);
    return recorder;
  }

  part(part: PartRecord, rendition = "main"): void {
    this.recorder(rendition).part(part);
    this.#store.reached(this.#name, rendition, { epoch: "e1", session: 7, expected: part.id + 1, clientId: "page" });
  }

  parts(from: number, to: number, options: { sizeBytes?: number; rendition?: string } = {}): void {
    for (let id = from; id < to; id++) this.part(partRecord(id, options.sizeBytes), options.rendition);
  }
}

/** Stops a store, as a kill would, the `nth` time that it comes to `point`. */
export function faultAt(point: FaultPoint, nth = 1): { faults: (at: FaultPoint) => void; readonly struck: boolean } {
  let count = 0;
  return {
    faults(at) {
      if (at !== point) return;
      count += 1;
      if (count === nth) throw new Error(`killed at ${point}`);
    },
    get struck() {
      return count >= nth;
    },
  };
}

type Raw = { readonly key: IDBValidKey; readonly value: unknown };

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("eddy");
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

/** What is in the database, with nothing of ours in between. */
export async function rawRecords(store: StoreName): Promise<Raw[]> {
  const database = await opened();
  const records = await new Promise<Raw[]>((resolve) => {
    const found: Raw[] = [];
    database.transaction(store).objectStore(store).openCursor().onsuccess = ({ target }) => {
      const cursor = (target as IDBRequest<IDBCursorWithValue | null>).result;
      if (cursor === null) return resolve(found);
      found.push({ key: cursor.primaryKey, value: cursor.value });
      cursor.continue();
    };
  });
  database.close();
  return records;
}

/** Spoils records; what their keys are made of stays. Returns how many there were. */
export async function changeRaw(
  store: StoreName,
  which: (key: readonly number[]) => boolean,
  change: (value: Record<string, unknown>) => object,
): Promise<number> {
  const records = (await rawRecords(store)).filter(({ key }) => which(key as number[]));
  const database = await opened();
  const transaction = database.transaction(store, "readwrite");
  for (const { key, value } of records) {
    const objectStore = transaction.objectStore(store);
    const changed = change(value as Record<string, unknown>);
    if (objectStore.keyPath === null) objectStore.put(changed, key);
    else {
      const paths = [objectStore.keyPath].flat();
      const identity = Object.fromEntries(paths.map((path) => [path, (value as Record<string, unknown>)[path]]));
      objectStore.put({ ...changed, ...identity });
    }
  }
  await new Promise((resolve) => {
    transaction.oncomplete = resolve;
  });
  database.close();
  return records.length;
}
