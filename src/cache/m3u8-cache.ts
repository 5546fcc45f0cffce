import { gzipSync } from "fflate";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import type { PartPosition } from "../model/ids.ts";
import { type CacheConfig, type CacheOptions, resolveCacheOptions } from "../model/options.ts";

/** Playlists one ring keeps: those of the last positions, since a blocked request asks for the newest. */
const MAX_PLAYLISTS = 64;
const MAX_INITS = 64;
/** What the reference design uses: playlists repeat themselves, and more effort gains nothing. */
const GZIP_LEVEL = 6;

/** A text in both its forms. Never edited. */
export class Compressible {
  /** The bytes that were put, not a copy. */
  readonly raw: Bytes;
  #gzip: Bytes | undefined;

  constructor(raw: Bytes) {
    this.raw = raw;
  }

  /** Compressed when it is asked for first, and then kept: the path of a part pays nothing for it. */
  get gzip(): Bytes {
    this.#gzip ??= gzipSync(this.raw, { level: GZIP_LEVEL });
    return this.#gzip;
  }
}

/** A playlist as it stood once a part was there. */
export class CachedPlaylist extends Compressible {
  readonly position: PartPosition;

  constructor(position: PartPosition, raw: Bytes) {
    super(raw);
    this.position = position;
  }
}

/** The playlists and init segments of one rendition. */
export class M3u8Ring {
  readonly generation: number;
  readonly #playlists: (CachedPlaylist | undefined)[] = new Array<undefined>(MAX_PLAYLISTS).fill(undefined);
  readonly #inits = new Map<number, Compressible>();
  #written = 0;
  #delta: CachedPlaylist | undefined;
  #closed = false;

  constructor(generation: number) {
    this.generation = generation;
  }

  /** The playlist of the last position. */
  get last(): CachedPlaylist | undefined {
    return this.#playlists[(this.#written + MAX_PLAYLISTS - 1) % MAX_PLAYLISTS];
  }

  /** The delta update of the last position, where there is something to skip. */
  get delta(): CachedPlaylist | undefined {
    return this.#delta;
  }

  get position(): PartPosition | undefined {
    return this.last?.position;
  }

  /** Keeps the playlist of a position; the last one is replaced if it is of the same. @throws RelayError `closed` */
  put({ position, playlist, delta }: { position: PartPosition; playlist: Bytes; delta?: Bytes }): void {
    this.#checkOpen();
    const { last } = this;
    const again = last?.position.msn === position.msn && last.position.part === position.part;
    if (again) this.#written -= 1;
    this.#playlists[this.#written % MAX_PLAYLISTS] = new CachedPlaylist(position, playlist);
    this.#written += 1;
    this.#delta = delta === undefined ? undefined : new CachedPlaylist(position, delta);
  }

  /** The playlist as it stood at exactly this position, if it was asked for then and is among the last. */
  get({ msn, part }: PartPosition): CachedPlaylist | undefined {
    return this.#playlists.find((playlist) => playlist?.position.msn === msn && playlist.position.part === part);
  }

  /** @throws RelayError `closed` */
  setInit(index: number, bytes: Bytes): void {
    this.#checkOpen();
    this.#inits.set(index, new Compressible(bytes));
    if (this.#inits.size <= MAX_INITS) return;
    for (const oldest of this.#inits.keys()) {
      this.#inits.delete(oldest);
      break;
    }
  }

  init(index: number): Compressible | undefined {
    return this.#inits.get(index);
  }

  close(): void {
    this.#closed = true;
    this.#playlists.fill(undefined);
    this.#inits.clear();
    this.#delta = undefined;
  }

  #checkOpen(): void {
    if (this.#closed) throw new RelayError("closed", "this ring was given to another stream");
  }
}

/** Rendered playlists by rendition: the shape of ChunkCache, for text. */
export class M3u8Cache {
  readonly #config: CacheConfig;
  readonly #rings = new Map<string, M3u8Ring>();
  #generation = 0;

  /** @throws RelayError `invalid-option` */
  constructor(options: CacheOptions = {}) {
    this.#config = resolveCacheOptions(options);
  }

  /** The ring of this name; the same handle while it lives. @throws RelayError `stream-limit` */
  open(name: string): M3u8Ring {
    const known = this.#rings.get(name);
    if (known !== undefined) return known;
    if (this.#rings.size >= this.#config.numPlaylists) {
      throw new RelayError(
        "stream-limit",
        `expected at most ${this.#config.numPlaylists} playlists, got one more: "${name}"`,
      );
    }
    this.#generation += 1;
    const ring = new M3u8Ring(this.#generation);
    this.#rings.set(name, ring);
    return ring;
  }

  find(name: string): M3u8Ring | undefined {
    return this.#rings.get(name);
  }

  /** Frees the place. Handles of it hold nothing from now on. */
  close(name: string): boolean {
    this.#rings.get(name)?.close();
    return this.#rings.delete(name);
  }
}
