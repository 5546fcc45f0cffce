import type { StreamConfig } from "eddy-hls/core";
import type { ReachedStep } from "../ingest.ts";
import { type RenditionChanges, RenditionIndex } from "./rendition-index.ts";
import type { HeadRecord, ProducerRecord } from "./schema.ts";

/** What one batch takes of a stream. */
export interface StreamChanges {
  readonly entry: StreamEntry;
  readonly head: HeadRecord;
  readonly renditions: readonly { readonly index: RenditionIndex; readonly changes: RenditionChanges }[];
  /** Where the producer stands once this is written, if that is news. */
  readonly producer?: ProducerRecord;
}

/** One stored stream: its head and its renditions, as they are in memory, and what of them is still to be written. */
export class StreamEntry {
  readonly id: number;
  readonly name: string;
  readonly renditions = new Map<string, RenditionIndex>();
  /** Wall clock of the last batch that was written; undefined before the first. */
  keptAtMs: number | undefined;
  #epoch: string;
  #config: StreamConfig;
  /** What the next part begins: a producer of whom nothing is stored yet has changed nothing. */
  #opening: { readonly epoch: string; readonly config: StreamConfig } | undefined;
  #ended = false;
  #pinned = false;
  #title: string | undefined;
  readonly #createdAtMs: number;
  #producer: ProducerRecord | undefined;
  #isProducerNew = false;
  #isDirty = false;

  constructor(
    head: Pick<HeadRecord, "id" | "name" | "epoch" | "config" | "createdAtMs"> & Partial<HeadRecord>,
    updatedAtMs?: number,
  ) {
    this.id = head.id;
    this.name = head.name;
    this.#epoch = head.epoch;
    this.#config = head.config;
    this.#createdAtMs = head.createdAtMs;
    this.#ended = head.ended ?? false;
    this.#pinned = head.pinned ?? false;
    this.#title = head.title;
    this.#producer = head.producer;
    this.keptAtMs = updatedAtMs;
    const ids = head.renditions ?? head.config.renditions;
    ids.forEach(({ id }, number) => {
      this.renditions.set(id, new RenditionIndex({ id, stream: this.id, number }));
    });
  }

  get epoch(): string {
    return this.#epoch;
  }

  get config(): StreamConfig {
    return this.#config;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get pinned(): boolean {
    return this.#pinned;
  }

  get title(): string | undefined {
    return this.#title;
  }

  get createdAtMs(): number {
    return this.#createdAtMs;
  }

  get producer(): ProducerRecord | undefined {
    return this.#producer;
  }

  get sizeBytes(): number {
    return this.#sum(({ sizeBytes }) => sizeBytes);
  }

  get pendingBytes(): number {
    return this.#sum(({ pendingBytes }) => pendingBytes);
  }

  get segmentCount(): number {
    return this.#sum(({ segments }) => segments.length);
  }

  get windowMs(): number {
    return Math.max(0, ...[...this.renditions.values()].map(({ durationMs }) => durationMs));
  }

  /** Whether a producer with this epoch and these options goes on here; another one replaces the stream. */
  takesOn(epoch: string, config: StreamConfig): boolean {
    if (epoch === this.#epoch || epoch === this.#opening?.epoch) return true;
    const { partTargetMs, targetDurationMs, segmentMinMs, type, parts, renditions } = this.#config;
    return (
      !this.#ended &&
      config.partTargetMs === partTargetMs &&
      config.targetDurationMs === targetDurationMs &&
      config.segmentMinMs === segmentMinMs &&
      config.type === type &&
      config.parts === parts &&
      config.renditions.length === renditions.length &&
      config.renditions.every(({ id }) => this.renditions.has(id))
    );
  }

  open(epoch: string, config: StreamConfig): void {
    this.#opening = epoch === this.#epoch ? undefined : { epoch, config };
  }

  /** A part has come, so whoever opened the stream last is who writes it. */
  settle(): void {
    this.#isDirty = true;
    if (this.#opening === undefined) return;
    this.#epoch = this.#opening.epoch;
    this.#config = this.#opening.config;
    this.#opening = undefined;
  }

  reached(rendition: string, { epoch, session, expected, key, mark, clientId }: ReachedStep): void {
    const known = this.#producer;
    const isSame = known?.epoch === epoch && known.session === session;
    const marks = { ...(isSame ? known.marks : {}), ...(mark === undefined ? {} : { [rendition]: mark }) };
    this.#producer = {
      epoch,
      session,
      expected: { ...(isSame ? known.expected : {}), [rendition]: expected },
      ...(key === undefined ? {} : { key, marks }),
      clientId,
    };
    this.#isProducerNew = true;
    this.#isDirty = true;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#isDirty = true;
  }

  pin(on: boolean): void {
    this.#pinned = on;
    this.#isDirty = true;
  }

  rename(title: string | undefined): void {
    this.#title = title;
    this.#isDirty = true;
  }

  /** Something else than a part has changed, such as a date range. */
  touch(): void {
    this.#isDirty = true;
  }

  /** Undefined while there is nothing to write; a stream without a part is not stored at all. */
  collect(nowMs: number): StreamChanges | undefined {
    if (!this.#isDirty || this.segmentCount === 0) return undefined;
    const producer = this.#isProducerNew ? this.#producer : undefined;
    this.#isDirty = false;
    this.#isProducerNew = false;
    return {
      entry: this,
      head: this.#head(nowMs),
      renditions: [...this.renditions.values()].map((index) => ({ index, changes: index.collect() })),
      ...(producer === undefined ? {} : { producer }),
    };
  }

  written({ head, renditions }: StreamChanges): void {
    this.keptAtMs = head.updatedAtMs;
    for (const { index, changes } of renditions) index.written(changes);
  }

  restore({ renditions, producer }: StreamChanges): void {
    this.#isDirty = true;
    if (producer !== undefined) this.#isProducerNew = true;
    for (const { index, changes } of renditions) index.restore(changes);
  }

  /** Returns how many parts will never be on disk. */
  abandonMedia(): number {
    return this.#sum((rendition) => rendition.abandonMedia());
  }

  #head(updatedAtMs: number): HeadRecord {
    return {
      id: this.id,
      name: this.name,
      epoch: this.#epoch,
      config: this.#config,
      ended: this.#ended,
      pinned: this.#pinned,
      createdAtMs: this.#createdAtMs,
      updatedAtMs,
      ...(this.#title === undefined ? {} : { title: this.#title }),
      ...(this.#producer === undefined ? {} : { producer: this.#producer }),
      renditions: [...this.renditions.values()].map(({ head }) => head),
    };
  }

  #sum(of: (rendition: RenditionIndex) => number): number {
    let sum = 0;
    for (const rendition of this.renditions.values()) sum += of(rendition);
    return sum;
  }
}
