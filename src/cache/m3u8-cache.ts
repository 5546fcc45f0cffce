import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import type { PartPosition } from "../model/ids.ts";
import { type CacheOptions, resolveCacheOptions } from "../model/options.ts";
import { shortGzip } from "./gzip.ts";
import { InitSegments } from "./init-segments.ts";

/** A rendered playlist as it stood after one part. */
export interface CachedPlaylist {
  /** The last part it lists. */
  readonly position: PartPosition;
  /** The chunks that were put; together they are the playlist. */
  readonly raw: readonly Bytes[];
  /** Of all chunks. */
  readonly sizeBytes: number;
  /**
   * Compressed when it is first read, and kept: at once where that takes a fraction of a millisecond, and beside the thread where
   * it takes longer.
   */
  readonly gzip: Bytes | Promise<Bytes>;
}

/** A rendered playlist, and the delta updates of the same state. */
export interface PlaylistInput {
  /** The last part it lists. */
  readonly position: PartPosition;
  /** In chunks, which are kept as they are and never edited: most are views of text that other playlists share. */
  readonly playlist: readonly Bytes[];
  /** The delta update of the same state, where there is one. */
  readonly delta?: readonly Bytes[];
  /** The delta update that leaves out old date ranges too, where there is one. */
  readonly deltaV2?: readonly Bytes[];
}

/**
 * Playlists kept for one rendition. A request wants the newest; older ones serve who compares states, a minute of them at
 * most. All of a window would be 4096 full playlists of 30 KB.
 */
const MAX_PLAYLISTS = 64;
/** Holds the count above for playlists of usual length, and fewer of a very long DVR window. */
const MAX_PLAYLIST_BYTES = 8 * 1024 * 1024;
/**
 * Longer ones are compressed by the host, beside the thread: 700 KB would keep that busy for 20 ms. Handing over costs a few
 * turns of the event loop, so that shorter ones are done sooner here.
 */
const MAX_SYNCHRONOUS_GZIP_BYTES = 16 * 1024;
/** Part indexes of one segment lie below this, so that positions order as one number. */
const PARTS_PER_SEGMENT = 65_536;

/** The playlists of one rendition by position. A handle of one generation, like the ring of its parts. */
export class M3u8Ring {
  /** Grows when a stream takes the place of another. */
  readonly generation: number;
  readonly #inits = new InitSegments();
  /** In the order of their positions: a Map keeps the order of insertion, and positions only grow. */
  readonly #playlists = new Map<number, RenderedPlaylist>();
  #last: RenderedPlaylist | undefined;
  #delta: RenderedPlaylist | undefined;
  #deltaV2: RenderedPlaylist | undefined;
  #sizeBytes = 0;
  #closed = false;

  /** @internal */
  constructor(generation = 0) {
    this.generation = generation;
  }

  /** The newest playlist; undefined while there is none. */
  get last(): CachedPlaylist | undefined {
    return this.#last;
  }

  /** Delta update of the last playlist; undefined where that has none. */
  get delta(): CachedPlaylist | undefined {
    return this.#delta;
  }

  /** The one that leaves out old date ranges too; undefined where there is none. */
  get deltaV2(): CachedPlaylist | undefined {
    return this.#deltaV2;
  }

  /** Position of the last playlist. */
  get position(): PartPosition | undefined {
    return this.#last?.position;
  }

  /** Playlists that are kept. */
  get count(): number {
    return this.#playlists.size;
  }

  /** Bytes of the playlists as they were put; what they share counts for each. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Reads miss, writes throw. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The playlist as it stood after this part; undefined where it is kept no more, or never was. */
  get(position: PartPosition): CachedPlaylist | undefined {
    const found = this.#playlists.get(keyOf(position));
    // A part index past the limit has the key of a later segment: it must miss, not alias.
    return found?.position.part === position.part ? found : undefined;
  }

  /**
   * Keeps a playlist as it is. The same position again replaces what it had: a stream that ends, or loses its oldest segments,
   * changes without a new part.
   * @throws RelayError `closed`, `invalid-option`; `out-of-order` for a position before the last; what is there stays
   */
  put({ position, playlist, delta, deltaV2 }: PlaylistInput): void {
    this.#checkOpen();
    const { msn, part } = position;
    if (!isIndex(msn, 2 ** 37) || !isIndex(part, PARTS_PER_SEGMENT)) {
      throw new RelayError("invalid-option", `position: expected a segment and a part of it, got ${msn}.${part}`);
    }
    const key = keyOf(position);
    if (this.#last !== undefined && key < keyOf(this.#last.position)) {
      const { position: last } = this.#last;
      throw new RelayError("out-of-order", `expected a position from ${last.msn}.${last.part} on, got ${msn}.${part}`);
    }
    this.#delete(key);
    const rendered = new RenderedPlaylist(position, playlist);
    this.#playlists.set(key, rendered);
    this.#sizeBytes += rendered.sizeBytes;
    this.#last = rendered;
    this.#delta = delta === undefined ? undefined : new RenderedPlaylist(position, delta);
    this.#deltaV2 = deltaV2 === undefined ? undefined : new RenderedPlaylist(position, deltaV2);
    this.#makeRoom();
  }

