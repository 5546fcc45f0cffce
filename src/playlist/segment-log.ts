import type { Msn, PartId } from "../model/ids.ts";
import type { KeyState } from "./key-tags.ts";
import type { ManifestConfig } from "./manifest-options.ts";
import { seconds, type Ticks } from "./tags.ts";
import { TextBuffer } from "./text-buffer.ts";

/** One segment as the log keeps it. It grows while open and never changes once closed, but for leaving the list. */
export interface Segment {
  readonly msn: Msn;
  readonly firstPartId: PartId;
  /** First path component of its URIs. */
  readonly epoch: string;
  /** URI of its init segment. */
  readonly initUri: string;
  /** What it is encrypted with. */
  readonly keys: KeyState;
  /** Its own lines begin with its keys. */
  readonly statesKeys: boolean;
  /** Its PROGRAM-DATE-TIME. */
  readonly wallMs: number;
  /** An EXT-X-DISCONTINUITY stands before it. */
  readonly discontinuity: boolean;
  /** Its own lines begin with the MAP, since the segment before it has another. */
  readonly statesMap: boolean;
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

interface SegmentStart
  extends Pick<
    Segment,
    "firstPartId" | "epoch" | "keys" | "statesKeys" | "wallMs" | "initUri" | "discontinuity" | "statesMap"
  > {
  /** The lines that stand before its first part. */
  readonly openingText: string;
}

/** Whether no part of it holds media: with some, the segment still answers with what there is, so it is no gap. */
export function isGap(segment: Segment): boolean {
  return segment.gapCount === segment.partCount;
}

/**
 * The segments of one Media Playlist in order, and their text: closed segments without parts, and those near the end
 * with them. Segments that left the list stay known as long as they must be fetchable (rule 31).
 */
export class SegmentLog {
  /** Lines of every listed segment, without parts. */
  readonly plain = new TextBuffer();
  /** Lines of the segments from `detailMsn` on, with their parts, the open one last. */
  readonly detail = new TextBuffer();
  /** EXT-X-MEDIA-SEQUENCE. */
  listedMsn: Msn;
  /** First segment too near to the end to be skipped by a delta (rule 47). */
  skipMsn: Msn;
  /** First segment listed with its parts (rule 20). */
  detailMsn: Msn;
  /** The open segment's number, or that of the next to open. */
  nextMsn: Msn;
  discontinuitySequence: number;
  open: Segment | undefined;
  /** Rendered time from the start of the stream to the end of its last part. */
  endTicks: Ticks = 0;
  /** Rendered time of the listed segments, the open one included. */
  listedTicks: Ticks = 0;

  readonly #config: ManifestConfig;
  readonly #closed = new Map<Msn, Segment>();
  /** Oldest segment still known. */
  #keptMsn: Msn;
  #longestListedTicks: Ticks = 0;

  constructor(config: ManifestConfig) {
    this.#config = config;
    this.listedMsn = config.firstMsn;
    this.skipMsn = config.firstMsn;
    this.detailMsn = config.firstMsn;
    this.nextMsn = config.firstMsn;
    this.#keptMsn = config.firstMsn;
    this.discontinuitySequence = config.discontinuitySequence;
  }

  /** A segment that is listed, or left the list but must still be fetchable. */
  get(msn: Msn): Segment | undefined {
    return this.open?.msn === msn ? this.open : this.#closed.get(msn);
  }

  /** Opens a segment; the one before must be closed. */
  openSegment(start: SegmentStart): Segment {
    const { openingText, ...opened } = start;
    this.open = {
      msn: this.nextMsn,
      ...opened,
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
    this.plain.append(openingText);
    this.detail.append(openingText);
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
    this.listedTicks += part.ticks;
    this.detail.append(part.line);
    this.#advance();
  }

  /** Closes the open segment and returns its number, or `undefined` if none is open. */
  closeSegment(): Msn | undefined {
    const segment = this.open;
    if (segment === undefined) return undefined;
    this.open = undefined;
    segment.endTicks = this.endTicks;
    const uri = `${segment.epoch}/seg-${segment.msn}.${this.#config.container}`;
    const closing = `${isGap(segment) ? "#EXT-X-GAP\n" : ""}#EXTINF:${seconds(segment.ticks)},\n${uri}\n`;
    this.plain.append(closing);
    this.detail.append(closing);
    this.#closed.set(segment.msn, segment);
    this.nextMsn++;
    return segment.msn;
  }

  /** Removes what is beyond the window; a window of time is kept even where the count is exceeded (rule 30). */
  trim(): void {
    if (this.#config.type === "event") return; // 6.2.1: an EVENT only grows
    const keptTicks = this.#config.targetDuration * 3;
    while (this.nextMsn - this.listedMsn > this.#config.maxSegments) {
      const first = this.#closed.get(this.listedMsn);
      const closedTicks = this.listedTicks - (this.open?.ticks ?? 0);
      if (first === undefined || closedTicks - first.ticks < keptTicks) return;
      this.#unlist(first);
    }
  }

  /** Removes the closed segments that hold a part below `partId`. Returns whether there was one. */
  dropBefore(partId: PartId): boolean {
    if (this.#config.type === "event") return false;
    const listedBefore = this.listedMsn;
    for (;;) {
      const first = this.#closed.get(this.listedMsn);
      if (first === undefined || first.firstPartId >= partId) return this.listedMsn !== listedBefore;
      this.#unlist(first);
    }
  }

  /** Where the lines of a listed segment begin in the text without parts. */
  plainOffset(msn: Msn): number {
    return this.get(msn)?.plainStart ?? this.plain.end;
  }

  #unlist(first: Segment): void {
    first.removedAtTicks = this.endTicks;
    this.listedTicks -= first.ticks;
    if (first.discontinuity) this.discontinuitySequence++;
    this.listedMsn = first.msn + 1;
    this.skipMsn = Math.max(this.skipMsn, this.listedMsn);
    if (this.detailMsn < this.listedMsn) this.#setDetail(this.listedMsn);
    this.plain.dropBefore(this.plainOffset(this.listedMsn));
  }

  #setDetail(msn: Msn): void {
    this.detailMsn = msn;
    this.detail.dropBefore(this.get(msn)?.detailStart ?? this.detail.end);
  }

  /** Moves the marks that follow the end of the playlist; each passes each segment once. */
  #advance(): void {
    const { targetDuration } = this.#config;
    const isBefore = (msn: Msn, distance: Ticks): boolean => {
      const segment = this.#closed.get(msn);
      return segment !== undefined && this.endTicks - segment.endTicks > distance;
    };
    // 6.2.2: parts further than three target durations from the end are not listed. A segment keeps all or none.
    while (isBefore(this.detailMsn, targetDuration * 3)) this.#setDetail(this.detailMsn + 1);
    // 6.2.5.1: the skip boundary.
    while (isBefore(this.skipMsn, targetDuration * 6)) this.skipMsn++;
    // 6.2.2: a removed segment lives for its own duration and that of the longest playlist it was in.
    this.#longestListedTicks = Math.max(this.#longestListedTicks, this.listedTicks);
    while (this.#keptMsn < this.listedMsn) {
      const oldest = this.#closed.get(this.#keptMsn);
      if (oldest !== undefined && this.endTicks - oldest.removedAtTicks <= oldest.ticks + this.#longestListedTicks)
        return;
      this.#closed.delete(this.#keptMsn++);
    }
  }
}
