import type { Msn, PartId } from "../model/ids.ts";
import type { ListWindow } from "./list-window.ts";
import type { ManifestConfig } from "./manifest-options.ts";
import type { SegmentInfo } from "./manifest-types.ts";
import { closingText, initUri, type MediaState, openingText } from "./segment-text.ts";
import type { Ticks } from "./tags.ts";
import { TextBuffer } from "./text-buffer.ts";

/** Segments that the DVR window lists at most: over two days of two seconds each. */
const MAX_DVR_SEGMENTS = 100_000;

/** What a segment is from its first part on. */
interface SegmentStart extends MediaState {
  readonly firstPartId: PartId;
  /** First path component of its URIs. */
  readonly epoch: string;
  /** Media time of its start since the playlist began. */
  readonly startMs: number;
  /** Its PROGRAM-DATE-TIME. */
  readonly wallMs: number;
  /** An EXT-X-DISCONTINUITY stands before it. */
  readonly discontinuity: boolean;
  /** `STATES_INIT` and the like: what its own lines begin with. */
  readonly states: number;
}

/** One segment as the log keeps it. It grows while open and never changes once closed, but for leaving the list. */
export interface Segment extends SegmentStart {
  readonly msn: Msn;
  /** Where its lines begin in the text with parts and in the text without. */
  readonly detailStart: number;
  readonly plainStart: number;
  partCount: number;
  gapCount: number;
  sizeBytes: number;
  durationMs: number;
  ticks: Ticks;
  /** Rendered time from the start of the stream up to its end. */
  endTicks: Ticks;
  /** Rendered time of the stream when it left the list. */
  removedAtTicks: Ticks;
}

/** Whether no part of it holds media: with some, the segment still answers with what there is, so it is no gap. */
export function isGap(segment: Segment): boolean {
  return segment.gapCount === segment.partCount;
}

/** A segment as the manifest tells of it. */
export function segmentInfo(segment: Segment, closed: boolean): SegmentInfo {
  const { msn, firstPartId, partCount, gapCount, durationMs, sizeBytes, epoch, init, wallMs, discontinuity } = segment;
  return {
    msn,
    firstPartId,
    partCount,
    gapCount,
    durationMs,
    sizeBytes,
    closed,
    epoch,
    initUri: initUri(init),
    initEpoch: init.epoch,
    initIndex: init.index,
    wallMs,
    discontinuity,
    gap: isGap(segment),
  };
}

/**
 * The segments of one Media Playlist in order, and their text: closed segments without parts, and those near the end
 * with them. Two windows list them, the live one and the DVR window that reaches back further; without DVR they are one.
 * Segments that left both stay known as long as they must be fetchable (rule 31).
 */
export class SegmentLog {
  /** Lines of every listed segment, without parts. */
  readonly plain = new TextBuffer();
  /** Lines of the segments from `detailMsn` on, with their parts, the open one last. */
  readonly detail = new TextBuffer();
  readonly live: ListWindow;
  /** The same object as `live` where there is no DVR window. */
  readonly dvr: ListWindow;
  /** First segment too near to the end to be skipped by a delta (rule 47); a list may begin later. */
  skipMsn: Msn;
  /** First segment listed with its parts (rule 20); a list may begin later. */
  detailMsn: Msn;
  /** The open segment's number, or that of the next to open. */
  nextMsn: Msn;
  open: Segment | undefined;
  /** Rendered time from the start of the stream to the end of its last part. */
  endTicks: Ticks = 0;

  readonly #config: ManifestConfig;
  readonly #closed = new Map<Msn, Segment>();
  /** Oldest segment still known. */
  #keptMsn: Msn;
  #longestTicks: Ticks = 0;

  constructor(config: ManifestConfig) {
    const { firstMsn, discontinuitySequence, dvr } = config;
    this.#config = config;
    this.live = { firstMsn, discontinuitySequence, ticks: 0 };
    this.dvr = dvr ? { ...this.live } : this.live;
    this.skipMsn = firstMsn;
    this.detailMsn = firstMsn;
    this.nextMsn = firstMsn;
    this.#keptMsn = firstMsn;
  }

  /** A segment that is listed, or left the list but must still be fetchable. */
  get(msn: Msn): Segment | undefined {
    return this.open?.msn === msn ? this.open : this.#closed.get(msn);
  }

