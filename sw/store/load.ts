import { type DateRangeOptions, PART_GAP, type RenditionRecord, type SegmentRecord } from "eddy-hls/core";
import { mend } from "./mend.ts";
import { readHead, readInit, readRange, readSegment } from "./read-record.ts";
import type { RenditionIndex } from "./rendition-index.ts";
import {
  type HeadRecord,
  type InitRow,
  OWNED_STORES,
  PART_LOST,
  type RangeRow,
  type RenditionHead,
  type SegmentRow,
  type StoreDatabase,
} from "./schema.ts";
import { StreamEntry } from "./stream-entry.ts";

export interface LoadedStream {
  readonly entry: StreamEntry;
  readonly renditions: readonly { readonly index: RenditionIndex; readonly rows: readonly SegmentRow[] }[];
  readonly inits: readonly InitRow[];
}

/** A stream as it is found again. */
export interface StoredStream extends Omit<HeadRecord, "id" | "renditions"> {
  readonly renditions: readonly RenditionRecord[];
}

export interface Loaded {
  readonly streams: readonly LoadedStream[];
  /** Records that are not what was written. */
  readonly corrupt: number;
  /** Keys of heads that are of no use: unreadable, or of streams that were replaced. */
  readonly strays: readonly number[];
  /** Nothing in the database is of a stream of this id or a higher one. */
  readonly nextId: number;
}

/** Reads every stream's window in one transaction, without its media, and puts gaps where it cannot be read. */
export async function loadAll(database: StoreDatabase): Promise<Loaded> {
  const transaction = database.transaction(["streams", ...OWNED_STORES], "readonly");
  // What is left of a removed stream has no head any more, and its id must not be used while any of it is there.
  const lastOwner = async (name: (typeof OWNED_STORES)[number]): Promise<number> =>
    (await transaction.objectStore(name).openKeyCursor(null, "prev"))?.key[0] ?? 0;
  const [heads, ids, segments, inits, ranges, lastOwners] = await Promise.all([
    transaction.objectStore("streams").getAll(),
    transaction.objectStore("streams").getAllKeys(),
    transaction.objectStore("segments").getAll(),
    transaction.objectStore("inits").getAll(),
    transaction.objectStore("ranges").getAll(),
    Promise.all(OWNED_STORES.map(lastOwner)),
    transaction.done,
  ]);
  let corrupt = 0;
  const readable = <T>(values: readonly unknown[], read: (value: unknown) => T | undefined): T[] => {
    const records = values.map(read).filter((record) => record !== undefined);
    corrupt += values.length - records.length;
    return records;
  };
  const rows = grouped(readable(segments, readSegment));
  const initRows = readable(inits, readInit);
  const rangeRows = readable(ranges, readRange);
  // A stream that was replaced may have outlived its worker: the one with the higher id holds the name.
  const newest = new Map(readable(heads, readHead).map((head) => [head.name, head]));
  const streams: LoadedStream[] = [];
  for (const head of newest.values()) {
    const stream = loadStream(head, rows, initRows, rangeRows);
    if (stream === undefined) corrupt += 1;
    else streams.push(stream);
  }
  const loaded = new Set(streams.map(({ entry }) => entry.id));
  return {
    streams,
    corrupt,
    strays: ids.filter((id) => !loaded.has(id)),
    nextId: Math.max(0, ...[...ids, ...lastOwners].filter((id) => Number.isSafeInteger(id))) + 1,
  };
}

/** Undefined where a rendition that is live has nothing left to go on from: its numbers would be used again. */
function loadStream(
  head: HeadRecord,
  rows: ReadonlyMap<string, readonly SegmentRow[]>,
  inits: readonly InitRow[],
  ranges: readonly RangeRow[],
): LoadedStream | undefined {
  const entry = new StreamEntry(head, head.updatedAtMs);
  const ownInits = inits.filter(({ stream }) => stream === head.id);
  const hasInit = new Set(ownInits.map(initKey));
  const renditions: { index: RenditionIndex; rows: readonly SegmentRow[] }[] = [];
  for (const renditionHead of head.renditions) {
    const index = entry.renditions.get(renditionHead.id);
    if (index === undefined) return undefined;
    const found = rows.get(renditionKey(head.id, index.number)) ?? [];
    const { rows: mended, made } = mend(found, renditionHead, head.config.partTargetMs);
    if (mended.length === 0 && renditionHead.next !== undefined && !head.ended) return undefined;
    for (const row of mended) {
      markGaps(row, row.initIndex < 0 || hasInit.has(initKeyOf(row)));
      index.found(row);
      if (made.has(row)) index.write(row);
    }
    if (made.size > 0) entry.touch();
    index.liveMsn = liveMsnOf(renditionHead, mended);
    renditions.push({ index, rows: mended });
    const own = ranges.filter(({ stream, rendition }) => stream === head.id && rendition === index.number);
    for (const row of own.sort((a, b) => a.order - b.order)) index.foundRange(row);
  }
  return { entry, renditions, inits: ownInits };
}

