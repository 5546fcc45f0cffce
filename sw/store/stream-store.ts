import {
  type Archive,
  type Bytes,
  type Clock,
  type Msn,
  type PartId,
  type PartRecord,
  type Recorder,
  RelayError,
  type RelayErrorCode,
  type RenditionRecord,
  type StreamConfig,
  systemClock,
} from "eddy-hls/core";
import type { Batch } from "./batch.ts";
import { BatchWriter } from "./batch-writer.ts";
import { FaultError, type Faults, guarded } from "./faults.ts";
import { type LoadedStream, loadAll, recordOf } from "./load.ts";
import { MediaReader } from "./media-reader.ts";
import type { RenditionIndex, StoredSegment } from "./rendition-index.ts";
import { Retention } from "./retention.ts";
import { openDatabase, PART_LOST, type ProducerRecord, type StoreDatabase } from "./schema.ts";
import { type StoredStreamStats, type StoreStats, WriteTimes } from "./store-stats.ts";
import { type Reached, StreamEntry } from "./stream-entry.ts";
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
  /** Media that may wait for the disk; beyond it, all that waits is given up. Default 64 MiB. */
  readonly maxPendingBytes?: number;
  readonly clock?: Clock;
  /** What the origin is granted, in bytes. Default: asks the browser. */
  readonly quota?: () => Promise<number | undefined>;
  readonly faults?: Faults;
}

/** A stream as it is found again. */
export interface StoredStream {
  readonly name: string;
  readonly epoch: string;
  readonly config: StreamConfig;
  readonly ended: boolean;
  readonly pinned: boolean;
  readonly title?: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly producer?: ProducerRecord;
  readonly renditions: readonly RenditionRecord[];
}

export type OnKept = (stream: string, epoch: string, session: number, kept: ReadonlyMap<string, number>) => void;

const HOUR_MS = 3_600_000;
const MAX_BATCH_MS = 250;
/** The browser is asked for the quota this often at most. */
const QUOTA_MS = 60_000;
/** What the streams shrink to, as a share of what they have, each time that a batch does not fit. */
const SHRINK = [0.9, 0.75, 0.5] as const;
/** For so long they grow no larger than what did fit. */
const SHRUNK_MS = 10 * 60_000;

/**
 * Keeps streams in IndexedDB, behind the live edge: whatever the rings take is handed over at once, without a copy, and written
 * in batches. A part is written once, in pieces, with the record of its segment and the number of its step in one transaction; so at
 * any moment a store that is read anew holds whole steps, up to the last batch.
 */
export class StreamStore implements Archive {
  /**
   * After a batch is on disk: the steps before these numbers need not be sent again. Called for steps that were given up, too, since the
   * disk will not have them (`dropped` in the stats).
   */
  onKept: OnKept | undefined;
  /** The window of a rendition starts here from now on; called before anything is deleted. */
  onForget: ((stream: string, rendition: string, beforeMsn: Msn) => void) | undefined;
  /** Want of room took the last segment of a stream that had ended. */
  onRemoved: ((stream: string) => void) | undefined;
  /** Told once for each kind of trouble: `store-full`, `store-corrupt`, `store-unavailable`. */
  onTrouble: ((error: RelayError) => void) | undefined;

  readonly #database: StoreDatabase;
  readonly #clock: Clock;
  readonly #faults: Faults | undefined;
  readonly #quotaShare: number;
  readonly #maxPendingBytes: number;
  readonly #quota: () => Promise<number | undefined>;
  readonly #retention: Retention;
  readonly #sweeper: Sweeper;
  readonly #writer: BatchWriter;
  readonly #reader: MediaReader;
  readonly #streams = new Map<string, StreamEntry>();
  #removed: number[] = [];
  #nextId: number | undefined;
  #isLost = false;
  #quotaBytes: number | undefined;
  #quotaAskedMs = Number.NEGATIVE_INFINITY;
  #shrunk: { readonly maxBytes: number; readonly untilMs: number } | undefined;
  readonly #told = new Set<RelayErrorCode>();
  readonly #times = new WriteTimes();
  #dropped = 0;
  #troubles = 0;

