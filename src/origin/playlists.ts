import { ChunkCache } from "../cache/chunk-cache.ts";
import { M3u8Cache } from "../cache/m3u8-cache.ts";
import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { checkName, type Msn } from "../model/ids.ts";
import {
  type CacheConfig,
  type CacheOptions,
  resolveCacheOptions,
  resolveStreamOptions,
  type StreamConfig,
  type StreamOptions,
} from "../model/options.ts";
import type { Persistence, RelayStats, StreamSummary } from "../model/stats.ts";
import { checkEpoch } from "../playlist/manifest-options.ts";
import type { Archive } from "./archive.ts";
import type { PartNotes } from "./part-notes.ts";
import type { Recordings, RestoredRenditions, RestoredStream } from "./recordings.ts";
import { FIRST_START, type RenditionStart } from "./rendition-start.ts";
import { Stream } from "./stream.ts";

/** Version of the library, as `stats.json` and the worker's `hello` tell it. */
export const VERSION = "0.1.0";

/** How a stream is opened. */
export interface OpenStream {
  /** How it is cut and listed. */
  readonly options: StreamOptions;
  /** 1 to 16 of `0-9 a-z`, part of every media URI, never used before under this name (rule 28). */
  readonly epoch: string;
  /** Where each rendition starts. Default: at the beginning, or after a stream that had this name. */
  readonly starts?: ReadonlyMap<string, RenditionStart>;
}

/** What the playlists use of their host. */
export interface PlaylistsContext {
  /** Default the host's own. */
  readonly clock?: Clock;
  /** Keeps media beyond the rings. Default nothing does. */
  readonly recordings?: Recordings;
  /** Why there is no archive although there ought to be one, for the stats. */
  readonly archiveError?: RelayError;
  /** A stream whose producer is silent for longer, in ms, is `waiting`. Default 10,000. */
  readonly waitingAfterMs?: number;
  /** Remembers of the newest parts, as many as `capacity`, what `inspectStream()` tells of them. Default nothing does. */
  readonly notes?: (capacity: number) => PartNotes;
}

/**
 * Ties the caches and the playlists together: every stream of this origin.
 * @example
 * ```ts
 * const playlists = new Playlists({ numPlaylists: 5 });
 * const stream = playlists.open("studio", { epoch: "a1", options: { renditions: [{ id: "main", bandwidth: 1_500_000 }] } });
 * stream.rendition("main").setInit(init);
 * stream.rendition("main").addPart({ bytes });
 * ```
 */
export class Playlists {
  readonly #config: CacheConfig;
  readonly #clock: Clock;
  readonly #recordings: Recordings | undefined;
  #archiveError: RelayError | undefined;
  readonly #waitingAfterMs: number;
  readonly #notes: PlaylistsContext["notes"];
  readonly #chunks: ChunkCache;
  readonly #m3u8s: M3u8Cache;
  readonly #streams = new Map<string, Stream>();

  /** @throws RelayError `invalid-option` */
  constructor(options: CacheOptions = {}, context: PlaylistsContext = {}) {
    const { clock = systemClock, recordings, archiveError, waitingAfterMs = 10_000, notes } = context;
    this.#notes = notes;
    this.#config = resolveCacheOptions(options);
    this.#clock = clock;
    this.#recordings = recordings;
    this.#archiveError = archiveError;
    this.#waitingAfterMs = waitingAfterMs;
    this.#chunks = new ChunkCache(this.#config, { clock });
    this.#m3u8s = new M3u8Cache(this.#config);
  }

