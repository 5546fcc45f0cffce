import type { Msn, StreamConfig } from "eddy-hls/core";
import type { Budget } from "./budget.ts";
import type { Loaded } from "./load.ts";
import type { RenditionIndex } from "./rendition-index.ts";
import { type Forget, Retention, type RetentionOptions } from "./retention.ts";
import { type StreamChanges, StreamEntry } from "./stream-entry.ts";
import type { Sweeper } from "./sweeper.ts";

export interface ShelfOptions {
  readonly retention: RetentionOptions;
  readonly budget: Budget;
  /** Gets what leaves the shelf. */
  readonly sweeper: Sweeper;
  /** A window starts later from now on; before anything of it is deleted. */
  readonly forgets: (stream: string, rendition: string, beforeMsn: Msn) => void;
  /** Want of room has taken the last of a stream. */
  readonly removed: (stream: string) => void;
}

/** All stored streams as they are in memory, and what leaves them. */
export class Shelf {
  readonly #options: ShelfOptions;
  readonly #retention: Retention;
  readonly #streams = new Map<string, StreamEntry>();
  #nextId = 1;

  constructor(options: ShelfOptions) {
    this.#options = options;
    this.#retention = new Retention(options.retention);
  }

  /** Takes what was read, within its windows; and has everything swept that a kill may have left beside it. */
  adopt({ streams, strays, nextId }: Loaded): void {
    const { sweeper } = this.#options;
    this.#nextId = nextId;
    for (const id of strays) sweeper.addHead(id);
    let after = -1;
    for (const entry of streams.map((stream) => stream.entry).sort((a, b) => a.id - b.id)) {
      this.#streams.set(entry.name, entry);
      // Nobody knows of these segments yet, so nobody is told.
      this.#retention.trim(entry, this.#drop);
      sweeper.addStreams(after, entry.id);
      after = entry.id;
      for (const { number, segments } of entry.renditions.values()) {
        const first = segments[0];
        if (first !== undefined) sweeper.addAllBefore(entry.id, number, first);
      }
    }
    sweeper.addStreams(after, nextId);
  }

  /** Media that each stream keeps at most. Setting it trims nothing by itself. */
  get windowMs(): number {
    return this.#retention.windowMs;
  }

  set windowMs(windowMs: number) {
    this.#retention.windowMs = windowMs;
  }

  find(stream: string): StreamEntry | undefined {
    return this.#streams.get(stream);
  }

  get entries(): readonly StreamEntry[] {
    return [...this.#streams.values()];
  }

  /** Media of all streams, that which waits to be written included. */
  get sizeBytes(): number {
    let sum = 0;
    for (const { sizeBytes } of this.#streams.values()) sum += sizeBytes;
    return sum;
  }

  get pendingBytes(): number {
    let sum = 0;
    for (const { pendingBytes } of this.#streams.values()) sum += pendingBytes;
    return sum;
  }

  /** The stream that such a producer writes: one that is here, or a new one in its place. */
  open(name: string, epoch: string, config: StreamConfig, createdAtMs: number): StreamEntry {
    const known = this.#streams.get(name);
    if (known?.takesOn(epoch, config) === true) {
      known.open(epoch, config);
      return known;
    }
    this.remove(name);
    const entry = new StreamEntry({ id: this.#nextId, name, epoch, config, createdAtMs });
    this.#nextId += 1;
    this.#streams.set(name, entry);
    return entry;
  }

  remove(name: string): boolean {
    const entry = this.#streams.get(name);
    if (entry === undefined) return false;
    this.#streams.delete(name);
    this.#options.sweeper.addHead(entry.id);
    this.#options.sweeper.addStreams(entry.id - 1, entry.id + 1);
    return true;
  }

  /** Forgets the segments of a rendition before `beforeMsn`, and tells so. */
  readonly forget: Forget = (entry, rendition, beforeMsn) => {
    this.#options.forgets(entry.name, rendition.id, beforeMsn);
    this.#drop(entry, rendition, beforeMsn);
    if (!entry.ended || entry.segmentCount > 0) return;
    this.remove(entry.name);
    this.#options.removed(entry.name);
  };

  /** Keeps these streams within their windows, and all of them within the budget. */
  trim(entries: readonly StreamEntry[]): void {
    for (const entry of entries) this.#retention.trim(entry, this.forget);
    // What waits is not on disk yet, and nothing on disk has to go for it before that.
    this.#retention.shrink(this.entries, this.#options.budget.maxBytes + this.pendingBytes, this.forget);
  }

  /** The disk took a batch. */
  taken(): void {
    this.#options.budget.taken(this.sizeBytes - this.pendingBytes);
  }

  /** The disk took no more. False where nothing could go for it. */
  makeRoom(): boolean {
    const { budget } = this.#options;
    const waitingBytes = this.pendingBytes;
    if (!budget.full(this.sizeBytes - waitingBytes)) return false;
    return this.#retention.shrink(this.entries, budget.maxBytes + waitingBytes, this.forget);
  }

  /** Takes out what is to be written of all streams. */
  collect(nowMs: number): readonly StreamChanges[] {
    return this.entries.map((entry) => entry.collect(nowMs)).filter((changes) => changes !== undefined);
  }

  /** Gives up all media that waits. Returns how many parts that was. */
  abandonMedia(): number {
    let abandoned = 0;
    for (const entry of this.#streams.values()) abandoned += entry.abandonMedia();
    return abandoned;
  }

  readonly #drop = ({ id }: StreamEntry, rendition: RenditionIndex, beforeMsn: Msn): void => {
    this.#options.sweeper.addSegments(id, rendition.number, rendition.forgetBefore(beforeMsn));
    const first = rendition.segments[0];
    if (first !== undefined) this.#options.sweeper.addInitsBefore(id, rendition.number, first.initIndex);
  };
}