  private constructor(database: StoreDatabase, options: StoreOptions & { readonly clock: Clock }) {
    const { clock, faults, batchMs = 100, windowMs = 4 * HOUR_MS } = options;
    const { maxBytesPerStream = Number.POSITIVE_INFINITY } = options;
    this.#database = database;
    this.#clock = clock;
    this.#faults = faults;
    this.#quotaShare = options.quotaShare ?? 0.5;
    this.#maxPendingBytes = options.maxPendingBytes ?? 64 * 1024 * 1024;
    this.#quota = options.quota ?? grantedBytes;
    this.#retention = new Retention({ windowMs, maxBytesPerStream }, (...what) => this.#forget(...what));
    this.#sweeper = new Sweeper(database, faults);
    this.#reader = new MediaReader(database, { faults, lost: (...what) => this.#setAside(...what) });
    this.#writer = new BatchWriter({
      database,
      clock,
      batchMs: Math.min(batchMs, MAX_BATCH_MS),
      sweeper: this.#sweeper,
      faults,
      collect: () => this.#collect(),
      written: (batch, tookMs) => this.#written(batch, tookMs),
      restore: (batch) => this.#restore(batch),
      makeRoom: (attempt) => this.#makeRoom(attempt),
      abandonMedia: () => this.#abandonMedia(),
      abandoned: (batch) => this.#tellKept(batch),
      failed: (error) => this.#lose("store-unavailable", `the database fails: ${String(error)}`),
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
    lose = (reason) => store.#lose("store-unavailable", reason);
    return store;
  }