  /**
   * Keeps an init segment as it is; the newest 64 stay.
   * @throws RelayError `closed`, `part-too-large`
   */
  setInit(index: number, bytes: Bytes): void {
    this.#checkOpen();
    this.#inits.set(index, bytes);
  }

  /** An init segment; undefined where it is kept no more, or never was. */
  init(index: number): Bytes | undefined {
    return this.#inits.get(index);
  }

  /** Frees everything: reads miss from now on, writes throw `closed`. */
  close(): void {
    this.#closed = true;
    this.#playlists.clear();
    this.#inits.clear();
    this.#last = undefined;
    this.#delta = undefined;
    this.#deltaV2 = undefined;
    this.#sizeBytes = 0;
  }

  #checkOpen(): void {
    if (!this.#closed) return;
    throw new RelayError("closed", `expected an open ring, got generation ${this.generation}, which was closed`);
  }

  #makeRoom(): void {
    for (const key of this.#playlists.keys()) {
      const fits = this.#playlists.size <= MAX_PLAYLISTS && this.#sizeBytes <= MAX_PLAYLIST_BYTES;
      // The last one stays, however large: it is what players ask for.
      if (fits || this.#playlists.size === 1) return;
      this.#delete(key);
    }
  }

  #delete(key: number): void {
    const former = this.#playlists.get(key);
    if (former === undefined) return;
    this.#sizeBytes -= former.sizeBytes;
    this.#playlists.delete(key);
  }
}

/** The rendered playlists of all streams: a ring for each, as many as the ChunkCache has. */
export class M3u8Cache {
  readonly #numPlaylists: number;
  readonly #rings = new Map<string, M3u8Ring>();
  #generation = 0;

  /** @throws RelayError `invalid-option` */
  constructor(options: CacheOptions = {}) {
    this.#numPlaylists = resolveCacheOptions(options).numPlaylists;
  }

  /**
   * The ring of this name; the same one while the stream lives.
   * @throws RelayError `stream-limit` when every place is taken
   */
  open(name: string): M3u8Ring {
    const open = this.#rings.get(name);
    if (open !== undefined) return open;
    if (this.#rings.size >= this.#numPlaylists) {
      throw new RelayError(
        "stream-limit",
        `expected at most ${this.#numPlaylists} playlists, got "${name}" as one more`,
      );
    }
    this.#generation += 1;
    const ring = new M3u8Ring(this.#generation);
    this.#rings.set(name, ring);
    return ring;
  }

  /** The ring of this name; undefined where none is open. */
  find(name: string): M3u8Ring | undefined {
    return this.#rings.get(name);
  }

  /** Frees the place and closes the handles. Returns whether there was one. */
  close(name: string): boolean {
    this.#rings.get(name)?.close();
    return this.#rings.delete(name);
  }
}

class RenderedPlaylist implements CachedPlaylist {
  readonly position: PartPosition;
  readonly raw: readonly Bytes[];
  readonly sizeBytes: number;
  #gzip: Bytes | Promise<Bytes> | undefined;

  constructor(position: PartPosition, raw: readonly Bytes[]) {
    this.position = position;
    this.raw = raw;
    let sizeBytes = 0;
    for (const chunk of raw) sizeBytes += chunk.byteLength;
    this.sizeBytes = sizeBytes;
  }

  get gzip(): Bytes | Promise<Bytes> {
    const packShort = this.sizeBytes <= MAX_SYNCHRONOUS_GZIP_BYTES ? shortGzip() : undefined;
    this.#gzip ??= packShort === undefined ? this.#packedBeside() : packShort(this.#joined());
    return this.#gzip;
  }

  async #packedBeside(): Promise<Bytes> {
    const packed = new Blob([...this.raw]).stream().pipeThrough(new CompressionStream("gzip"));
    const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
    this.#gzip = bytes;
    return bytes;
  }

  /** A copy costs a hundredth of what compressing it does. */
  #joined(): Bytes {
    const joined = new Uint8Array(this.sizeBytes);
    let offset = 0;
    for (const chunk of this.raw) {
      joined.set(chunk, offset);
      offset += chunk.byteLength;
    }
    return joined;
  }
}

function keyOf({ msn, part }: PartPosition): number {
  return msn * PARTS_PER_SEGMENT + part;
}

function isIndex(value: number, limit: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < limit;
}
