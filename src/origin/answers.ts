import type { CachedPlaylist, M3u8Ring } from "../cache/m3u8-cache.ts";
import type { SlotRing } from "../cache/slot-ring.ts";
import { Waiters, type WaitOutcome } from "../cache/waiters.ts";
import { joinWebVtt } from "../media/web-vtt.ts";
import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import type { Msn, PartId, PartPosition } from "../model/ids.ts";
import type { StreamConfig } from "../model/options.ts";
import type { M3u8Manifest } from "../playlist/m3u8-manifest.ts";
import type { RenditionReport, SegmentInfo } from "../playlist/manifest-types.ts";
import type { Epochs } from "./epochs.ts";
import { firstPlaylistDeadlineMs, positionKey, type ReloadAsk, reloadDeadlineMs, reloadKey } from "./reload.ts";

/** What a segment that grows holds by now. */
export interface GrowingSegment {
  readonly views: readonly Bytes[];
  readonly sizeBytes: number;
  readonly closed: boolean;
}

export interface AnswersContext {
  /** Of the rendition, for messages. */
  readonly name: string;
  readonly isText: boolean;
  readonly config: StreamConfig;
  readonly ring: SlotRing;
  readonly m3u8s: M3u8Ring;
  readonly manifest: M3u8Manifest;
  readonly epochs: Epochs;
  readonly clock: Clock;
  /** What its playlist reports of the others (rule 43); asked when somebody asks for the playlist. */
  reports(): readonly RenditionReport[];
  /** Resolves when the others have come along, or after `deadlineMs` at most; undefined where they have (rule 44). */
  together(deadlineMs: number, signal: AbortSignal | undefined): Promise<unknown> | undefined;
}

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
  readonly #reloads: Waiters;
  readonly #reloadDeadlineMs: number;
  #hits = 0;
  #misses = 0;

  constructor(context: AnswersContext) {
    const { partTargetMs, targetDurationMs } = context.config;
    this.#context = context;
    this.#ring = context.ring;
    this.#manifest = context.manifest;
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
      throw new RelayError("deadline", `"${this.#context.name}": no segment has closed within ${deadlineMs} ms`);
    }
    return this.#render(ask);
  }

  #block(key: number, deadlineMs: number, signal: AbortSignal | undefined): Promise<WaitOutcome> {
    return this.#reloads.wait(key, signal === undefined ? { deadlineMs } : { deadlineMs, signal });
  }

  /** A part; the one that is hinted comes when it is there (rules 40 and 63). Undefined: 404. */
  part(epoch: string, id: PartId, signal?: AbortSignal): Bytes | undefined | Promise<Bytes | undefined> {
    const isOurs = this.#context.epochs.hasPart(epoch, id);
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
      if (segment?.closed || manifest.ended || epoch !== this.#context.epochs.last) return undefined;
      const key = positionKey({ msn, part: segment?.partCount ?? 0 });
      const outcome = await this.#block(key, endMs - this.#context.clock.now(), signal);
      if (outcome !== "woken") return undefined;
    }
  }

  /** Whether a segment of this number may still grow, and is asked for by range. */
  grows(msn: Msn): boolean {
    if (this.#context.isText || this.#context.config.parts === "files" || this.#manifest.ended) return false;
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
    return views !== undefined && this.#context.isText ? joinWebVtt(views) : views;
  }

  init(epoch: string, index: number): Bytes | undefined {
    const bytes = this.#context.epochs.hasInit(epoch, index) ? this.#ring.init(index) : undefined;
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

  #render(ask: ReloadAsk): CachedPlaylist {
    const manifest = this.#manifest;
    // Another stream's parts may have pushed out ours since the last one came.
    const { floorId } = this.#ring;
    if (manifest.firstListedPartId < floorId) manifest.dropBefore(floorId);
    manifest.setReports(this.#context.reports());
    const playlist = manifest.render();
    // The manifest gives the same bytes until something changes.
    if (playlist !== this.#context.m3u8s.last?.raw) {
      const position = manifest.position ?? { msn: manifest.firstMsn, part: 0 };
      const [delta, deltaV2] = [manifest.renderDelta(), manifest.renderDeltaV2()];
      this.#context.m3u8s.put({
        position,
        playlist,
        ...(delta === undefined ? {} : { delta }),
        ...(deltaV2 === undefined ? {} : { deltaV2 }),
      });
    }
    const { last, delta, deltaV2 } = this.#context.m3u8s;
    // 6.2.5.1: who knows no date ranges to skip gets what skips segments alone.
    const cached = (ask.skipDateRanges === true ? deltaV2 : undefined) ?? (ask.skip ? delta : undefined) ?? last;
    if (cached === undefined)
      throw new RelayError("internal", `"${this.#context.name}": a playlist was rendered and is not there`);
    return cached;
  }
}
