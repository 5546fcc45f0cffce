import type { ChunkCache } from "../cache/chunk-cache.ts";
import type { CachedPlaylist, M3u8Cache, M3u8Ring } from "../cache/m3u8-cache.ts";
import type { SlotRing } from "../cache/slot-ring.ts";
import { Waiters, type WaitOutcome } from "../cache/waiters.ts";
import { hasSameTracks, type InitSegment, parseInitSegment } from "../media/init-segment.ts";
import type { PartPiece } from "../media/media-part.ts";
import { joinWebVtt } from "../media/web-vtt.ts";
import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import type { DateRangeOptions } from "../model/date-range.ts";
import { RelayError } from "../model/errors.ts";
import type { Msn, PartId, PartPosition } from "../model/ids.ts";
import { isOpaque, type MediaKey } from "../model/media-key.ts";
import type { CacheConfig, StreamConfig } from "../model/options.ts";
import type { RenditionConfig } from "../model/rendition-options.ts";
import type { RenditionStats } from "../model/stats.ts";
import { M3u8Manifest } from "../playlist/m3u8-manifest.ts";
import type { RenditionReport, SegmentInfo } from "../playlist/manifest-types.ts";
import type { ListedRendition } from "../playlist/multivariant.ts";
import { BitRate } from "./bit-rate.ts";
import { Epochs } from "./epochs.ts";
import { type CutPart, cutMedia, cutOpaque, cutText, type PartLimits, ROUNDING_MS } from "./part-cutter.ts";
import { firstPlaylistDeadlineMs, positionKey, type ReloadAsk, reloadDeadlineMs, reloadKey } from "./reload.ts";
import { Timeline } from "./timeline.ts";

/** Where a rendition starts, or goes on. */
export interface RenditionStart {
  readonly firstMsn: Msn;
  readonly firstPartId: PartId;
  readonly discontinuitySequence: number;
  readonly initIndex: number;
  /** PROGRAM-DATE-TIME of its first segment, where that is known. */
  readonly programDateTimeMs?: number;
}

export const FIRST_START: RenditionStart = { firstMsn: 1, firstPartId: 0, discontinuitySequence: 0, initIndex: 0 };

/** A part as it comes from a producer. The rendition keeps `bytes` as they are: they must never change afterwards. */
export interface PartInput {
  readonly bytes: Bytes;
  /** What it lasts as the producer says. The samples are measured, and win, with a warning in the stats; only text needs it. */
  readonly durationMs?: number;
  /** Whether it starts with a key frame. Heard where its samples cannot be read, since it is encrypted whole. Default false. */
  readonly independent?: boolean;
  /** Wall clock of the first sample, in ms since the Unix epoch. Default: now, less the part's duration. */
  readonly programDateTimeMs?: number;
}

export interface AddedPart {
  /** The last part that was made: one input makes several when it has to be split. */
  readonly position: PartPosition;
  /** Set when a segment was opened: what a successor must know to go on from its first part. */
  readonly segmentStart?: RenditionStart;
}

/** What a segment that grows holds by now. */
export interface GrowingSegment {
  readonly views: readonly Bytes[];
  readonly sizeBytes: number;
  readonly closed: boolean;
}

export interface RenditionContext {
  readonly stream: string;
  readonly epoch: string;
  readonly options: RenditionConfig;
  readonly config: StreamConfig;
  readonly cacheConfig: CacheConfig;
  readonly chunks: ChunkCache;
  readonly m3u8s: M3u8Cache;
  readonly clock: Clock;
  readonly start: RenditionStart;
  /** What its playlist reports of the others (rule 43); asked when somebody asks for the playlist. */
  reports(): readonly RenditionReport[];
  /** Something that the others may wait for has changed: a part, an init segment, the end. */
  advanced(): void;
  /** An event can keep no more: the whole stream ends. */
  full(): void;
  /** Resolves when the others have come along, or after `deadlineMs` at most; undefined where they have (rule 44). */
  together(deadlineMs: number, signal: AbortSignal | undefined): Promise<unknown> | undefined;
}

