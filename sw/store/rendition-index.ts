import {
  type Bytes,
  type DateRangeOptions,
  type Msn,
  PART_GAP,
  type PartId,
  type PartRecord,
  type SegmentOpening,
} from "eddy-hls/core";
import { type InitRow, PART_LOST, type RangeRow, type RenditionHead, type SegmentRow } from "./schema.ts";

/** As many as the playlist of a DVR window lists. */
const MAX_RANGES = 4096;

/** What is remembered of a stored segment: where its media is, and when it may go. */
export interface StoredSegment {
  readonly msn: Msn;
  readonly firstPartId: PartId;
  readonly initIndex: number;
  readonly startWallMs: number;
  /** One for each part; shared with the record that is written. */
  readonly sizesBytes: readonly number[];
  readonly flags: number[];
  durationMs: number;
  /** Of the media that is there. */
  sizeBytes: number;
}

/** What one batch takes of a rendition. */
export interface RenditionChanges {
  readonly rows: ReadonlySet<SegmentRow>;
  readonly inits: readonly InitRow[];
  readonly ranges: readonly RangeRow[];
  /** Ids of date ranges that made room for newer ones. */
  readonly goneRanges: readonly string[];
  readonly media: ReadonlyMap<PartId, Bytes>;
}

/** Whether the media of a part should be there. */
export function hasMedia(flags: number | undefined): boolean {
  return flags !== undefined && (flags & (PART_GAP | PART_LOST)) === 0;
}

/** What is stored of one rendition, and what of it still waits to be: views of what the ring holds, no copies. */
export class RenditionIndex {
  readonly id: string;
  readonly stream: number;
  readonly number: number;
  liveMsn: Msn = 0;
  durationMs = 0;
  /** Of its media, that which is still to be written included. */
  sizeBytes = 0;
  /** Of its media, what is still to be written. */
  pendingBytes = 0;
  readonly #segments: StoredSegment[] = [];
  readonly #ranges = new Map<string, RangeRow>();
  /** The record of the last segment; parts are added while it is open. */
  #open: SegmentRow | undefined;
  #rows = new Set<SegmentRow>();
  #inits: InitRow[] = [];
  #changedRanges = new Set<RangeRow>();
  #goneRanges: string[] = [];
  #media = new Map<PartId, Bytes>();

  constructor(options: { id: string; stream: number; number: number }) {
    this.id = options.id;
    this.stream = options.stream;
    this.number = options.number;
  }

  get segments(): readonly StoredSegment[] {
    return this.#segments;
  }

  get head(): RenditionHead {
    const { id, liveMsn } = this;
    const open = this.#open;
    if (open === undefined) return { id, liveMsn };
    return { id, liveMsn, next: { msn: open.msn + 1, partId: open.firstPartId + open.sizesBytes.length } };
  }

  /** Media that is not on disk yet. */
  pending(id: PartId): Bytes | undefined {
    return this.#media.get(id);
  }

  /** The segment that holds a part. */
  holding(id: PartId): StoredSegment | undefined {
    const segments = this.#segments;
    let [low, high] = [0, segments.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((segments[middle]?.firstPartId ?? 0) <= id) low = middle + 1;
      else high = middle;
    }
    const found = segments[low - 1];
    return found !== undefined && id < found.firstPartId + found.sizesBytes.length ? found : undefined;
  }

  segment(msn: Msn): StoredSegment | undefined {
    const first = this.#segments[0];
    return first === undefined ? undefined : this.#segments[msn - first.msn];
  }

  /** A record as it was found. They come in order and without a hole. */
  found(row: SegmentRow): void {
    this.#open = row;
    const segment = this.#push(row);
    row.durationsMs.forEach((_, index) => {
      this.#count(segment, row, index);
    });
  }

  foundRange(row: RangeRow): void {
    this.#ranges.set(row.range.id, row);
  }

