import type { KeptStats, StorageStats } from "eddy-hls/core";
import type { Bytes } from "../src/model/bytes.ts";
import type { RelayError } from "../src/model/errors.ts";
import type { StreamConfig } from "../src/model/options.ts";
import { MemoryArchive } from "../src/origin/archive.test-support.ts";
import type { Recorder } from "../src/origin/archive.ts";
import type { ReachedStep, StoredProducer } from "./ingest.ts";
import type { RelayStore, StoredStream } from "./relay-store.ts";

const BATCH_MS = 100;

/** A disk, which outlives workers: at most one stream. */
export class MemoryDisk {
  readonly archive = new MemoryArchive();
  name: string | undefined;
  producer: StoredProducer | undefined;
  isPinned = false;
  title: string | undefined;
  updatedAtMs = 0;
  windowMs = 4 * 3_600_000;
  /** Takes nothing for now. */
  isStuck = false;
}

/** What one worker has of a disk: it writes in batches, each of them whole, and what a kill finds unwritten is lost. */
export class MemoryStore implements RelayStore {
  readonly available = true;
  readonly superseded = false;
  onKept: RelayStore["onKept"];
  onForget: RelayStore["onForget"];
  onRemoved: RelayStore["onRemoved"];
  onEnded: RelayStore["onEnded"];
  onTrouble: ((error: RelayError) => void) | undefined;
  readonly #disk: MemoryDisk;
  #pending: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isDead = false;

  constructor(disk: MemoryDisk) {
    this.#disk = disk;
  }

  async load(): Promise<readonly StoredStream[]> {
    const { name, archive, producer, updatedAtMs } = this.#disk;
    if (name === undefined) return [];
    return [{ ...archive.stored(name), updatedAtMs, ...(producer === undefined ? {} : { producer }) }];
  }

  kill(): void {
    this.#isDead = true;
    this.#pending = [];
    clearTimeout(this.#timer);
  }

  open(stream: string, epoch: string, config: StreamConfig): (rendition: string) => Recorder {
    const recorderOf = this.#disk.archive.open(stream, epoch, config);
    return (rendition) => {
      const recorder = recorderOf(rendition);
      return {
        init: (...init) => this.#write(() => recorder.init(...init)),
        part: (part) =>
          this.#write(() => {
            this.#disk.name = stream;
            recorder.part(part);
          }),
        dateRange: (range) => this.#write(() => recorder.dateRange(range)),
        listedFrom: (msn) => this.#write(() => recorder.listedFrom(msn)),
      };
    };
  }

  reached(_stream: string, rendition: string, at: ReachedStep): void {
    const { epoch, session, expected, key, mark, clientId } = at;
    this.#write(() => {
      const known = this.#disk.producer;
      const isSame = known?.epoch === epoch && known.session === session;
      const marks = { ...(isSame ? known.marks : {}), ...(mark === undefined ? {} : { [rendition]: mark }) };
      this.#disk.producer = {
        epoch,
        session,
        expected: { ...(isSame ? known.expected : {}), [rendition]: expected },
        ...(key === undefined ? {} : { key, marks }),
        clientId,
      };
    });
  }

  end(): void {
    this.#write(() => this.#disk.archive.end());
  }

  remove(): void {
    this.#pending = [];
    this.#disk.name = undefined;
    this.#disk.producer = undefined;
    this.#disk.archive.remove();
  }

  async pin(stream: string, on: boolean): Promise<boolean> {
    if (this.#disk.name !== stream) return false;
    this.#disk.isPinned = on;
    return true;
  }

  async rename(stream: string, title: string | undefined): Promise<boolean> {
    if (this.#disk.name !== stream) return false;
    this.#disk.title = title;
    return true;
  }

  isStored(stream: string, rendition: string, id: number): boolean {
    return this.#disk.archive.isStored(stream, rendition, id);
  }

  abandon(): void {
    this.onKept = undefined;
    this.kill();
  }

  async setWindow(windowMs: number): Promise<void> {
    this.#disk.windowMs = windowMs;
  }

  kept(stream: string): KeptStats | undefined {
    const { archive, isPinned, name, title } = this.#disk;
    const kept = name === stream ? archive.kept() : undefined;
    return kept && { ...kept, pinned: isPinned, ...(title === undefined ? {} : { title }) };
  }

  get storage(): StorageStats {
    return { ...this.#disk.archive.storage, windowMs: this.#disk.windowMs };
  }

  async flush(): Promise<void> {
    if (this.#isDead || this.#disk.isStuck) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#pending;
    this.#pending = [];
    for (const write of batch) write();
    this.#disk.updatedAtMs = Date.now();
    const { name, producer } = this.#disk;
    if (name === undefined || producer === undefined) return;
    this.onKept?.(name, producer.epoch, producer.session, new Map(Object.entries(producer.expected)));
  }

  part(stream: string, rendition: string, id: number): Promise<Bytes | undefined> {
    return this.#disk.archive.part(stream, rendition, id);
  }

  init(stream: string, rendition: string, epoch: string, index: number): Promise<Bytes | undefined> {
    return this.#disk.archive.init(stream, rendition, epoch, index);
  }

  segment(stream: string, rendition: string, msn: number): Promise<readonly Bytes[] | undefined> {
    return this.#disk.archive.segment(stream, rendition, msn);
  }

  #write(write: () => void): void {
    if (this.#isDead) return;
    this.#pending.push(write);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, BATCH_MS);
  }
}
