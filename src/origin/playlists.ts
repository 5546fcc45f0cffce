import { ChunkCache } from "../cache/chunk-cache.ts";
import { M3u8Cache } from "../cache/m3u8-cache.ts";
import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { checkName } from "../model/ids.ts";
import {
  type CacheConfig,
  type CacheOptions,
  resolveCacheOptions,
  resolveStreamOptions,
  type StreamOptions,
} from "../model/options.ts";
import type { RelayStats, StreamSummary } from "../model/stats.ts";
import { checkEpoch } from "../playlist/manifest-options.ts";
import { FIRST_START, type RenditionStart } from "./rendition-start.ts";
import { Stream } from "./stream.ts";

/** Version of the library, as `stats.json` and the worker's `hello` tell it. */
export const VERSION = "0.1.0";

export interface OpenStream {
  readonly options: StreamOptions;
  /** 1 to 16 of `0-9 a-z`, part of every media URI, never used before under this name (rule 28). */
  readonly epoch: string;
  /** Where each rendition starts. Default: at the beginning, or after a stream that had this name. */
  readonly starts?: ReadonlyMap<string, RenditionStart>;
}

/** Ties the caches and the playlists together: every stream of this origin. */
export class Playlists {
  readonly #config: CacheConfig;
  readonly #clock: Clock;
  readonly #chunks: ChunkCache;
  readonly #m3u8s: M3u8Cache;
  readonly #streams = new Map<string, Stream>();

  /** @throws RelayError `invalid-option` */
  constructor(options: CacheOptions = {}, clock: Clock = systemClock) {
    this.#config = resolveCacheOptions(options);
    this.#clock = clock;
    this.#chunks = new ChunkCache(this.#config, { clock });
    this.#m3u8s = new M3u8Cache(this.#config);
  }

  /**
   * Opens a stream. The same name and epoch give the stream that is there. With another epoch the stream goes on in the same
   * playlists, after a discontinuity; where it has ended, or what a playlist fixes has changed, a new one takes its place and goes
   * on after its numbers. Streams that ended give up their place, oldest first, when there is no other.
   * @throws RelayError `invalid-name`, `invalid-option`, `stream-limit`; every other stream goes on
   */
  open(name: string, { options, epoch, starts }: OpenStream): Stream {
    checkName(name, "stream");
    checkEpoch(epoch);
    const config = resolveStreamOptions(options);
    const former = this.#streams.get(name);
    if (former?.epoch === epoch) return former;
    if (former?.canResume(config) && !isBeyond(starts, former)) {
      former.resume(epoch, config);
      return former;
    }
    this.#makeRoom(config.renditions.length, former);
    const startOf = (id: string): RenditionStart => later(starts?.get(id), former?.find(id)?.successor);
    // Its rings are needed, and its numbers are known.
    const resumeAt = new Map(config.renditions.map(({ id }) => [id, startOf(id)]));
    if (former !== undefined) this.remove(name);
    const stream = new Stream({
      name,
      epoch,
      config,
      clock: this.#clock,
      rendition: (rendition) => ({
        stream: name,
        epoch,
        options: rendition,
        config,
        cacheConfig: this.#config,
        chunks: this.#chunks,
        m3u8s: this.#m3u8s,
        clock: this.#clock,
        start: resumeAt.get(rendition.id) ?? FIRST_START,
      }),
    });
    this.#streams.set(name, stream);
    return stream;
  }

  find(name: string): Stream | undefined {
    return this.#streams.get(name);
  }

  /** @throws RelayError `stream-not-found` */
  get(name: string): Stream {
    const stream = this.#streams.get(name);
    if (stream !== undefined) return stream;
    throw new RelayError("stream-not-found", `there is no stream "${name}"`);
  }

  /** Ends and forgets a stream. Its URIs answer 404 from now on (rule 65). */
  remove(name: string): boolean {
    const stream = this.#streams.get(name);
    if (stream === undefined) return false;
    stream.close();
    return this.#streams.delete(name);
  }

  /** Answers every blocked request of every stream now. Returns how many there were. */
  drain(): number {
    let drained = 0;
    for (const stream of this.#streams.values()) drained += stream.drain();
    return drained;
  }

  get summaries(): readonly StreamSummary[] {
    return [...this.#streams.values()].map((stream) => stream.summary);
  }

  get stats(): RelayStats {
    return {
      version: VERSION,
      streams: [...this.#streams.values()].map((stream) => stream.stats),
      sizeBytes: this.#chunks.sizeBytes,
      maxBytes: this.#config.maxBytes,
      places: { used: this.#used, total: this.#config.numPlaylists },
    };
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
    for (const stream of ended) this.remove(stream.name);
  }
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
