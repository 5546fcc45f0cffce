import type { ChunkCache } from "../cache/chunk-cache.ts";
import type { CachedPlaylist, M3u8Cache, M3u8Ring } from "../cache/m3u8-cache.ts";
import type { SlotRing } from "../cache/slot-ring.ts";
import { Waiters } from "../cache/waiters.ts";
import { type InitSegment, parseInitSegment } from "../media/init-segment.ts";
import { type MediaPart, type PartPiece, parsePart, splitPart } from "../media/media-part.ts";
import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import type { Msn, PartId, PartPosition } from "../model/ids.ts";
import type { CacheConfig, RenditionOptions, StreamConfig } from "../model/options.ts";
import type { RenditionStats } from "../model/stats.ts";
import { M3u8Manifest } from "../playlist/m3u8-manifest.ts";
import { positionKey, type ReloadAsk, reloadDeadlineMs, reloadKey } from "./reload.ts";

/** Where a rendition starts, or goes on. */
export interface RenditionStart {
  readonly firstMsn: Msn;
  readonly firstPartId: PartId;
  readonly discontinuitySequence: number;
  readonly initIndex: number;
}

export const FIRST_START: RenditionStart = { firstMsn: 1, firstPartId: 0, discontinuitySequence: 0, initIndex: 0 };

/** A part as it comes from a producer. The rendition keeps `bytes` as they are: they must never change afterwards. */
export interface PartInput {
  readonly bytes: Bytes;
  /** Wall clock of the first sample, in ms since the Unix epoch. Default: now, less the part's duration. */
  readonly programDateTimeMs?: number;
}

export interface AddedPart {
  /** The last part that was made: one input makes several when it has to be split. */
  readonly position: PartPosition;
  /** Set when a segment was opened: what a successor must know to go on from its first part. */
  readonly segmentStart?: RenditionStart;
}

/** Slack of one timescale tick at the coarsest scale in use: rounding is no reason to refuse a part. */
const ROUNDING_MS = 0.05;
/** No sample of a live encoder lasts less. */
const MIN_PART_MS = 1;

export interface RenditionContext {
  readonly stream: string;
  readonly epoch: string;
  readonly options: RenditionOptions;
  readonly config: StreamConfig;
  readonly cacheConfig: CacheConfig;
  readonly chunks: ChunkCache;
  readonly m3u8s: M3u8Cache;
  readonly clock: Clock;
  readonly start: RenditionStart;
}

/**
 * One rendition: its ring of parts, its Media Playlist, and the requests that wait for either.
 * Everything but waiting is synchronous, so no request ever sees a playlist that lists what the ring has not.
 */
export class Rendition {
  readonly options: RenditionOptions;
  readonly #context: RenditionContext;
  readonly #name: string;
  readonly #ring: SlotRing;
  readonly #m3u8s: M3u8Ring;
  readonly #manifest: M3u8Manifest;
  readonly #reloads: Waiters;
  readonly #reloadDeadlineMs: number;
  #init: InitSegment | undefined;
  #initIndex: number;
  /** The playlist changed since it was rendered last: it is rendered when somebody asks. */
  #stale = true;
  #hits = 0;
  #misses = 0;
  #refused = 0;
  #lastRefusal: string | undefined;
  #lastPartAtMs: number | undefined;