  get dateRanges(): readonly DateRangeOptions[] {
    return [...this.#ranges.values()].map(({ range }) => range);
  }

  /** Whether a segment that opens leaves numbers out: nothing before it can be listed with it. */
  leapsTo({ msn, firstPartId }: SegmentOpening): boolean {
    const last = this.#segments.at(-1);
    return last !== undefined && msn > last.msn + 1 && firstPartId >= last.firstPartId + last.sizesBytes.length;
  }

  /** Takes a part. False where it does not follow what is here: nothing changes. */
  take(part: PartRecord): boolean {
    const { opens, bytes } = part;
    if (opens !== undefined) {
      const last = this.#segments.at(-1);
      if (last !== undefined && opens.msn !== last.msn + 1) return false;
      const { stream, number: rendition } = this;
      this.#open = { ...opens, stream, rendition, durationsMs: [], sizesBytes: [], flags: [] };
      this.#push(this.#open);
    }
    const row = this.#open;
    const segment = this.#segments.at(-1);
    if (row === undefined || segment === undefined) return false;
    if (part.msn !== row.msn || part.id !== row.firstPartId + row.sizesBytes.length) return false;
    row.durationsMs.push(part.durationMs);
    row.sizesBytes.push(bytes?.byteLength ?? 0);
    row.flags.push(part.flags);
    this.#rows.add(row);
    if (bytes !== undefined) {
      this.#media.set(part.id, bytes);
      this.pendingBytes += bytes.byteLength;
    }
    this.#count(segment, row, row.sizesBytes.length - 1);
    return true;
  }

  takeInit(epoch: string, index: number, bytes: Bytes): void {
    this.#inits.push({ stream: this.stream, rendition: this.number, index, epoch, bytes });
  }

  /** One of an id that is known adds attributes to it. */
  takeRange(range: DateRangeOptions): void {
    const known = this.#ranges.get(range.id);
    const attributes = { ...known?.range.attributes, ...range.attributes };
    const row: RangeRow = {
      stream: this.stream,
      rendition: this.number,
      order: known?.order ?? ([...this.#ranges.values()].at(-1)?.order ?? 0) + 1,
      range: { ...known?.range, ...range, ...(Object.keys(attributes).length === 0 ? {} : { attributes }) },
    };
    if (known !== undefined) this.#changedRanges.delete(known);
    this.#ranges.set(range.id, row);
    this.#changedRanges.add(row);
    if (this.#ranges.size > MAX_RANGES) this.#dropOldestRange();
  }

  /** A record that was made here in the place of one that was unreadable. */
  write(row: SegmentRow): void {
    this.#rows.add(row);
  }

  /** Everything that is to be written, taken out; what is not written comes back by `restore`. Media stays until `written`. */
  collect(): RenditionChanges {
    const changes = {
      rows: this.#rows,
      inits: this.#inits,
      ranges: [...this.#changedRanges],
      goneRanges: this.#goneRanges,
      media: new Map(this.#media),
    };
    this.#rows = new Set();
    this.#inits = [];
    this.#changedRanges = new Set();
    this.#goneRanges = [];
    return changes;
  }

  written({ media }: RenditionChanges): void {
    for (const [id, bytes] of media) if (this.#media.delete(id)) this.pendingBytes -= bytes.byteLength;
  }

  restore({ rows, inits, ranges, goneRanges, media }: RenditionChanges): void {
    for (const row of rows) if (this.segment(row.msn) !== undefined) this.#rows.add(row);
    this.#inits = [...inits, ...this.#inits];
    // A range that was added to since then is among the changed ones already.
    for (const row of ranges) if (this.#ranges.get(row.range.id) === row) this.#changedRanges.add(row);
    this.#goneRanges = [...goneRanges, ...this.#goneRanges];
    // Media that was given up while its batch was on its way has gone with it.
    for (const id of media.keys()) {
      const segment = this.#media.has(id) ? undefined : this.holding(id);
      if (segment === undefined) continue;
      const part = id - segment.firstPartId;
      this.#lose(segment, part, segment.sizesBytes[part] ?? 0);
    }
  }

  /** Gives up the media that waits: its parts stay listed as long as the ring has them, and are found again as gaps. */
  abandonMedia(): number {
    const abandoned = this.#media.size;
    for (const row of this.#rows) {
      const segment = this.segment(row.msn);
      row.sizesBytes.forEach((sizeBytes, index) => {
        if (segment !== undefined && this.#media.has(row.firstPartId + index)) this.#lose(segment, index, sizeBytes);
      });
    }
    this.#media = new Map();
    this.pendingBytes = 0;
    return abandoned;
  }

  /** The media of a part has turned out to be unreadable. */
  lose(segment: StoredSegment, index: number): void {
    this.#lose(segment, index, segment.sizesBytes[index] ?? 0);
    if (this.#open?.msn === segment.msn) this.#rows.add(this.#open);
  }

  /** Forgets the segments before `msn`, and returns them. */
  forgetBefore(msn: Msn): readonly StoredSegment[] {
    const kept = this.#segments.findIndex((segment) => segment.msn >= msn);
    const forgotten = this.#segments.splice(0, kept < 0 ? this.#segments.length : kept);
    if (forgotten.length === 0) return forgotten;
    for (const { durationMs, sizeBytes } of forgotten) {
      this.durationMs -= durationMs;
      this.sizeBytes -= sizeBytes;
    }
    for (const row of this.#rows) if (row.msn < msn) this.#rows.delete(row);
    const firstPartId = this.#segments[0]?.firstPartId ?? Number.POSITIVE_INFINITY;
    for (const [id, bytes] of this.#media) {
      if (id >= firstPartId) break;
      this.#media.delete(id);
      this.pendingBytes -= bytes.byteLength;
    }
    return forgotten;
  }

  #dropOldestRange(): void {
    const [oldest] = this.#ranges.values();
    if (oldest === undefined) return;
    this.#ranges.delete(oldest.range.id);
    this.#changedRanges.delete(oldest);
    this.#goneRanges.push(oldest.range.id);
  }

  #lose(segment: StoredSegment, index: number, sizeBytes: number): void {
    if (!hasMedia(segment.flags[index])) return;
    segment.flags[index] = (segment.flags[index] ?? 0) | PART_LOST;
    segment.sizeBytes -= sizeBytes;
    this.sizeBytes -= sizeBytes;
  }

  #push(row: SegmentRow): StoredSegment {
    const segment = {
      msn: row.msn,
      firstPartId: row.firstPartId,
      initIndex: row.initIndex,
      startWallMs: row.startMs + row.wallOffsetMs,
      sizesBytes: row.sizesBytes,
      flags: row.flags,
      durationMs: 0,
      sizeBytes: 0,
    };
    this.#segments.push(segment);
    return segment;
  }

  #count(segment: StoredSegment, row: SegmentRow, index: number): void {
    const durationMs = row.durationsMs[index] ?? 0;
    const sizeBytes = hasMedia(row.flags[index]) ? (row.sizesBytes[index] ?? 0) : 0;
    segment.durationMs += durationMs;
    segment.sizeBytes += sizeBytes;
    this.durationMs += durationMs;
    this.sizeBytes += sizeBytes;
  }
}
