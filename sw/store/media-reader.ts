import type { Bytes, Msn, PartId } from "eddy-hls/core";
import type { Faults } from "./faults.ts";
import { hasMedia, type RenditionIndex, type StoredSegment } from "./rendition-index.ts";
import { MAX_PIECE_BYTES, PART_LOST, type StoreDatabase } from "./schema.ts";

/** Reads media of one rendition at a time: what still waits to be written from memory, all else from disk. */
export class MediaReader {
  readonly #database: StoreDatabase;
  readonly #faults: Faults | undefined;
  /** A part is not what its record says. */
  readonly #lost: (index: RenditionIndex, segment: StoredSegment, part: number) => void;

  constructor(
    database: StoreDatabase,
    options: {
      readonly faults: Faults | undefined;
      readonly lost: (index: RenditionIndex, segment: StoredSegment, part: number) => void;
    },
  ) {
    this.#database = database;
    this.#faults = options.faults;
    this.#lost = options.lost;
  }

  async part(index: RenditionIndex, id: PartId): Promise<Bytes | undefined> {
    const segment = index.holding(id);
    if (segment === undefined) return undefined;
    const at = id - segment.firstPartId;
    return (await this.#read(index, segment, at, at + 1))?.[0];
  }

  async segment(index: RenditionIndex, msn: Msn): Promise<readonly Bytes[] | undefined> {
    const segment = index.segment(msn);
    return segment === undefined ? undefined : this.#read(index, segment, 0, segment.sizesBytes.length);
  }

  /** The media of parts `from` to `to`, gaps left out; undefined where one is missing. */
  async #read(index: RenditionIndex, segment: StoredSegment, from: number, to: number): Promise<Bytes[] | undefined> {
    const wanted: { readonly part: number; readonly id: PartId; readonly waiting: Bytes | undefined }[] = [];
    for (let part = from; part < to; part++) {
      const id = segment.firstPartId + part;
      if (((segment.flags[part] ?? 0) & PART_LOST) !== 0) return undefined;
      if (hasMedia(segment.flags[part])) wanted.push({ part, id, waiting: index.pending(id) });
    }
    const stored = wanted.filter(({ waiting }) => waiting === undefined);
    const pieces = await this.#pieces(index, stored[0]?.id, stored.at(-1)?.id);
    const media: Bytes[] = [];
    for (const { part, id, waiting } of wanted) {
      const bytes = waiting ?? joined(pieces.get(id), segment.sizesBytes[part] ?? 0);
      if (bytes === undefined) {
        // Retention may have taken it while it was read: nothing is wrong then.
        if (index.segment(segment.msn) === segment) this.#lost(index, segment, part);
        return undefined;
      }
      media.push(bytes);
    }
    return media.length === 0 ? undefined : media;
  }

  async #pieces(
    index: RenditionIndex,
    first: PartId | undefined,
    last: PartId | undefined,
  ): Promise<Map<PartId, Bytes[]>> {
    const pieces = new Map<PartId, Bytes[]>();
    if (first === undefined || last === undefined) return pieces;
    await this.#faults?.("read");
    const { store } = this.#database.transaction("media");
    const range = IDBKeyRange.bound([index.stream, index.number, first], [index.stream, index.number, last, []]);
    const [values, keys] = await Promise.all([store.getAll(range), store.getAllKeys(range)]);
    values.forEach((bytes, at) => {
      const [, , id, piece] = keys[at] ?? [0, 0, -1, -1];
      const known = pieces.get(id) ?? [];
      if (piece === known.length) pieces.set(id, [...known, bytes]);
    });
    return pieces;
  }
}

/** Undefined unless the pieces are as many and as long as those that were written. */
function joined(pieces: readonly Bytes[] | undefined, sizeBytes: number): Bytes | undefined {
  if (pieces === undefined || pieces.length !== Math.max(1, Math.ceil(sizeBytes / MAX_PIECE_BYTES))) return undefined;
  let length = 0;
  for (const piece of pieces) {
    if (!(piece instanceof Uint8Array)) return undefined;
    length += piece.byteLength;
  }
  if (length !== sizeBytes) return undefined;
  if (pieces.length === 1) return pieces[0];
  const bytes = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.byteLength;
  }
  return bytes;
}