/**
 * One rendition: its ring of parts, its Media Playlist, and the requests that wait for either.
 * Everything but waiting is synchronous, so no request ever sees a playlist that lists what the ring has not.
 */
export class Rendition {
  #options: RenditionConfig;
  readonly #epochs: Epochs;
  readonly #context: RenditionContext;
  readonly #name: string;
  readonly #ring: SlotRing;
  readonly #m3u8s: M3u8Ring;
  readonly #manifest: M3u8Manifest;
  readonly #reloads: Waiters;
  readonly #reloadDeadlineMs: number;
  readonly #bitRate: BitRate;
  readonly #limits: PartLimits;
  readonly #timeline: Timeline;
  #init: InitSegment | undefined;
  /** Parts are encrypted whole: no box can be read. */
  #isOpaque = false;
  #initIndex: number;
  #hits = 0;
  #misses = 0;
  #warnings = 0;
  #lastWarning: string | undefined;
  #refused = 0;
  #lastRefusal: string | undefined;
  #lastPartAtMs: number | undefined;

  /** @throws RelayError `stream-limit` when no ring is free */
  constructor(context: RenditionContext) {
    const { config, start, clock, cacheConfig, options, epoch } = context;
    this.#options = options;
    this.#epochs = new Epochs({ name: epoch, firstPartId: start.firstPartId, firstInitIndex: start.initIndex });
    this.#context = context;
    this.#name = `${context.stream}/${options.id}`;
    this.#ring = context.chunks.open(this.#name, {
      firstId: start.firstPartId,
      pinned: config.type === "event",
    });
    this.#m3u8s = context.m3u8s.open(this.#name);
    this.#manifest = new M3u8Manifest({
      partTargetMs: config.partTargetMs,
      targetDurationMs: config.targetDurationMs,
      segmentMinMs: config.segmentMinMs,
      maxSegments: cacheConfig.maxSegments,
      maxPartsPerSegment: cacheConfig.maxPartsPerSegment,
      epoch,
      type: config.type,
      parts: this.isText ? "files" : config.parts,
      canSkipDateRanges: config.skipDateRanges,
      container: this.isText ? "vtt" : "mp4",
      firstMsn: start.firstMsn,
      firstPartId: start.firstPartId,
      discontinuitySequence: start.discontinuitySequence,
      wallMs: () => clock.wallMs(),
      ...(start.programDateTimeMs === undefined ? {} : { programDateTimeMs: start.programDateTimeMs }),
    });
    this.#reloads = new Waiters({ clock });
    this.#reloadDeadlineMs = reloadDeadlineMs(config.partTargetMs, config.targetDurationMs);
    this.#initIndex = start.initIndex - 1;
    this.#bitRate = new BitRate(config.targetDurationMs);
    const { maxBytesPerPlaylist } = cacheConfig;
    this.#limits = { name: this.#name, partTargetMs: config.partTargetMs, maxBytes: maxBytesPerPlaylist };
    this.#timeline = new Timeline({ name: this.#name, targetDurationMs: config.targetDurationMs });
  }

  get options(): RenditionConfig {
    return this.#options;
  }

  /** Whether its parts are WebVTT files, without an init segment. */
  get isText(): boolean {
    return this.options.kind === "subtitles";
  }

  /** `text/vtt`, `video/mp4`, or `audio/mp4` where there is no video (rule 60). */
  get contentType(): string {
    if (this.isText) return "text/vtt";
    const tracks = this.#init?.tracks ?? [];
    return tracks.length > 0 && tracks.every((track) => track.kind === "audio") ? "audio/mp4" : "video/mp4";
  }

  get position(): PartPosition | undefined {
    return this.#manifest.position;
  }

  /** Where the playlists of the others should say that this one stands. */
  get reportPosition(): PartPosition | undefined {
    return this.#manifest.reportPosition;
  }

  /** Wall clock of the end of its last part; undefined before the first. */
  get endWallMs(): number | undefined {
    return this.#manifest.endWallMs;
  }

  /** As the Multivariant Playlist lists it; without codecs while nothing says which. */
  get listed(): ListedRendition {
    const { tracks = [] } = this.#init ?? {};
    const read = tracks.map(({ codec }) => codec).filter((codec) => codec !== undefined);
    const codecs = this.options.codecs ?? (read.length > 0 ? read.join(",") : undefined);
    const { width, height } = tracks.find(({ kind }) => kind === "video") ?? {};
    const { measured } = this.#bitRate;
    return {
      ...(width === undefined || height === undefined ? {} : { width, height }),
      ...this.options,
      ...(codecs === undefined ? {} : { codecs }),
      ...(measured === undefined ? {} : { measured }),
    };
  }

  /** Segments that had to open without an independent frame (rule 26). */
  get dependentSegments(): number {
    return this.#manifest.stats.dependentSegments;
  }

  get ended(): boolean {
    return this.#manifest.ended;
  }

  get windowMs(): number {
    return this.#manifest.listedDurationMs;
  }

  /** What the playlist lists, oldest first; the last one may still grow. */
  get listedSegments(): readonly SegmentInfo[] {
    const segments: SegmentInfo[] = [];
    for (let msn = this.#manifest.firstMsn; msn <= this.#manifest.lastMsn; msn++) {
      const segment = this.#manifest.segment(msn);
      if (segment !== undefined) segments.push(segment);
    }
    return segments;
  }

  get sizeBytes(): number {
    return this.#ring.sizeBytes;
  }

  get lastPartAtMs(): number | undefined {
    return this.#lastPartAtMs;
  }

  /** Numbers of the segment that the next part opens, after what has just made it open one. */
  get next(): RenditionStart {
    return {
      firstMsn: this.#manifest.lastMsn + 1,
      firstPartId: this.#manifest.nextPartId,
      discontinuitySequence: this.#manifest.nextDiscontinuitySequence,
      initIndex: this.#initIndex + 1,
    };
  }

  /** Where a stream that takes this one's name must start, so that no number of it is used again (rule 28). */
  get successor(): RenditionStart {
    const { next } = this;
    // Its timestamps start anew (rule 33); the part that is hinted here never comes.
    return {
      ...next,
      firstPartId: next.firstPartId + 1,
      discontinuitySequence: next.discontinuitySequence + 1,
    };
  }

  /**
   * Another producer goes on in this playlist: with the next media sequence number, a discontinuity, an init segment of its own
   * and URIs under its own epoch. What is listed or retained stays fetchable under the old one (rules 28 and 33).
   * @throws RelayError `stream-ended`; `stream-limit` where an event's ring is full
   */
  resume(epoch: string, options: RenditionConfig): void {
    this.#live();
    this.#checkRoom(this.#ring.hasRoom(2, 0));
    this.#manifest.resume(epoch);
    // Who waits for the hinted part learns at once that it will not come (rule 40).
    this.#ring.skip();
    this.#epochs.add({
      name: epoch,
      firstPartId: this.#manifest.nextPartId,
      firstInitIndex: this.#initIndex + 1,
    });
    this.#init = undefined;
    this.#timeline.reset();
    this.#isOpaque = false;
    this.#options = options;
    this.#context.advanced();
  }

  /** @throws RelayError `malformed-init`; the init segment in effect stays */
  setInit(bytes: Bytes): void {
    this.#live();
    if (this.isText) {
      throw new RelayError("malformed-init", `"${this.#name}": expected WebVTT parts alone, got an init segment`);
    }
    const init = parseInitSegment(bytes);
    this.#checkRoom(this.#ring.hasRoomForInit);
    // 4.4.4.3: another codec or track set is a discontinuity, whether or not its producer says so.
    if (this.#init !== undefined && !hasSameTracks(this.#init, init)) this.discontinuity();
    this.#init = init;
    this.#initIndex += 1;
    this.#ring.setInit(this.#initIndex, bytes);
    this.#m3u8s.setInit(this.#initIndex, bytes);
    this.#manifest.setInit(this.#initIndex);
    this.#context.advanced();
  }

  /**
   * Takes one part, or one input that has to be split into several on its fragment boundaries.
   * @throws RelayError `init-missing`, `malformed-part`, `track-mismatch`, `part-too-long`, `part-too-large`,
   * `timeline-jump`; nothing changes.
   * `stream-limit` where an event's ring is full: the stream has ended then, with all that it lists
   */
  addPart(input: PartInput): AddedPart {
    this.#live();
    const { pieces, media } = this.#cut(input);
    const warning = media && this.#timeline.check(media, input.durationMs);
    this.#checkRoom(this.#ring.hasRoom(pieces.length, input.bytes.byteLength));
    let segmentStart: RenditionStart | undefined;
    let programDateTimeMs = input.programDateTimeMs;
    for (const piece of pieces) {
      const start = this.#append(piece, programDateTimeMs);
      segmentStart = start ?? segmentStart;
      if (programDateTimeMs !== undefined) programDateTimeMs += piece.durationMs;
    }
    if (media === undefined) this.#timeline.reset();
    else this.#timeline.take(media);
    if (warning !== undefined) {
      this.#warnings += 1;
      this.#lastWarning = warning;
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
    this.#checkRoom(this.#ring.hasRoom(1, 0));
    // Who waits for the hinted part learns at once that it will not come.
    this.#ring.skip();
    this.#timeline.reset();
    const start = this.#list({ durationMs, independent: false, sizeBytes: 0, gap: true });
    return this.#added(start);
  }

  /** The next part starts a new timeline (rule 33). */
  discontinuity(): void {
    this.#live();
    this.#manifest.discontinuity();
    this.#timeline.reset();
  }

  /**
   * The parts that follow are encrypted so: the next one opens a segment, which should start with a key frame. Parts that are
   * encrypted whole (AES-128) cannot be measured: they last what is said of them, and their init segment must be clear.
   * @throws RelayError `invalid-option`, `stream-ended`
   */
  setKeys(keys: readonly MediaKey[]): void {
    this.#live();
    // Text is looked at as it comes, and its producer has nothing to hide from the page it shows it on.
    if (this.isText) throw new RelayError("invalid-option", `"${this.#name}": expected no key, subtitles stay clear`);
    this.#manifest.setKeys(keys);
    this.#isOpaque = isOpaque(keys);
  }

  /** EXT-X-SESSION-KEY lines. */
  get sessionKeys(): string {
    return this.#manifest.sessionKeys;
  }

  /**
   * Lists a date range, or adds attributes to one.
   * @throws RelayError `invalid-option`, `conflict`, `stream-limit`, `stream-ended`; nothing changes
   */
  addDateRange(options: DateRangeOptions): void {
    this.#live();
    this.#manifest.addDateRange(options);
  }

  /** No more parts: ENDLIST, and every waiter is answered at once (rule 57). */
  end(): void {
    if (this.#manifest.ended) return;
    this.#manifest.end();
    this.#reloads.close();
    this.#ring.stopWaiting();
    this.#context.advanced();
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
    if (manifest.ended) return this.#render(ask); // rule 57
    // hls.js takes a playlist without a segment for an error: the first one is held (rule 68).
    if (manifest.closedSegmentCount === 0) return this.#firstPlaylist(ask, signal);
    const { partTargetMs, targetDurationMs } = this.#context.config;
    const key = reloadKey(ask, {
      last: manifest.position,
      firstMsn: manifest.firstMsn,
      partTargetMs,
      targetDurationMs,
    });
    if (key === undefined) {
      // Who asks for no position is told what there is.
      const together = ask.msn === undefined ? undefined : this.#context.together(partTargetMs, signal);
      return together === undefined ? this.#render(ask) : together.then(() => this.#render(ask));
    }
    const askedAtMs = this.#context.clock.now();
    return this.#block(key, this.#reloadDeadlineMs, signal).then(async (outcome) => {
      const leftMs = this.#reloadDeadlineMs - (this.#context.clock.now() - askedAtMs);
      if (outcome === "woken") await this.#context.together(Math.min(partTargetMs, leftMs), signal);
      return this.#render(ask);
    });
  }

  async #firstPlaylist(ask: ReloadAsk, signal: AbortSignal | undefined): Promise<CachedPlaylist> {
    const { targetDurationMs } = this.#context.config;
    const deadlineMs = firstPlaylistDeadlineMs(targetDurationMs);
    await this.#block(positionKey({ msn: this.#manifest.firstMsn + 1, part: 0 }), deadlineMs, signal);
    if (this.#manifest.closedSegmentCount === 0 && !this.#manifest.ended) {
      throw new RelayError("deadline", `"${this.#name}": no segment has closed within ${deadlineMs} ms`);
    }
    return this.#render(ask);
  }

  #block(key: number, deadlineMs: number, signal: AbortSignal | undefined): Promise<WaitOutcome> {
    return this.#reloads.wait(key, signal === undefined ? { deadlineMs } : { deadlineMs, signal });
  }

  /** A part; the one that is hinted comes when it is there (rules 40 and 63). Undefined: 404. */
  part(epoch: string, id: PartId, signal?: AbortSignal): Bytes | undefined | Promise<Bytes | undefined> {
    const isOurs = this.#epochs.hasPart(epoch, id);
    const slot = isOurs ? this.#ring.get(id) : undefined;
    if (slot !== undefined) {
      this.#hits += 1;
      return slot.bytes;
    }
    if (!isOurs || id !== this.#manifest.nextPartId || this.#manifest.ended) {
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

  /**
   * A segment that still grows, where parts are ranges of theirs: the open one, and the one that the next part may open. Resolves
   * once it holds more than `fromBytes` or has closed. Undefined where it holds no more after three target durations, closed
   * without, or is none of these: 404.
   * @throws RelayError `waiter-limit`
   */
  async growing(epoch: string, msn: Msn, fromBytes: number, signal?: AbortSignal): Promise<GrowingSegment | undefined> {
    const manifest = this.#manifest;
    const endMs = this.#context.clock.now() + 3 * this.#context.config.targetDurationMs;
    for (;;) {
      const segment = manifest.segment(msn);
      if (segment === undefined ? msn !== manifest.lastMsn + 1 : segment.epoch !== epoch) return undefined;
      const views = segment === undefined ? [] : this.#viewsOf(segment);
      if (views === undefined) return undefined;
      if (segment !== undefined && segment.sizeBytes > fromBytes) {
        this.#hits += 1;
        return { views, sizeBytes: segment.sizeBytes, closed: segment.closed };
      }
      if (segment?.closed || manifest.ended || epoch !== this.#epochs.last) return undefined;
      const key = positionKey({ msn, part: segment?.partCount ?? 0 });
      const outcome = await this.#block(key, endMs - this.#context.clock.now(), signal);
      if (outcome !== "woken") return undefined;
    }
  }

  /** Whether a segment of this number may still grow, and is asked for by range. */
  grows(msn: Msn): boolean {
    if (this.isText || this.#context.config.parts === "files" || this.#manifest.ended) return false;
    const segment = this.#manifest.segment(msn);
    return segment === undefined ? msn === this.#manifest.lastMsn + 1 : !segment.closed;
  }

  /** What a segment holds; undefined where some of it has left the ring. */
  #viewsOf({ firstPartId, partCount, gapCount }: SegmentInfo): readonly Bytes[] | undefined {
    const views: Bytes[] = [];
    for (let id = firstPartId; id < firstPartId + partCount; id += 1) {
      const slot = this.#ring.get(id);
      if (slot !== undefined) views.push(slot.bytes);
    }
    return views.length === partCount - gapCount ? views : undefined;
  }

  /** The parts of a closed segment, in order: together they are the segment (rule 18). Undefined: 404. */
  segment(epoch: string, msn: Msn): readonly Bytes[] | undefined {
    const segment = this.#manifest.segment(msn);
    const views = segment?.epoch === epoch && segment.closed && !segment.gap ? this.#viewsOf(segment) : undefined;
    if (views === undefined) this.#misses += 1;
    else this.#hits += 1;
    return views !== undefined && this.isText ? joinWebVtt(views) : views;
  }

  init(epoch: string, index: number): Bytes | undefined {
    const bytes = this.#epochs.hasInit(epoch, index) ? this.#ring.init(index) : undefined;
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
    const { codecs } = this.listed;
    return {
      id: this.options.id,
      kind: this.options.kind,
      ...(codecs === undefined ? {} : { codecs }),
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
      warnings: this.#warnings,
      ...(this.#lastWarning === undefined ? {} : { lastWarning: this.#lastWarning }),
      refused: this.#refused,
      ...(this.#lastRefusal === undefined ? {} : { lastRefusal: this.#lastRefusal }),
    };
  }

  /** An EVENT loses nothing (rule 36): where there is no room, it is over. */
  #checkRoom(hasRoom: boolean): void {
    if (hasRoom || this.#context.config.type === "live") return;
    const { capacity, sizeBytes } = this.#ring;
    this.#context.full();
    throw new RelayError(
      "stream-limit",
      `"${this.#name}": an event keeps everything, and its ring of ${capacity} parts holds ${sizeBytes} bytes: the stream has ended`,
    );
  }

  #live(): void {
    if (this.#manifest.ended) throw new RelayError("stream-ended", `"${this.#name}" has ended: expected no more media`);
  }

  #cut(input: PartInput): CutPart {
    if (this.isText) return cutText(input.bytes, input.durationMs, this.#limits);
    if (this.#init === undefined)
      throw new RelayError("init-missing", `"${this.#name}": expected an init segment before the first part`);
    return this.#isOpaque ? cutOpaque(input, this.#limits) : cutMedia(input.bytes, this.#init, this.#limits);
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
    const closed = listed.closedMsn === undefined ? undefined : this.#manifest.segment(listed.closedMsn);
    if (closed !== undefined && !closed.gap) this.#bitRate.add(closed);
    this.#keepListedFetchable();
    this.#reloads.wakeThrough(positionKey(listed));
    this.#context.advanced();
    if (!listed.opensSegment) return undefined;
    const { segmentWallMs } = this.#manifest;
    return {
      ...(segmentWallMs === undefined ? {} : { programDateTimeMs: segmentWallMs }),
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
    const { floorId, lastId } = this.#ring;
    if (lastId === undefined || floorId <= this.#context.start.firstPartId) return;
    this.#manifest.dropBefore(floorId + Math.floor((lastId - floorId) / 2));
  }

  #render(ask: ReloadAsk): CachedPlaylist {
    const manifest = this.#manifest;
    // Another stream's parts may have pushed out ours since the last one came.
    const { floorId } = this.#ring;
    if (manifest.firstListedPartId < floorId) manifest.dropBefore(floorId);
    manifest.setReports(this.#context.reports());
    const playlist = manifest.render();
    // The manifest gives the same bytes until something changes.
    if (playlist !== this.#m3u8s.last?.raw) {
      const position = manifest.position ?? { msn: manifest.firstMsn, part: 0 };
      const [delta, deltaV2] = [manifest.renderDelta(), manifest.renderDeltaV2()];
      this.#m3u8s.put({
        position,
        playlist,
        ...(delta === undefined ? {} : { delta }),
        ...(deltaV2 === undefined ? {} : { deltaV2 }),
      });
    }
    const { last, delta, deltaV2 } = this.#m3u8s;
    // 6.2.5.1: who knows no date ranges to skip gets what skips segments alone.
    const cached = (ask.skipDateRanges === true ? deltaV2 : undefined) ?? (ask.skip ? delta : undefined) ?? last;
    if (cached === undefined)
      throw new RelayError("internal", `"${this.#name}": a playlist was rendered and is not there`);
    return cached;
  }
}
