import {
  type Archive,
  type Bytes,
  type Clock,
  type KeptStats,
  MAX_DVR_WINDOW_MS,
  MIN_DVR_WINDOW_MS,
  type Msn,
  type PartId,
  type PartRecord,
  type Recorder,
  RelayError,
  type RelayErrorCode,
  type RestoredStream,
  type StorageStats,
  type StreamConfig,
  systemClock,
} from "eddy-hls/core";
import type { ReachedStep } from "../ingest.ts";
import { BatchWriter } from "./batch-writer.ts";
import { Budget } from "./budget.ts";
import { FaultError, type Faults, guarded } from "./faults.ts";
import { Fence } from "./fence.ts";
import { loadAll, loadOne, type StoredStream, storedStream } from "./load.ts";
import { MediaReader } from "./media-reader.ts";
import { readInit } from "./read-record.ts";
import { hasMedia, type RenditionIndex, type StoredSegment } from "./rendition-index.ts";
import { openDatabase, PART_LOST, type StoreDatabase } from "./schema.ts";
import { Shelf } from "./shelf.ts";
import { type StoredStreamStats, type StoreStats, statsOf, WriteTimes } from "./store-stats.ts";
import type { StreamChanges, StreamEntry } from "./stream-entry.ts";
import { Sweeper } from "./sweeper.ts";

export interface StoreOptions {
  /** Name of the database. Default `eddy`. */
  readonly name?: string;
  /** Media that a stream keeps. Default four hours. */
  readonly windowMs?: number;
  /** Default: no limit but that of all streams together. */
  readonly maxBytesPerStream?: number;
  /** What all streams together may take of what the browser grants the origin, from 0 to 1. Default 0.5. */
  readonly quotaShare?: number;
  /** From a part to the transaction that writes it. Default 100, at most 250. */
  readonly batchMs?: number;
  /** Media that may wait for the disk; beyond it, all that waits is given up, and found again as gaps. Default 32 MiB. */
  readonly maxPendingBytes?: number;
  readonly clock?: Clock;
  /** What the origin is granted, in bytes. Default: asks the browser. */
  readonly quota?: () => Promise<number | undefined>;
  readonly faults?: Faults;
}

export type OnKept = (stream: string, epoch: string, session: number, kept: ReadonlyMap<string, number>) => void;

const HOUR_MS = 3_600_000;
const MAX_BATCH_MS = 250;
const MIB = 1024 * 1024;

/**
 * Keeps streams in IndexedDB, behind the live edge: whatever the rings take is handed over at once, without a copy, and written
 * in batches. A part is written once, in pieces, with the record of its segment and the number of its step in one transaction; so at
 * any moment a store that is read anew holds whole steps, up to the last batch.
 */
export class StreamStore implements Archive {
  /**
   * After a batch is on disk: the steps before these numbers need not be sent again. On a disk that is full, and where the database has
   * gone, it is called without that, so that nobody waits: what the disk then lacks is lost if the worker is killed.
   */
  onKept: OnKept | undefined;
  /** The window of a rendition starts here from now on; called before anything is deleted. */
  onForget: ((stream: string, rendition: string, beforeMsn: Msn) => void) | undefined;
  /** Want of room took the last segment of a stream that had ended. */
  onRemoved: ((stream: string) => void) | undefined;
  /** A stream has ended and is on disk whole, as `load()` would find it. */
  onEnded: ((stream: RestoredStream) => void) | undefined;
  /** Told once for each kind of trouble: `store-full`, `store-corrupt`, `store-unavailable`. */
  onTrouble: ((error: RelayError) => void) | undefined;

  readonly #database: StoreDatabase;
  readonly #clock: Clock;
  readonly #faults: Faults | undefined;
  readonly #maxPendingBytes: number;
  readonly #budget: Budget;
  readonly #shelf: Shelf;
  readonly #writer: BatchWriter;
  readonly #reader: MediaReader;
  #isLoaded = false;
  readonly #fence = new Fence();
  #isLost = false;
  #isSuperseded = false;
  readonly #told = new Set<RelayErrorCode>();
  readonly #times = new WriteTimes();
  #dropped = 0;
  #troubles = 0;
  #lastTrouble: StorageStats["trouble"];