  /**
   * Opens a stream. The same name and epoch give the stream that is there. With another epoch the stream goes on in the same
   * playlists, after a discontinuity; where it has ended, or what a playlist fixes has changed, a new one takes its place and goes
   * on after its numbers. Streams that ended give up their place, oldest first, when there is no other.
   * @throws RelayError `invalid-name`, `invalid-option`, `stream-limit`; `stream-exists` where a recording of that name is pinned,
   * which this would replace; every other stream goes on
   */
  open(name: string, { options, epoch, starts }: OpenStream): Stream {
    checkName(name, "stream");
    checkEpoch(epoch);
    const config = resolveStreamOptions(options);
    const former = this.#former(name);
    if (former?.epoch === epoch) return former;
    if (former?.canResume(config) && !isBeyond(starts, former)) {
      former.resume(epoch, config);
      this.#record(former);
      return former;
    }
    if (this.#archive?.kept(name)?.pinned === true) {
      throw new RelayError(
        "stream-exists",
        `a recording of "${name}" is pinned: unpin it, or publish under another name`,
      );
    }
    this.#makeRoom(config.renditions.length, former);
    const startOf = (id: string): RenditionStart =>
      later(starts?.get(id), former?.find(id)?.successor ?? this.#recordings?.successor(name, id));
    // Its rings are needed, and its numbers are known.
    const resumeAt = new Map(config.renditions.map(({ id }) => [id, startOf(id)]));
    if (former !== undefined || this.#recordings?.find(name) !== undefined) this.remove(name);
    const stream = this.#create({ name, epoch, config, starts: resumeAt });
    this.#record(stream);
    return stream;
  }

  /**
   * Opens a stream as an archive has it: the same playlists, whose media comes from there. What its producer had said and not yet
   * published is forgotten, and ought to be sent again. One that has ended gives up its place when another needs it, and takes one
   * when it is asked for.
   * @throws RelayError `stream-exists`, `stream-limit`, `invalid-name`, `invalid-option`, `malformed-init`; `store-unavailable` where
   * no recordings were given; nothing is opened
   */
  restore(record: RestoredStream): Stream {
    const { name, epoch, config: options, ended } = record;
    const recordings = this.#recordings;
    if (recordings === undefined) throw new RelayError("store-unavailable", "expected recordings, got a relay without");
    checkName(name, "stream");
    checkEpoch(epoch);
    if (this.#streams.has(name)) throw new RelayError("stream-exists", `"${name}" is there already`);
    const config = resolveStreamOptions(options);
    if (ended) recordings.add(record);
    this.#makeRoom(config.renditions.length, undefined);
    const stream = this.#create({ name, epoch, config, restored: recordings.restored(record, this.#clock) });
    if (ended) stream.end();
    else this.#record(stream);
    return stream;
  }

  /** A stream that has a place; undefined where none of this name has. */
  find(name: string): Stream | undefined {
    return this.#streams.get(name);
  }

  /** A stream, which takes a place if it has none. @throws RelayError `stream-not-found`, `stream-limit` */
  get(name: string): Stream {
    const stream = this.#awake(name);
    if (stream !== undefined) return stream;
    throw new RelayError("stream-not-found", `there is no stream "${name}"`);
  }

  /** Those that have a place. */
  get streams(): Iterable<Stream> {
    return this.#streams.values();
  }

  /** Ends and forgets a stream, in the archive too. Its URIs answer 404 from now on (rule 65). Returns whether there was one. */
  remove(name: string): boolean {
    const isKnown = this.#recordings?.remove(name) === true;
    return this.#close(name) || isKnown;
  }

  /** The archive lets go of what a rendition has before this segment. */
  forgetBefore(name: string, rendition: string, msn: Msn): void {
    this.#recordings?.forgetBefore(name, rendition, msn);
    this.#streams.get(name)?.find(rendition)?.forgetBefore(msn);
  }

  /** The archive cannot do all that it should: the stats say so from now on. */
  archiveFailed(error: RelayError): void {
    this.#archiveError = error;
  }

  /** Answers every blocked request of every stream now. Returns how many there were. */
  drain(): number {
    let drained = 0;
    for (const stream of this.#streams.values()) drained += stream.drain();
    return drained;
  }

  /** Every stream, those included that have ended and gave up their place. */
  get summaries(): readonly StreamSummary[] {
    const open = [...this.#streams.values()].map((stream) => stream.summary);
    return [...open, ...(this.#recordings?.summaries(this.#streams) ?? [])];
  }

  /** What `stats.json` holds. */
  get stats(): RelayStats {
    return {
      version: VERSION,
      streams: [...this.#streams.values()].map((stream) => stream.stats),
      sizeBytes: this.#chunks.sizeBytes,
      maxBytes: this.#config.maxBytes,
      places: { used: this.#used, total: this.#config.numPlaylists },
      persistence: this.#persistence,
      ...(this.#archive === undefined ? {} : { storage: this.#archive.storage }),
      ...(this.#archiveError === undefined
        ? {}
        : { persistenceError: `${this.#archiveError.code}: ${this.#archiveError.message}` }),
    };
  }

  get #archive(): Archive | undefined {
    return this.#recordings?.archive;
  }

  get #persistence(): Persistence {
    return this.#archive?.available === true ? "disk" : "memory";
  }

  #create({ name, epoch, config, starts, restored }: NewStream): Stream {
    const recordings = this.#recordings;
    const stream = new Stream({
      name,
      epoch,
      config,
      clock: this.#clock,
      waitingAfterMs: this.#waitingAfterMs,
      persistence: () => this.#persistence,
      kept: () => this.#archive?.kept(name),
      ...(restored === undefined ? {} : { lastPartAtMs: restored.lastPartAtMs }),
      ended: () => this.#archive?.end(name),
      rendition: (rendition) => {
        const before = restored?.renditions.get(rendition.id);
        return {
          stream: name,
          epoch,
          options: rendition,
          config,
          cacheConfig: this.#config,
          chunks: this.#chunks,
          m3u8s: this.#m3u8s,
          clock: this.#clock,
          start: starts?.get(rendition.id) ?? FIRST_START,
          ...(this.#notes === undefined ? {} : { notes: this.#notes }),
          ...(recordings === undefined ? {} : { archive: recordings.reader(name, rendition.id, this.#clock) }),
          ...(before === undefined ? {} : { restored: before }),
        };
      },
    });
    this.#streams.set(name, stream);
    return stream;
  }

  #record(stream: Stream): void {
    const { name, epoch, config } = stream;
    if (this.#archive !== undefined) stream.recordTo(this.#archive.open(name, epoch, config));
  }

  #awake(name: string): Stream | undefined {
    const stream = this.#streams.get(name);
    if (stream !== undefined) return stream;
    const record = this.#recordings?.find(name);
    return record === undefined ? undefined : this.restore(record);
  }

  /** What a new stream of this name goes on after; a recording that cannot be opened gives way to it. */
  #former(name: string): Stream | undefined {
    try {
      return this.#awake(name);
    } catch {
      return undefined;
    }
  }

  #close(name: string): boolean {
    const stream = this.#streams.get(name);
    if (stream === undefined) return false;
    stream.close();
    return this.#streams.delete(name);
  }

  get #used(): number {
    let used = 0;
    for (const stream of this.#streams.values()) used += stream.renditions.size;
    return used;
  }

  #makeRoom(wanted: number, former: Stream | undefined): void {
    const total = this.#config.numPlaylists;
    const reusable = [...this.#streams.values()].filter((stream) => stream !== former && stream.ended);
    let free = total - this.#used + (former?.renditions.size ?? 0);
    const ended: Stream[] = [];
    // Counted before anything is removed: a refused stream must cost nobody a window.
    for (const stream of reusable) {
      if (free >= wanted) break;
      free += stream.renditions.size;
      ended.push(stream);
    }
    if (free < wanted) {
      const live = [...this.#streams.values()].filter((stream) => !stream.ended).map((stream) => stream.name);
      throw new RelayError(
        "stream-limit",
        `expected room for ${wanted} of ${total} playlists, got ${free}; live are: ${live.join(", ")}`,
      );
    }
    // The archive keeps what it has of them.
    for (const stream of ended) this.#close(stream.name);
  }
}

interface NewStream {
  readonly name: string;
  readonly epoch: string;
  readonly config: StreamConfig;
  readonly starts?: ReadonlyMap<string, RenditionStart>;
  readonly restored?: RestoredRenditions;
}

/** The later of two starts, in each of its numbers. */
function later(asked: RenditionStart = FIRST_START, former: RenditionStart = FIRST_START): RenditionStart {
  return {
    firstMsn: Math.max(asked.firstMsn, former.firstMsn),
    firstPartId: Math.max(asked.firstPartId, former.firstPartId),
    discontinuitySequence: Math.max(asked.discontinuitySequence, former.discontinuitySequence),
    initIndex: Math.max(asked.initIndex, former.initIndex),
    ...(asked.programDateTimeMs === undefined || asked.firstMsn < former.firstMsn
      ? {}
      : { programDateTimeMs: asked.programDateTimeMs }),
  };
}

/** Whether a producer has used numbers that the stream here has not reached: it must not use them for something else. */
function isBeyond(starts: ReadonlyMap<string, RenditionStart> | undefined, stream: Stream): boolean {
  for (const [id, start] of starts ?? []) {
    const next = stream.find(id)?.next ?? FIRST_START;
    if (start.firstMsn > next.firstMsn || start.firstPartId > next.firstPartId || start.initIndex > next.initIndex)
      return true;
  }
  return false;
}