  /**
   * Every stream's window in one read, without its media. Once, and before anything else is asked or recorded. What has outgrown its
   * window is gone already; what cannot be read is a gap.
   */
  async load(): Promise<readonly StoredStream[]> {
    await this.#faults?.("load");
    const { streams, strays, corrupt, nextId } = await loadAll(this.#database);
    this.#nextId = nextId;
    this.#removed.push(...strays);
    for (const { entry } of streams) {
      this.#streams.set(entry.name, entry);
      this.#retention.trim(entry);
    }
    this.#sweepUnlisted();
    if (corrupt > 0) this.#trouble("store-corrupt", `expected readable records, got ${corrupt} that are not`, corrupt);
    this.#askQuota();
    this.#writer.touch();
    return streams.map(storedStream);
  }

  open(stream: string, epoch: string, config: StreamConfig): (rendition: string) => Recorder {
    let entry = this.#streams.get(stream);
    if (entry?.takesOn(epoch, config) === false) {
      this.remove(stream);
      entry = undefined;
    }
    if (entry === undefined) {
      if (this.#nextId === undefined) throw new RelayError("internal", "expected load() before open()");
      entry = new StreamEntry({ id: this.#nextId, name: stream, epoch, config, createdAtMs: this.#clock.wallMs() });
      this.#nextId += 1;
      this.#streams.set(stream, entry);
    }
    entry.open(epoch, config);
    const opened = entry;
    return (rendition) => this.#recorder(opened, rendition);
  }

  end(stream: string): void {
    const entry = this.#streams.get(stream);
    entry?.end();
    if (entry !== undefined) this.#writer.touch();
  }

  remove(stream: string): void {
    const entry = this.#streams.get(stream);
    if (entry === undefined) return;
    this.#streams.delete(stream);
    this.#removed.push(entry.id);
    this.#sweeper.addStreams(entry.id - 1, entry.id + 1);
    this.#writer.touch();
  }

  async part(stream: string, rendition: string, id: PartId): Promise<Bytes | undefined> {
    const index = this.#streams.get(stream)?.renditions.get(rendition);
    return index === undefined ? undefined : this.#read(() => this.#reader.part(index, id));
  }

  async segment(stream: string, rendition: string, msn: Msn): Promise<readonly Bytes[] | undefined> {
    const index = this.#streams.get(stream)?.renditions.get(rendition);
    return index === undefined ? undefined : this.#read(() => this.#reader.segment(index, msn));
  }

  /** How far a producer is, after a step that was recorded just now: both are written in one transaction. */
  reached(stream: string, rendition: string, reached: Reached): void {
    const entry = this.#streams.get(stream);
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

  get available(): boolean {
    return !this.#isLost;
  }

  get stats(): StoreStats {
    const streams = new Map<string, StoredStreamStats>();
    for (const entry of this.#streams.values()) streams.set(entry.name, statsOf(entry));
    return {
      state: this.#isLost ? "memory" : "disk",
      streams,
      sizeBytes: this.#sizeBytes,
      ...(this.#quotaBytes === undefined ? {} : { quotaBytes: this.#quotaBytes }),
      batches: this.#times.count,
      writeMs: this.#times.medianMs,
      dropped: this.#dropped,
      troubles: this.#troubles,
    };
  }

  get #sizeBytes(): number {
    let sum = 0;
    for (const { sizeBytes } of this.#streams.values()) sum += sizeBytes;
    return sum;
  }

  #recorder(entry: StreamEntry, rendition: string): Recorder {
    const index = entry.renditions.get(rendition);
    if (index === undefined) throw new RelayError("internal", `"${entry.name}" is stored without "${rendition}"`);
    // A stream that was replaced may still be told of; it is not stored any more.
    const isKept = (): boolean => !this.#isLost && this.#streams.get(entry.name) === entry;
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
    if (part.opens !== undefined && index.leapsTo(part.opens)) this.#forget(entry, index, part.opens.msn);
    if (!index.take(part)) {
      this.#dropped += 1;
      return;
    }
    entry.settle();
    if (entry.pendingBytes > this.#maxPendingBytes) this.#abandonMedia();
    this.#writer.touch();
  }

  #collect(): Batch | undefined {
    const nowMs = this.#clock.wallMs();
    const streams = [...this.#streams.values()]
      .map((entry) => entry.collect(nowMs))
      .filter((found) => found !== undefined);
    const removed = this.#removed;
    if (streams.length === 0 && removed.length === 0) return undefined;
    this.#removed = [];
    return { streams, removed };
  }

  #restore({ streams, removed }: Batch): void {
    for (const changes of streams) changes.entry.restore(changes);
    this.#removed = [...removed, ...this.#removed];
  }

  #written(batch: Batch, tookMs: number): void {
    this.#times.add(tookMs);
    for (const changes of batch.streams) changes.entry.written(changes);
    this.#tellKept(batch);
    for (const { entry } of batch.streams) this.#retention.trim(entry);
    this.#retention.shrink([...this.#streams.values()], this.#maxBytes);
    if (this.#clock.now() - this.#quotaAskedMs > QUOTA_MS) this.#askQuota();
  }

  #tellKept({ streams }: Batch): void {
    for (const { entry, producer } of streams) {
      if (producer === undefined) continue;
      this.onKept?.(entry.name, producer.epoch, producer.session, new Map(Object.entries(producer.expected)));
    }
  }

  /** Bytes that all streams may have together. */
  get #maxBytes(): number {
    const granted = (this.#quotaBytes ?? Number.POSITIVE_INFINITY) * this.#quotaShare;
    if (this.#shrunk === undefined || this.#clock.now() > this.#shrunk.untilMs) return granted;
    return Math.min(granted, this.#shrunk.maxBytes);
  }

  #makeRoom(attempt: number): boolean {
    this.#trouble("store-full", "the disk took no more: the windows of the streams shrink, what is live goes on");
    let pendingBytes = 0;
    for (const entry of this.#streams.values()) pendingBytes += entry.pendingBytes;
    const maxBytes = (this.#sizeBytes - pendingBytes) * (SHRINK[attempt - 1] ?? 0) + pendingBytes;
    this.#shrunk = { maxBytes, untilMs: this.#clock.now() + SHRUNK_MS };
    return this.#retention.shrink([...this.#streams.values()], maxBytes);
  }

  #abandonMedia(): void {
    for (const entry of this.#streams.values()) this.#dropped += entry.abandonMedia();
  }

  #forget(entry: StreamEntry, index: RenditionIndex, beforeMsn: Msn): void {
    this.onForget?.(entry.name, index.id, beforeMsn);
    this.#sweeper.addSegments(entry.id, index.number, index.forgetBefore(beforeMsn));
    const first = index.segments[0];
    if (first !== undefined) this.#sweeper.addBefore(entry.id, index.number, first);
    if (entry.ended && entry.segmentCount === 0) {
      this.remove(entry.name);
      this.onRemoved?.(entry.name);
    }
    this.#writer.touch();
  }

  /** What a kill may have left: streams without a head, and media before the first segment of a window. */
  #sweepUnlisted(): void {
    let after = -1;
    for (const { id, renditions } of [...this.#streams.values()].sort((a, b) => a.id - b.id)) {
      this.#sweeper.addStreams(after, id);
      after = id;
      for (const { number, segments } of renditions.values()) {
        const first = segments[0];
        if (first === undefined) continue;
        this.#sweeper.addRow(id, number, 0, first.msn - 1);
        this.#sweeper.addBefore(id, number, first);
      }
    }
    this.#sweeper.addStreams(after, this.#nextId ?? after + 1);
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
    const entry = this.#streams.get(stream);
    if (entry === undefined) return false;
    change(entry);
    await this.flush();
    return true;
  }

  #askQuota(): void {
    this.#quotaAskedMs = this.#clock.now();
    this.#quota().then(
      (bytes) => {
        this.#quotaBytes = bytes;
      },
      () => undefined,
    );
  }

  /** Goes on in memory: what waits is given up, and what is on disk stays as it is. */
  #lose(code: RelayErrorCode, reason: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#writer.stop();
    this.#abandonMedia();
    const batch = this.#collect();
    if (batch !== undefined) this.#tellKept(batch);
    this.#database.close();
    this.#trouble(code, `${reason}; streams go on in memory`);
  }

  #trouble(code: RelayErrorCode, message: string, count = 1): void {
    this.#troubles += count;
    if (this.#told.has(code)) return;
    this.#told.add(code);
    this.onTrouble?.(new RelayError(code, message));
  }
}

function statsOf(entry: StreamEntry): StoredStreamStats {
  const { sizeBytes, segmentCount, windowMs, pinned, title, pendingBytes, keptAtMs } = entry;
  return {
    sizeBytes,
    segments: segmentCount,
    windowMs,
    pinned,
    pendingBytes,
    ...(title === undefined ? {} : { title }),
    ...(keptAtMs === undefined ? {} : { keptAtMs }),
  };
}

function storedStream({ entry, renditions, inits }: LoadedStream): StoredStream {
  const { name, epoch, config, ended, pinned, title, createdAtMs, keptAtMs = createdAtMs, producer } = entry;
  return {
    name,
    epoch,
    config,
    ended,
    pinned,
    createdAtMs,
    updatedAtMs: keptAtMs,
    ...(title === undefined ? {} : { title }),
    ...(producer === undefined ? {} : { producer }),
    renditions: renditions.map(({ index, rows }) =>
      recordOf(
        { index, rows },
        inits.filter(({ rendition }) => rendition === index.number),
      ),
    ),
  };
}

async function grantedBytes(): Promise<number | undefined> {
  const storage: StorageManager | undefined = globalThis.navigator?.storage;
  return (await storage?.estimate())?.quota;
}
