import { type CachedPlaylist, M3u8Ring } from "../cache/m3u8-cache.ts";
import type { SlotRing } from "../cache/slot-ring.ts";
import { Waiters, type WaitOutcome } from "../cache/waiters.ts";
import { joinWebVtt } from "../media/web-vtt.ts";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import type { Msn, PartId, PartPosition } from "../model/ids.ts";
import type { M3u8Manifest } from "../playlist/m3u8-manifest.ts";
import type { RenditionReport, SegmentInfo } from "../playlist/manifest-types.ts";
import type { ArchiveReader } from "./archive-reader.ts";
import type { RenditionInside } from "./inspect-stream.ts";
import {
  CATCH_UP_MS,
  firstPlaylistDeadlineMs,
  positionKey,
  type ReloadAsk,
  reloadDeadlineMs,
  reloadKey,
} from "./reload.ts";
import type { RenditionParts } from "./rendition-parts.ts";

/** What a segment that grows holds by now. */
export interface GrowingSegment {
  readonly views: readonly Bytes[];
  readonly sizeBytes: number;
  readonly closed: boolean;
}

/** `live`: what players follow; `dvr`: the same from as far back as it is kept. */
export type ListKind = "live" | "dvr";

/** What was said to follow at once is here by then, or does not follow. */
const FOLLOWS_MS = 50;
const FOLLOWS_STEP_MS = 5;

export interface AnswersContext extends RenditionParts {
  /** More of what is there already follows the last part at once. */
  isCatchingUp(): boolean;
  /** Where the parts are that the ring has not. Default nowhere. */
  readonly archive?: ArchiveReader;
  /** What its playlist reports of the others (rule 43); asked when somebody asks for the playlist. */
  reports(list: ListKind): readonly RenditionReport[];
  /** Resolves when the others have come along, or after `deadlineMs` at most; undefined where they have (rule 44). */
  together(deadlineMs: number, signal: AbortSignal | undefined): Promise<unknown> | undefined;
}

/** What makes up a segment, in order; undefined where it is not there. */
type Views = readonly Bytes[] | undefined;

/** Answered and missed requests of a rendition, and those that wait. */
export interface AnswerStats {
  readonly hits: number;
  readonly misses: number;
  readonly waiting: number;
  readonly expired: number;
}

/** Answers what players ask of one rendition, now or when it is there. */
export class Answers {
  readonly #context: AnswersContext;
  readonly #ring: SlotRing;
  readonly #manifest: M3u8Manifest;
  readonly #archive: ArchiveReader | undefined;
  readonly #reloads: Waiters;
  readonly #reloadDeadlineMs: number;
  readonly #dvrM3u8s = new M3u8Ring();
  #hits = 0;
  #misses = 0;

  constructor(context: AnswersContext) {
    const { partTargetMs, targetDurationMs } = context.config;
    this.#context = context;
    this.#ring = context.ring;
    this.#manifest = context.manifest;
    this.#archive = context.archive;
    this.#reloads = new Waiters({ clock: context.clock });
    this.#reloadDeadlineMs = reloadDeadlineMs(partTargetMs, targetDurationMs);
  }

  get stats(): AnswerStats {
    const reloads = this.#reloads.stats;
    const { waiters } = this.#ring.stats;
    return {
      hits: this.#hits,
      misses: this.#misses,
      waiting: reloads.waiting + waiters.waiting,
      expired: reloads.expired + waiters.expired,
    };
  }

  /** A part is listed: who waits for it, or for one before, is answered. */
  listed(position: PartPosition): void {
    this.#reloads.wakeThrough(positionKey(position));
  }

  /** Nothing more will come: everybody is answered at once (rule 57). */
  close(): void {
    this.#reloads.close();
    this.#ring.stopWaiting();
  }