/** One stream as `loadAll` would find it, within the windows of `entry`. Undefined where it cannot be read. */
export async function loadOne(database: StoreDatabase, entry: StreamEntry): Promise<StoredStream | undefined> {
  const keys = IDBKeyRange.bound([entry.id], [entry.id, []]);
  const transaction = database.transaction(["streams", "segments", "inits", "ranges"], "readonly");
  const [found, segments, inits, ranges] = await Promise.all([
    transaction.objectStore("streams").get(entry.id),
    transaction.objectStore("segments").getAll(keys),
    transaction.objectStore("inits").getAll(keys),
    transaction.objectStore("ranges").getAll(keys),
    transaction.done,
  ]);
  const head = readHead(found);
  if (head === undefined) return undefined;
  const rows = grouped(segments.map(readSegment).filter((row) => row !== undefined));
  const initRows = inits.map(readInit).filter((row) => row !== undefined);
  const stream = loadStream(
    head,
    rows,
    initRows,
    ranges.map(readRange).filter((row) => row !== undefined),
  );
  for (const { index } of stream?.renditions ?? []) {
    const first = entry.renditions.get(index.id)?.segments[0];
    index.forgetBefore(first?.msn ?? Number.POSITIVE_INFINITY);
  }
  return stream && storedStream(stream);
}

/** As the origin takes it, once retention has had its say. */
export function storedStream({ entry, renditions, inits }: LoadedStream): StoredStream {
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

function recordOf({ index, rows }: LoadedStream["renditions"][number], inits: readonly InitRow[]): RenditionRecord {
  const firstMsn = index.segments[0]?.msn ?? Number.POSITIVE_INFINITY;
  const listed = rows.filter(({ msn }) => msn >= firstMsn);
  const needed = new Set(listed.map(initKeyOf));
  return {
    id: index.id,
    segments: listed.map(segmentOf),
    liveMsn: index.liveMsn,
    inits: inits
      .filter((init) => needed.has(initKey(init)))
      .map(({ epoch, index, bytes }) => ({ epoch, index, bytes })),
    dateRanges: index.dateRanges satisfies readonly DateRangeOptions[],
  };
}

/** A copy, since the row of an open segment goes on growing. */
function segmentOf({ stream: _, rendition: __, ...record }: SegmentRow): SegmentRecord {
  const { durationsMs, sizesBytes, flags } = record;
  return { ...record, durationsMs: [...durationsMs], sizesBytes: [...sizesBytes], flags: [...flags] };
}

/** What was lost is a gap from now on; and so is all of a segment whose init segment is gone. */
function markGaps({ flags }: SegmentRow, hasInit: boolean): void {
  flags.forEach((bits, index) => {
    if (!hasInit || (bits & PART_LOST) !== 0) flags[index] = (bits & ~PART_LOST) | PART_GAP;
  });
}

function liveMsnOf({ liveMsn }: RenditionHead, rows: readonly SegmentRow[]): number {
  return Math.max(liveMsn, rows[0]?.msn ?? 0);
}

function grouped(rows: readonly SegmentRow[]): Map<string, SegmentRow[]> {
  const groups = new Map<string, SegmentRow[]>();
  for (const row of rows) {
    const key = renditionKey(row.stream, row.rendition);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

function renditionKey(stream: number, rendition: number): string {
  return `${stream}/${rendition}`;
}

function initKeyOf(row: SegmentRow): string {
  return initKey({ ...row, index: row.initIndex, epoch: row.initEpoch });
}

function initKey({ stream, rendition, index, epoch }: Omit<InitRow, "bytes">): string {
  return `${stream}/${rendition}/${index}/${epoch}`;
}