  private constructor(database: StoreDatabase, options: StoreOptions & { readonly clock: Clock }) {
    const { clock, faults, batchMs = 100, quotaShare = 0.5, quota = grantedBytes } = options;
    const { windowMs = 4 * HOUR_MS, maxBytesPerStream = Number.POSITIVE_INFINITY } = options;
    this.#database = database;
    this.#clock = clock;
    this.#faults = faults;
    this.#maxPendingBytes = options.maxPendingBytes ?? 32 * MIB;
    const fence = this.#fence;
    const sweeper = new Sweeper(database, { fence, faults });
    this.#budget = new Budget({ clock, quotaShare, quota });
    this.#reader = new MediaReader(database, { faults, lost: (...what) => this.#setAside(...what) });
    this.#shelf = new Shelf({
      retention: { windowMs, maxBytesPerStream },
      budget: this.#budget,
      sweeper,
      forgets: (...what) => this.onForget?.(...what),
      removed: (stream) => this.onRemoved?.(stream),
    });
    this.#writer = new BatchWriter({
      database,
      clock,
      batchMs: Math.min(batchMs, MAX_BATCH_MS),
      sweeper,
      fence,
      faults,
      collect: () => this.#shelf.collect(clock.wallMs()),
      written: (batch, tookMs) => this.#written(batch, tookMs),
      restore: (batch) => {
        for (const changes of batch) changes.entry.restore(changes);
      },
      makeRoom: () => this.#makeRoom(),
      postponed: (batch) => this.#postponed(batch),
      failed: (error) => this.#lose(`the database fails: ${String(error)}`),
      superseded: () => this.#retire(),
    });
  }

  /**
   * Opens the database, and makes it where there is none.
   * @throws RelayError `store-unavailable` where it cannot be opened; `store-newer` where a newer version made it, which is left as it is
   */
  static async open(options: StoreOptions = {}): Promise<StreamStore> {
    const { name = "eddy", clock = systemClock } = options;
    const faults = options.faults && guarded(options.faults);
    await faults?.("open");
    let lose = (_reason: string): void => undefined;
    const database = await openDatabase({ name, clock, lost: (reason) => lose(reason) });
    const store = new StreamStore(database, { ...options, clock, ...(faults === undefined ? {} : { faults }) });
    lose = (reason) => store.#lose(reason);
    return store;
  }

  /**
   * Every stream's window in one read, without its media. Once, and before anything else is asked or recorded. What has outgrown its
   * window is gone already; what cannot be read is a gap.
   */
  async load(): Promise<readonly StoredStream[]> {
    await this.#faults?.("load");
    // Before it is read: what another worker still has on its way would be missing here, and is sent here again.
    await this.#fence.take(this.#database);
    const [loaded, windowMs] = await Promise.all([loadAll(this.#database), storedWindow(this.#database)]);
    if (windowMs !== undefined) this.#shelf.windowMs = windowMs;
    const { streams, corrupt } = loaded;
    this.#shelf.adopt(loaded);
    this.#isLoaded = true;
    if (corrupt > 0) this.#trouble("store-corrupt", `expected readable records, got ${corrupt} that are not`, corrupt);
    this.#budget.ask();
    this.#writer.touch();
    return streams.map(storedStream);
  }

  /** @throws RelayError `internal` before `load()`: a stream that is stored already would be stored once more */
  open(stream: string, epoch: string, config: StreamConfig): (rendition: string) => Recorder {
    if (!this.#isLoaded) throw new RelayError("internal", `expected load() before "${stream}" is opened`);
    const entry = this.#shelf.open(stream, epoch, config, this.#clock.wallMs());
    this.#writer.touch();
    return (rendition) => this.#recorder(entry, rendition);
  }

  end(stream: string): void {
    this.#shelf.find(stream)?.end();
    this.#writer.touch();
  }

  remove(stream: string): void {
    if (this.#shelf.remove(stream)) this.#writer.touch();
  }

  async part(stream: string, rendition: string, id: PartId): Promise<Bytes | undefined> {
    const index = this.#shelf.find(stream)?.renditions.get(rendition);
    return index === undefined ? undefined : this.#read(() => this.#reader.part(index, id));
  }

  async segment(stream: string, rendition: string, msn: Msn): Promise<readonly Bytes[] | undefined> {
    const index = this.#shelf.find(stream)?.renditions.get(rendition);
    return index === undefined ? undefined : this.#read(() => this.#reader.segment(index, msn));
  }

  /** As it is on disk: the newest, which may wait to be written, are in the rings. */
  async init(stream: string, rendition: string, epoch: string, index: number): Promise<Bytes | undefined> {
    const { number, stream: id } = this.#shelf.find(stream)?.renditions.get(rendition) ?? {};
    if (id === undefined || number === undefined) return undefined;
    return this.#read(async () => readInit(await this.#database.get("inits", [id, number, index, epoch]))?.bytes);
  }

  /** How far a producer is, after a step that was recorded just now: both are written in one transaction. */
  reached(stream: string, rendition: string, reached: ReachedStep): void {
    const entry = this.#shelf.find(stream);
    if (entry === undefined) return;
    entry.reached(rendition, reached);
    this.#writer.touch();
  }

  /** What is pinned goes by itself neither for its age nor for room. Resolves once that is on disk; false for a stream that is not here. */
  async pin(stream: string, on: boolean): Promise<boolean> {
    return this.#change(stream, (entry) => entry.pin(on));
  }

  /** Gives a stream a title, or none. Resolves once that is on disk; false for a stream that is not here. */
  async rename(stream: string, title: string | undefined): Promise<boolean> {
    return this.#change(stream, (entry) => entry.rename(title));
  }

  /**
   * What each stream keeps from now on, in ms; a store that is opened later finds it again. Media beyond it goes at once. Resolves once that is on disk.
   * @throws RelayError `store-full`, `store-unavailable`; the window holds until the end of the worker all the same
   */
  async setWindow(windowMs: number): Promise<void> {
    this.#shelf.windowMs = windowMs;
    this.#shelf.trim(this.#shelf.entries);
    this.#writer.touch();
    try {
      await this.#database.put("writer", windowMs, "windowMs");
    } catch (thrown) {
      const { name, message } = thrown as Error;
      throw new RelayError(name === "QuotaExceededError" ? "store-full" : "store-unavailable", message, {
        cause: thrown,
      });
    }
  }

  kept(stream: string): KeptStats | undefined {
    const entry = this.#shelf.find(stream);
    if (entry === undefined || entry.segmentCount === 0) return undefined;
    const { sizeBytes, windowMs, pinned, title, createdAtMs } = entry;
    return { sizeBytes, windowMs, pinned, createdAtMs, ...(title === undefined ? {} : { title }) };
  }

  isStored(stream: string, rendition: string, id: PartId): boolean {
    const index = this.#shelf.find(stream)?.renditions.get(rendition);
    const segment = index?.holding(id);
    if (index === undefined || segment === undefined || index.pending(id) !== undefined) return false;
    return hasMedia(segment.flags[id - segment.firstPartId]);
  }

  get storage(): StorageStats {
    const { quotaBytes } = this.#budget;
    return {
      sizeBytes: this.#shelf.sizeBytes,
      windowMs: this.#shelf.windowMs,
      ...(quotaBytes === undefined ? {} : { quotaBytes }),
      ...(this.#lastTrouble === undefined ? {} : { trouble: this.#lastTrouble }),
    };
  }

  /** Resolves when everything that was handed over so far is on disk, or has failed. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /** Writes what waits, and lets go of the database. */
  async close(): Promise<void> {
    await this.#writer.flush();
    this.#writer.stop();
    this.#isLost = true;
    this.#database.close();
  }

  /** Lets go of the database at once, as the end of the worker does: what waits is not written, and nobody is told of anything more. */
  abandon(): void {
    this.onKept = undefined;
    this.onForget = undefined;
    this.onRemoved = undefined;
    this.onEnded = undefined;
    this.onTrouble = undefined;
    this.#writer.stop();
    this.#isLost = true;
    this.#database.close();
  }

  /** Another worker has taken the database over, and pages ought to turn to that one. */
  get superseded(): boolean {
    return this.#isSuperseded;
  }

  get available(): boolean {
    return !this.#isLost;
  }

  get stats(): StoreStats {
    const streams = new Map<string, StoredStreamStats>();
    for (const entry of this.#shelf.entries) streams.set(entry.name, statsOf(entry));
    const { quotaBytes } = this.#budget;
    return {
      state: this.#isLost ? "memory" : "disk",
      streams,
      sizeBytes: this.#shelf.sizeBytes,
      ...(quotaBytes === undefined ? {} : { quotaBytes }),
      batches: this.#times.count,
      writeMs: this.#times.medianMs,
      dropped: this.#dropped,
      troubles: this.#troubles,
    };
  }

  #recorder(entry: StreamEntry, rendition: string): Recorder {
    const index = entry.renditions.get(rendition);
    if (index === undefined) throw new RelayError("internal", `"${entry.name}" is stored without "${rendition}"`);
    // A stream that was replaced may still be told of; it is not stored any more.
    const isKept = (): boolean => !this.#isLost && this.#shelf.find(entry.name) === entry;
    return {
      init: (epoch, initIndex, bytes) => {
        if (isKept()) index.takeInit(epoch, initIndex, bytes);
      },
      part: (part) => {
        if (isKept()) this.#take(entry, index, part);
      },
      dateRange: (range) => {
        if (!isKept()) return;
        index.takeRange(range);
        entry.touch();
        this.#writer.touch();
      },
      listedFrom: (msn) => {
        index.liveMsn = msn;
      },
    };
  }

  #take(entry: StreamEntry, index: RenditionIndex, part: PartRecord): void {
    if (part.opens !== undefined && index.leapsTo(part.opens)) this.#shelf.forget(entry, index, part.opens.msn);
    if (!index.take(part)) {
      this.#dropped += 1;
      return;
    }
    entry.settle();
    if (this.#shelf.pendingBytes > this.#maxPendingBytes) this.#dropped += this.#shelf.abandonMedia();
    this.#writer.touch();
  }

  #written(batch: readonly StreamChanges[], tookMs: number): void {
    this.#times.add(tookMs);
    for (const changes of batch) changes.entry.written(changes);
    this.#tellKept(batch);
    for (const { entry, head } of batch) if (head.ended) this.#tellEnded(entry);
    this.#shelf.taken();
    this.#shelf.trim(batch.map(({ entry }) => entry));
    this.#budget.ask();
  }

  /** The windows slide on while the disk is full. */
  #postponed(batch: readonly StreamChanges[]): void {
    this.#tellKept(batch);
    this.#shelf.trim(batch.map(({ entry }) => entry));
  }

  #tellKept(batch: readonly StreamChanges[]): void {
    for (const { entry, producer } of batch) {
      if (producer === undefined) continue;
      this.onKept?.(entry.name, producer.epoch, producer.session, new Map(Object.entries(producer.expected)));
    }
  }

  /** What cannot be read now is found by the next worker. */
  #tellEnded(entry: StreamEntry): void {
    loadOne(this.#database, entry).then(
      (stream) => {
        // Another stream may have taken its name meanwhile.
        if (stream !== undefined && this.#shelf.find(entry.name) === entry) this.onEnded?.(stream);
      },
      () => undefined,
    );
  }

  #makeRoom(): boolean {
    this.#trouble("store-full", "the disk took no more: the windows of the streams shrink, what is live goes on");
    return this.#shelf.makeRoom();
  }

  #setAside(index: RenditionIndex, segment: StoredSegment, part: number): void {
    index.lose(segment, part);
    this.#trouble("store-corrupt", `expected part ${segment.firstPartId + part}, got none that is whole`);
    const key: [number, number, Msn] = [index.stream, index.number, segment.msn];
    const marked = async (): Promise<void> => {
      const { store } = this.#database.transaction("segments", "readwrite", { durability: "relaxed" });
      const row = await store.get(key);
      if (row === undefined) return;
      row.flags[part] = (row.flags[part] ?? 0) | PART_LOST;
      await store.put(row);
    };
    // Should this fail, the part is found to be missing once more when it is next asked for.
    marked().catch(() => undefined);
  }

  /** A database that cannot be read has nothing. */
  async #read<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
    if (this.#isLost) return undefined;
    try {
      return await read();
    } catch (error) {
      if (error instanceof FaultError) throw error;
      this.#trouble("store-corrupt", `expected media, got ${String(error)}`);
      return undefined;
    }
  }

  async #change(stream: string, change: (entry: StreamEntry) => void): Promise<boolean> {
    const entry = this.#shelf.find(stream);
    if (entry === undefined) return false;
    change(entry);
    await this.flush();
    return true;
  }

  /** Goes on in memory: what waits is given up, and what is on disk stays as it is. */
  #lose(reason: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#writer.stop();
    this.#dropped += this.#shelf.abandonMedia();
    this.#tellKept(this.#shelf.collect(this.#clock.wallMs()));
    this.#database.close();
    this.#trouble("store-unavailable", `${reason}; streams go on in memory`);
  }

  /** Another worker goes on with the database. Nothing is told as kept: producers send that one what this one has not written. */
  #retire(): void {
    this.#isSuperseded = true;
    this.#isLost = true;
    this.#database.close();
  }

  #trouble(code: RelayErrorCode, message: string, count = 1): void {
    this.#troubles += count;
    this.#lastTrouble = { code, message, atMs: this.#clock.wallMs() };
    if (this.#told.has(code)) return;
    this.#told.add(code);
    this.onTrouble?.(new RelayError(code, message));
  }
}

async function grantedBytes(): Promise<number | undefined> {
  const storage: StorageManager | undefined = globalThis.navigator?.storage;
  return (await storage?.estimate())?.quota;
}

/** As a page has set it; undefined where none has, or it cannot be read. */
async function storedWindow(database: StoreDatabase): Promise<number | undefined> {
  const windowMs = await database.get("writer", "windowMs").catch(() => undefined);
  return typeof windowMs === "number" && windowMs >= MIN_DVR_WINDOW_MS && windowMs <= MAX_DVR_WINDOW_MS
    ? windowMs
    : undefined;
}