  /** @throws RelayError `stream-limit` when no ring is free */
  constructor(context: RenditionContext) {
    const { config, start, clock, cacheConfig, options, epoch } = context;
    this.options = options;
    this.#context = context;
    this.#name = `${context.stream}/${options.id}`;
    this.#ring = context.chunks.open(this.#name, { firstId: start.firstPartId });
    this.#m3u8s = context.m3u8s.open(this.#name);
    this.#manifest = new M3u8Manifest({
      partTargetMs: config.partTargetMs,
      targetDurationMs: config.targetDurationMs,
      segmentMinMs: config.segmentMinMs,
      maxSegments: cacheConfig.maxSegments,
      maxPartsPerSegment: cacheConfig.maxPartsPerSegment,
      epoch,
      firstMsn: start.firstMsn,
      firstPartId: start.firstPartId,
      discontinuitySequence: start.discontinuitySequence,
    });
    this.#reloads = new Waiters({ clock });
    this.#reloadDeadlineMs = reloadDeadlineMs(config.partTargetMs, config.targetDurationMs);
    this.#initIndex = start.initIndex - 1;
  }

  /** `video/mp4`, or `audio/mp4` where there is no video (rule 60). */
  get contentType(): string {
    const tracks = this.#init?.tracks ?? [];
    return tracks.length > 0 && tracks.every((track) => track.kind === "audio") ? "audio/mp4" : "video/mp4";
  }

  get position(): PartPosition | undefined {
    return this.#manifest.position;
  }

  get ended(): boolean {
    return this.#manifest.ended;
  }

  get windowMs(): number {
    return this.#manifest.listedDurationMs;
  }

  get sizeBytes(): number {
    return this.#ring.sizeBytes;
  }

  get lastPartAtMs(): number | undefined {
    return this.#lastPartAtMs;
  }

  /** Where a stream that takes this one's name must start, so that no number of it is used again (rule 28). */
  get next(): RenditionStart {
    return {
      firstMsn: this.#manifest.lastMsn + 1,
      firstPartId: this.#manifest.nextPartId,
      // Its timestamps start anew (rule 33).
      discontinuitySequence: this.#manifest.nextDiscontinuitySequence + 1,
      initIndex: this.#initIndex + 1,
    };
  }

  /** @throws RelayError `malformed-init`; the init segment in effect stays */
  setInit(bytes: Bytes): void {
    this.#live();
    this.#init = parseInitSegment(bytes);
    this.#initIndex += 1;
    this.#ring.setInit(this.#initIndex, bytes);
    this.#m3u8s.setInit(this.#initIndex, bytes);
    this.#manifest.setInit(this.#initIndex);
    this.#stale = true;
  }

  /**
   * Takes one part, or one input that has to be split into several on its fragment boundaries.
   * @throws RelayError `init-missing`, `malformed-part`, `track-mismatch`, `part-too-long`, `part-too-large`; nothing changes
   */
  addPart(input: PartInput): AddedPart {
    this.#live();
    if (this.#init === undefined) {
      throw new RelayError("init-missing", `"${this.#name}": expected an init segment before the first part`);
    }
    const pieces = this.#cut(input.bytes, parsePart(input.bytes, this.#init));
    let segmentStart: RenditionStart | undefined;
    let programDateTimeMs = input.programDateTimeMs;
    for (const piece of pieces) {
      const start = this.#append(piece, programDateTimeMs);
      segmentStart = start ?? segmentStart;
      if (programDateTimeMs !== undefined) programDateTimeMs += piece.durationMs;
    }
    return this.#added(segmentStart);
  }

  /** Marks `durationMs` of media that is missing: listed with GAP=YES, answered 404 (rule 25). */
  addGap(durationMs: number): AddedPart {
    this.#live();
    const { partTargetMs } = this.#context.config;
    if (!(durationMs > 0) || durationMs > partTargetMs + ROUNDING_MS) {
      throw new RelayError("part-too-long", `gap: expected above 0 and at most ${partTargetMs} ms, got ${durationMs}`);
    }
    // Who waits for the hinted part learns at once that it will not come.
    this.#ring.skip();
    const start = this.#list({ durationMs, independent: false, sizeBytes: 0, gap: true });
    return this.#added(start);
  }

  /** The next part starts a new timeline (rule 33). */
  discontinuity(): void {
    this.#live();
    this.#manifest.discontinuity();
    this.#stale = true;
  }

  /** No more parts: ENDLIST, and every waiter is answered at once (rule 57). */
  end(): void {
    if (this.#manifest.ended) return;
    this.#manifest.end();
    this.#stale = true;
    this.#reloads.close();
    this.#ring.stopWaiting();
  }

  /** Counts a step of the producer that was refused. */
  refuse(error: RelayError): void {
    this.#refused += 1;
    this.#lastRefusal = `${error.code}: ${error.message}`;
  }

  /**
   * The Media Playlist, at once or when the part that is asked for is there.
   * A deadline answers what there is (rule 58).
   * @throws RelayError `reload-too-far-ahead`, `waiter-limit`; `deadline` when no segment has closed in time
   */
  playlist(ask: ReloadAsk, signal?: AbortSignal): CachedPlaylist | Promise<CachedPlaylist> {
    const manifest = this.#manifest;
    if (manifest.ended) return this.#render(ask.skip); // rule 57
    // hls.js takes a playlist without a segment for an error: the first one is held (rule 68).
    if (manifest.closedSegmentCount === 0) return this.#firstPlaylist(ask, signal);
    const { partTargetMs, targetDurationMs } = this.#context.config;
    const key = reloadKey(ask, {
      last: manifest.position,
      firstMsn: manifest.firstMsn,
      partTargetMs,
      targetDurationMs,
    });
    if (key === undefined) return this.#render(ask.skip);
    return this.#block(key, this.#reloadDeadlineMs, signal).then(() => this.#render(ask.skip));
  }

  async #firstPlaylist(ask: ReloadAsk, signal: AbortSignal | undefined): Promise<CachedPlaylist> {
    const { targetDurationMs } = this.#context.config;
    // Below the 10 s that hls.js gives a playlist; a 503 is retried.
    const deadlineMs = Math.min(9_000, 3 * targetDurationMs);
    await this.#block(positionKey({ msn: this.#manifest.firstMsn + 1, part: 0 }), deadlineMs, signal);
    if (this.#manifest.closedSegmentCount === 0 && !this.#manifest.ended) {
      throw new RelayError("deadline", `"${this.#name}": no segment has closed within ${deadlineMs} ms`);
    }
    return this.#render(ask.skip);
  }

  #block(key: number, deadlineMs: number, signal: AbortSignal | undefined): Promise<unknown> {
    return this.#reloads.wait(key, signal === undefined ? { deadlineMs } : { deadlineMs, signal });
  }

  /** A part; the one that is hinted comes when it is there (rules 40 and 63). Undefined: 404. */
  part(id: PartId, signal?: AbortSignal): Bytes | undefined | Promise<Bytes | undefined> {
    const slot = this.#ring.get(id);
    if (slot !== undefined) {
      this.#hits += 1;
      return slot.bytes;
    }
    if (id !== this.#manifest.nextPartId || this.#manifest.ended) {
      this.#misses += 1;
      return undefined;
    }
    const deadlineMs = 3 * this.#context.config.targetDurationMs;
    return this.#ring.waitFor(id, signal === undefined ? { deadlineMs } : { deadlineMs, signal }).then((late) => {
      if (late === undefined) this.#misses += 1;
      else this.#hits += 1;
      return late?.bytes;
    });
  }

  /** The parts of a closed segment, in order, but for gaps: together they are the segment (rule 18). Undefined: 404. */
  segment(msn: Msn): readonly Bytes[] | undefined {
    const segment = this.#manifest.segment(msn);
    const views =
      segment?.closed === true && !segment.gap
        ? this.#ring.present(segment.firstPartId, segment.firstPartId + segment.partCount)
        : undefined;
    if (views === undefined) this.#misses += 1;
    else this.#hits += 1;
    return views;
  }

  init(index: number): Bytes | undefined {
    const bytes = this.#ring.init(index);
    if (bytes === undefined) this.#misses += 1;
    else this.#hits += 1;
    return bytes;
  }

  /** Answers every blocked request now, with what there is. Returns how many there were. */
  drain(): number {
    const { waiting } = this.#reloads.stats;
    this.#reloads.drain();
    return waiting + this.#ring.stopWaiting();
  }

  /** Frees the rings. Readers keep the views they hold. */
  close(): void {
    this.end();
    this.#context.chunks.close(this.#name);
    this.#context.m3u8s.close(this.#name);
  }

  get stats(): RenditionStats {
    const manifest = this.#manifest;
    const reloads = this.#reloads.stats;
    const ring = this.#ring.stats;
    const last = manifest.position;
    return {
      id: this.options.id,
      codecs: this.options.codecs,
      ...(last === undefined ? {} : { last }),
      firstMsn: manifest.firstMsn,
      segments: manifest.closedSegmentCount,
      windowMs: manifest.listedDurationMs,
      parts: ring.count,
      sizeBytes: ring.sizeBytes,
      hits: this.#hits,
      misses: this.#misses,
      waiting: reloads.waiting + ring.waiters.waiting,
      expired: reloads.expired + ring.waiters.expired,
      shortParts: manifest.stats.shortParts,
      refused: this.#refused,
      ...(this.#lastRefusal === undefined ? {} : { lastRefusal: this.#lastRefusal }),
    };
  }

  #live(): void {
    if (this.#manifest.ended) throw new RelayError("stream-ended", `"${this.#name}" has ended: expected no more media`);
  }

  /**
   * One piece where it fits; else runs of its fragments, each as long as the part target allows (rule 14). All of them are
   * looked at before the first is stored.
   */
  #cut(bytes: Bytes, part: MediaPart): readonly PartPiece[] {
    const { partTargetMs } = this.#context.config;
    const { maxBytesPerPlaylist } = this.#context.cacheConfig;
    if (bytes.byteLength > maxBytesPerPlaylist) {
      throw new RelayError(
        "part-too-large",
        `"${this.#name}": expected at most ${maxBytesPerPlaylist} bytes, got ${bytes.byteLength}`,
      );
    }
    const limitMs = partTargetMs + ROUNDING_MS;
    const { durationMs, independent } = part;
    const pieces = durationMs <= limitMs ? [{ bytes, durationMs, independent }] : splitPart(bytes, part, limitMs);
    for (const piece of pieces) {
      if (piece.durationMs < MIN_PART_MS) {
        throw new RelayError(
          "malformed-part",
          `"${this.#name}": expected samples of at least ${MIN_PART_MS} ms, got ${piece.durationMs.toFixed(3)} ms`,
        );
      }
      if (piece.durationMs <= limitMs) continue;
      throw new RelayError(
        "part-too-long",
        `"${this.#name}": expected fragments of at most the part target of ${partTargetMs} ms, got one of ${piece.durationMs.toFixed(1)} ms`,
      );
    }
    return pieces.map((piece) => ({ ...piece, durationMs: Math.min(piece.durationMs, partTargetMs) }));
  }

  #append(piece: PartPiece, programDateTimeMs: number | undefined): RenditionStart | undefined {
    this.#ring.put(this.#manifest.nextPartId, piece.bytes);
    return this.#list({
      durationMs: piece.durationMs,
      independent: piece.independent,
      sizeBytes: piece.bytes.byteLength,
      programDateTimeMs: programDateTimeMs ?? this.#context.clock.wallMs() - piece.durationMs,
    });
  }

  #list(info: Parameters<M3u8Manifest["addPart"]>[0]): RenditionStart | undefined {
    const listed = this.#manifest.addPart(info);
    this.#lastPartAtMs = this.#context.clock.now();
    this.#stale = true;
    this.#keepListedFetchable();
    this.#reloads.wakeThrough(positionKey(listed));
    if (!listed.opensSegment) return undefined;
    return {
      firstMsn: listed.msn,
      firstPartId: listed.id,
      discontinuitySequence: this.#manifest.nextDiscontinuitySequence,
      initIndex: this.#initIndex,
    };
  }

  #added(segmentStart: RenditionStart | undefined): AddedPart {
    const position = this.#manifest.position;
    if (position === undefined) throw new RelayError("internal", "a part was added and has no position");
    return segmentStart === undefined ? { position } : { position, segmentStart };
  }

  /**
   * The playlist lists at most the newer half of a ring that overflows, since what it drops stays fetchable for as long
   * again (rules 21 and 31).
   */
  #keepListedFetchable(): void {
    const { oldestId, lastId } = this.#ring;
    if (oldestId === undefined || lastId === undefined || oldestId <= this.#context.start.firstPartId) return;
    this.#manifest.dropBefore(oldestId + Math.floor((lastId - oldestId) / 2));
  }

  #render(skip: boolean): CachedPlaylist {
    const manifest = this.#manifest;
    // Another stream's parts may have pushed out ours since the last one came.
    const { oldestId } = this.#ring;
    const listedId = manifest.firstListedPartId;
    if (oldestId !== undefined && listedId < oldestId) {
      manifest.dropBefore(oldestId);
      this.#stale ||= manifest.firstListedPartId !== listedId;
    }
    if (this.#stale) {
      const position = manifest.position ?? { msn: manifest.firstMsn, part: 0 };
      const delta = manifest.renderDelta();
      const playlist = manifest.render();
      this.#m3u8s.put(delta === undefined ? { position, playlist } : { position, playlist, delta });
      this.#stale = false;
    }
    const cached = skip ? (this.#m3u8s.delta ?? this.#m3u8s.last) : this.#m3u8s.last;
    if (cached === undefined)
      throw new RelayError("internal", `"${this.#name}": a playlist was rendered and is not there`);
    return cached;
  }
}