  /** Opens a segment; the one before must be closed. */
  openSegment(start: SegmentStart): Segment {
    // Field by field: a spread gives objects that every later look-up pays for.
    this.open = {
      msn: this.nextMsn,
      firstPartId: start.firstPartId,
      epoch: start.epoch,
      init: start.init,
      keys: start.keys,
      startMs: start.startMs,
      wallMs: start.wallMs,
      discontinuity: start.discontinuity,
      states: start.states,
      detailStart: this.detail.end,
      plainStart: this.plain.end,
      partCount: 0,
      gapCount: 0,
      sizeBytes: 0,
      durationMs: 0,
      ticks: 0,
      endTicks: 0,
      removedAtTicks: 0,
    };
    const text = openingText(this.#config, start);
    this.plain.append(text);
    this.detail.append(text);
    return this.open;
  }

  /** Appends a part to the open segment. */
  addPart(
    segment: Segment,
    part: { line: string; ticks: Ticks; durationMs: number; sizeBytes: number; gap: boolean },
  ): void {
    segment.partCount++;
    if (part.gap) segment.gapCount++;
    segment.sizeBytes += part.sizeBytes;
    segment.durationMs += part.durationMs;
    segment.ticks += part.ticks;
    this.endTicks += part.ticks;
    this.live.ticks += part.ticks;
    if (this.dvr !== this.live) this.dvr.ticks += part.ticks;
    this.detail.append(part.line);
    this.#advance();
  }

  /** Closes the open segment and returns its number, or `undefined` if none is open. */
  closeSegment(): Msn | undefined {
    const segment = this.open;
    if (segment === undefined) return undefined;
    this.open = undefined;
    segment.endTicks = this.endTicks;
    const { epoch, msn, ticks } = segment;
    const text = closingText(this.#config, { epoch, msn, ticks, gap: isGap(segment) });
    this.plain.append(text);
    this.detail.append(text);
    this.#closed.set(msn, segment);
    this.nextMsn++;
    return msn;
  }

  /** Removes what is beyond the window; a window of time is kept even where the count is exceeded (rule 30). */
  trim(): void {
    if (this.#config.type === "event") return; // 6.2.1: an EVENT only grows
    const { live, dvr } = this;
    const keptTicks = this.#config.targetDuration * 3;
    while (this.nextMsn - live.firstMsn > this.#config.maxSegments) {
      const first = this.#closed.get(live.firstMsn);
      const closedTicks = live.ticks - (this.open?.ticks ?? 0);
      if (first === undefined || closedTicks - first.ticks < keptTicks) break;
      this.#unlist(live, first);
    }
    this.forgetBefore(dvr === live ? 0 : this.nextMsn - MAX_DVR_SEGMENTS);
  }

  /** Removes the closed segments that hold a part below `partId` from the live list. Returns whether there was one. */
  dropBefore(partId: PartId): boolean {
    if (this.#config.type === "event") return false;
    const listedBefore = this.live.firstMsn;
    for (;;) {
      const first = this.#closed.get(this.live.firstMsn);
      if (first === undefined || first.firstPartId >= partId) return this.live.firstMsn !== listedBefore;
      this.#unlist(this.live, first);
    }
  }

  /** A recording has no live edge: removes what is before `msn` from the live list, of an event too. `forgetBefore` does the rest. */
  endLiveBefore(msn: Msn): void {
    while (this.live.firstMsn < msn) {
      const first = this.#closed.get(this.live.firstMsn);
      if (first === undefined) return;
      this.#unlist(this.live, first);
    }
  }

  /** Removes what is before `msn` from the DVR window, but nothing that the live list has. */
  forgetBefore(msn: Msn): void {
    const { live, dvr } = this;
    while (dvr.firstMsn < Math.min(msn, live.firstMsn)) {
      const first = this.#closed.get(dvr.firstMsn);
      if (first === undefined) return;
      this.#unlist(dvr, first);
    }
  }

  /** Where the lines of a listed segment begin in the text without parts. */
  plainOffset(msn: Msn): number {
    return this.get(msn)?.plainStart ?? this.plain.end;
  }

  /** Where the lines of a segment from `detailMsn` on begin in the text with parts. */
  detailOffset(msn: Msn): number {
    return this.get(msn)?.detailStart ?? this.detail.end;
  }

  #unlist(window: ListWindow, first: Segment): void {
    window.ticks -= first.ticks;
    if (first.discontinuity) window.discontinuitySequence++;
    window.firstMsn = first.msn + 1;
    if (window !== this.dvr) return;
    first.removedAtTicks = this.endTicks;
    this.skipMsn = Math.max(this.skipMsn, window.firstMsn);
    if (this.detailMsn < window.firstMsn) this.#setDetail(window.firstMsn);
    this.plain.dropBefore(this.plainOffset(window.firstMsn));
  }

  #setDetail(msn: Msn): void {
    this.detailMsn = msn;
    this.detail.dropBefore(this.detailOffset(msn));
  }

  /** Moves the marks that follow the end of the playlist; each passes each segment once. */
  #advance(): void {
    const { targetDuration } = this.#config;
    // 6.2.2: parts further than three target durations from the end are not listed. A segment keeps all or none.
    while (this.#isBefore(this.detailMsn, targetDuration * 3)) this.#setDetail(this.detailMsn + 1);
    // 6.2.5.1: the skip boundary.
    while (this.#isBefore(this.skipMsn, targetDuration * 6)) this.skipMsn++;
    // 6.2.2: a removed segment lives for its own duration and that of the longest playlist it was in.
    this.#longestTicks = Math.max(this.#longestTicks, this.dvr.ticks);
    while (this.#keptMsn < this.dvr.firstMsn) {
      const oldest = this.#closed.get(this.#keptMsn);
      if (oldest !== undefined && this.endTicks - oldest.removedAtTicks <= oldest.ticks + this.#longestTicks) return;
      this.#closed.delete(this.#keptMsn++);
    }
  }

  /** Whether a closed segment ends more than `distance` before the end of the playlist. */
  #isBefore(msn: Msn, distance: Ticks): boolean {
    const segment = this.#closed.get(msn);
    return segment !== undefined && this.endTicks - segment.endTicks > distance;
  }
}