  /**
   * The Media Playlist, or that of the DVR window, at once or when the part that is asked for is there.
   * A deadline answers what there is (rule 58).
   * @throws RelayError `reload-too-far-ahead`, `waiter-limit`; `deadline` when no segment has closed in time
   */
  playlist(ask: ReloadAsk, list: ListKind, signal?: AbortSignal): CachedPlaylist | Promise<CachedPlaylist> {
    const manifest = this.#manifest;
    if (manifest.ended) return this.#render(ask, list); // rule 57
    // hls.js takes a playlist without a segment for an error: the first one is held (rule 68).
    const isFirst = ask.msn === undefined && this.#context.isCatchingUp();
    if (manifest.closedSegmentCount === 0 || isFirst) return this.#firstPlaylist(ask, list, signal);
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
      return together === undefined ? this.#render(ask, list) : together.then(() => this.#render(ask, list));
    }
    const askedAtMs = this.#context.clock.now();
    return this.#block(key, this.#reloadDeadlineMs, signal).then(async (outcome) => {
      const leftMs = this.#reloadDeadlineMs - (this.#context.clock.now() - askedAtMs);
      if (outcome === "woken") await this.#context.together(Math.min(partTargetMs, leftMs), signal);
      if (outcome === "woken") await this.#followed();
      return this.#render(ask, list);
    });
  }

  async #firstPlaylist(ask: ReloadAsk, list: ListKind, signal: AbortSignal | undefined): Promise<CachedPlaylist> {
    const { targetDurationMs } = this.#context.config;
    const deadlineMs = firstPlaylistDeadlineMs(targetDurationMs);
    if (this.#manifest.closedSegmentCount === 0) {
      await this.#block(positionKey({ msn: this.#manifest.firstMsn + 1, part: 0 }), deadlineMs, signal);
    }
    if (this.#manifest.closedSegmentCount === 0 && !this.#manifest.ended) {
      throw new RelayError("deadline", `"${this.#context.name}": no segment has closed within ${deadlineMs} ms`);
    }
    await this.#caughtUp(signal);
    return this.#render(ask, list);
  }

  /** A player begins at the end of its first playlist: what is there already is to be in it. */
  async #caughtUp(signal: AbortSignal | undefined): Promise<void> {
    const { clock, isCatchingUp } = this.#context;
    const endMs = clock.now() + CATCH_UP_MS;
    while (isCatchingUp() && clock.now() < endMs && !this.#manifest.ended) {
      const { msn, part } = this.#manifest.position ?? { msn: this.#manifest.firstMsn, part: -1 };
      const outcome = await this.#block(positionKey({ msn, part: part + 1 }), endMs - clock.now(), signal);
      if (outcome !== "woken") return;
    }
  }

  /** What follows at once is told of with the part before it: an init segment is to be hinted before the part that needs it (rule 41). */
  async #followed(): Promise<void> {
    const { clock, isCatchingUp } = this.#context;
    const endMs = clock.now() + FOLLOWS_MS;
    while (isCatchingUp() && clock.now() < endMs && !this.#manifest.ended) {
      await new Promise<void>((resolve) => clock.after(FOLLOWS_STEP_MS, resolve));
    }
  }

  #block(key: number, deadlineMs: number, signal: AbortSignal | undefined): Promise<WaitOutcome> {
    return this.#reloads.wait(key, signal === undefined ? { deadlineMs } : { deadlineMs, signal });
  }

  /**
   * A part; the one that is hinted comes when it is there (rules 40 and 63). Undefined: 404.
   * @throws RelayError `waiter-limit`; `deadline` where it is still to come after three target durations, or once nobody is to wait (rule 58)
   */
  part(epoch: string, id: PartId, signal?: AbortSignal): Bytes | undefined | Promise<Bytes | undefined> {
    const isOurs = this.#context.epochs.hasPart(epoch, id);
    const slot = isOurs ? this.#ring.get(id) : undefined;
    if (slot !== undefined) return this.#count(slot.bytes);
    const { nextPartId, ended } = this.#manifest;
    if (!isOurs || id > nextPartId || (id === nextPartId && ended)) return this.#count(undefined);
    if (id < nextPartId) {
      if (this.#archive === undefined || id < this.#firstPartId) return this.#count(undefined);
      return this.#archive.part(id, signal).then((bytes) => this.#count(bytes));
    }
    const deadlineMs = 3 * this.#context.config.targetDurationMs;
    return this.#ring.waitFor(id, { deadlineMs, signal }).then((late) => {
      if (late === undefined && this.#isHinted(epoch, id)) throw this.#late(`part ${id}`);
      return this.#count(late?.bytes);
    });
  }

  /**
   * A segment that still grows, where parts are ranges of theirs: the open one, and the one that the next part may open. Resolves
   * once it holds more than `fromBytes` or has closed. Undefined where it closed without, or is none of these: 404.
   * @throws RelayError `waiter-limit`; `deadline` where more is still to come after three target durations, or once nobody is to wait (rule 58)
   */
  async growing(epoch: string, msn: Msn, fromBytes: number, signal?: AbortSignal): Promise<GrowingSegment | undefined> {
    const manifest = this.#manifest;
    const endMs = this.#context.clock.now() + 3 * this.#context.config.targetDurationMs;
    for (;;) {
      const segment = manifest.segment(msn);
      if (segment === undefined ? msn !== manifest.lastMsn + 1 : segment.epoch !== epoch) return undefined;
      if (segment !== undefined && segment.sizeBytes > fromBytes) {
        const views = this.#count(await this.#viewsOf(segment, signal));
        return views && { views, sizeBytes: segment.sizeBytes, closed: segment.closed };
      }
      if (segment?.closed || manifest.ended || epoch !== this.#context.epochs.last) return undefined;
      const key = positionKey({ msn, part: segment?.partCount ?? 0 });
      const outcome = await this.#block(key, endMs - this.#context.clock.now(), signal);
      if (outcome === "deadline") throw this.#late(`byte ${fromBytes} of segment ${msn}`);
      if (outcome !== "woken") return undefined;
    }
  }

  /** Whether this is the part to come. */
  #isHinted(epoch: string, id: PartId): boolean {
    return id === this.#manifest.nextPartId && epoch === this.#context.epochs.last && !this.#manifest.ended;
  }

  #late(what: string): RelayError {
    return new RelayError("deadline", `"${this.#context.name}": ${what} has not come yet`);
  }

  /** Whether a segment of this number may still grow, and is asked for by range. */
  grows(msn: Msn): boolean {
    if (this.#context.isText || this.#context.config.parts === "files" || this.#manifest.ended) return false;
    const segment = this.#manifest.segment(msn);
    return segment === undefined ? msn === this.#manifest.lastMsn + 1 : !segment.closed;
  }

  /** The parts of a closed segment, in order: together they are the segment (rule 18). Undefined: 404. */
  segment(epoch: string, msn: Msn, signal?: AbortSignal): Views | Promise<Views> {
    const segment = this.#manifest.segment(msn);
    if (segment?.epoch !== epoch || !segment.closed || segment.gap) return this.#count(undefined);
    const views = this.#viewsOf(segment, signal);
    const joined = (found: Views): Views =>
      this.#count(found !== undefined && this.#context.isText ? joinWebVtt(found) : found);
    return views instanceof Promise ? views.then(joined) : joined(views);
  }

  /** An init segment: the ring has the newest alone, and a DVR window may need more. Undefined: 404. */
  init(epoch: string, index: number, signal?: AbortSignal): Bytes | undefined | Promise<Bytes | undefined> {
    if (!this.#context.epochs.hasInit(epoch, index)) return this.#count(undefined);
    const bytes = this.#ring.init(index);
    if (bytes !== undefined || this.#archive === undefined) return this.#count(bytes);
    return this.#archive.init(epoch, index, signal).then((kept) => this.#count(kept));
  }

  /** What a segment holds; undefined where some of it is neither in the ring nor in the archive. */
  #viewsOf(segment: SegmentInfo, signal: AbortSignal | undefined): Views | Promise<Views> {
    const { firstPartId, partCount, gapCount } = segment;
    const inRing: (Bytes | undefined)[] = [];
    for (let id = firstPartId; id < firstPartId + partCount; id += 1) inRing.push(this.#ring.get(id)?.bytes);
    const views = inRing.filter((bytes) => bytes !== undefined);
    return views.length === partCount - gapCount ? views : this.#archive?.complete(segment, inRing, signal);
  }

  /** First part of what is listed anywhere. */
  get #firstPartId(): PartId {
    return this.#manifest.segment(this.#manifest.dvrFirstMsn)?.firstPartId ?? this.#manifest.nextPartId;
  }

  #count<T>(found: T | undefined): T | undefined {
    if (found === undefined) this.#misses += 1;
    else this.#hits += 1;
    return found;
  }

  /** What it shows to who looks into it. */
  get inside(): RenditionInside {
    const { ring, manifest, notes } = this.#context;
    const isStored = (id: PartId): boolean => this.#archive?.isStored(id) === true;
    return { ring, manifest, notes, reloads: this.#reloads, isStored, isArchived: this.#archive?.available === true };
  }

  /** Answers every blocked request now, with what there is. Returns how many there were. */
  drain(): number {
    const { waiting } = this.#reloads.stats;
    this.#reloads.drain();
    return waiting + this.#ring.stopWaiting();
  }

  #render(ask: ReloadAsk, list: ListKind): CachedPlaylist {
    // Its stream was removed while the request waited: that is no end (rule 65).
    if (this.#ring.closed) throw new RelayError("closed", `"${this.#context.name}" was removed`);
    if (this.#archive?.available !== true) this.#listWhatTheRingHas();
    const cache = list === "dvr" ? this.#dvrM3u8s : this.#context.m3u8s;
    if (list === "dvr") this.#renderDvr();
    else this.#renderLive();
    const { last, delta, deltaV2 } = cache;
    // 6.2.5.1: who knows no date ranges to skip gets what skips segments alone.
    const cached = (ask.skipDateRanges === true ? deltaV2 : undefined) ?? (ask.skip ? delta : undefined) ?? last;
    if (cached === undefined)
      throw new RelayError("internal", `"${this.#context.name}": a playlist was rendered and is not there`);
    return cached;
  }

  /**
   * What the archive has need not be in the ring to be listed. Where there is none, another stream's parts may have pushed out ours since
   * the last one came; where it is lost, the DVR window is the live one.
   */
  #listWhatTheRingHas(): void {
    const { floorId } = this.#ring;
    if (this.#manifest.firstListedPartId < floorId) this.#manifest.dropBefore(floorId);
    this.#manifest.forgetBefore(this.#manifest.firstMsn);
  }

  #renderLive(): void {
    const manifest = this.#manifest;
    manifest.setReports(this.#context.reports("live"));
    const playlist = manifest.render();
    // The manifest gives the same chunks until something changes.
    if (playlist === this.#context.m3u8s.last?.raw) return;
    this.#put(this.#context.m3u8s, playlist, manifest.renderDelta(), manifest.renderDeltaV2());
  }

  #renderDvr(): void {
    const manifest = this.#manifest;
    manifest.setDvrReports(this.#context.reports("dvr"));
    const playlist = manifest.renderDvr();
    if (playlist === this.#dvrM3u8s.last?.raw) return;
    this.#put(this.#dvrM3u8s, playlist, manifest.renderDvrDelta(), manifest.renderDvrDeltaV2());
  }

  #put(cache: M3u8Ring, playlist: readonly Bytes[], delta: Views, deltaV2: Views): void {
    const position = this.#manifest.position ?? { msn: this.#manifest.firstMsn, part: 0 };
    cache.put({
      position,
      playlist,
      ...(delta === undefined ? {} : { delta }),
      ...(deltaV2 === undefined ? {} : { deltaV2 }),
    });
  }
}
