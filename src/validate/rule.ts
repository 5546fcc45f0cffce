import type { MediaPart } from "../media/media-part.ts";
import type { Bytes } from "../model/bytes.ts";
import type { Exchange } from "../reader/exchange.ts";
import {
  allSegments,
  type LineNumber,
  type ListedPart,
  type ListedSegment,
  type MediaPlaylist,
  type Position,
  segmentMs,
} from "../reader/media-playlist.ts";
import type { Level } from "./finding.ts";

export interface ReportDetails {
  /** Of the playlist that the check was given last. */
  readonly lines?: readonly LineNumber[];
  /** Where it is not the rule's own. */
  readonly level?: Level;
  readonly url?: string;
}

export type Report = (message: string, details?: ReportDetails) => void;

/** What the one who asked said of the way to the origin. */
export interface Setting {
  /** False where a Service Worker answers: nothing is compressed and nothing has an age there. */
  readonly overNetwork: boolean;
  /** The origin that must be allowed to read, if another is. */
  readonly allowedOrigin?: string;
}

/** A delta, what it was merged with, and the full playlist that was asked for right after it. */
export interface DeltaAnswer {
  readonly asked: "YES" | "v2";
  /** The answer as it came; it holds no SKIP where the origin gave the full playlist. */
  readonly answer: MediaPlaylist;
  readonly base: MediaPlaylist;
  /** Undefined where the base lacks a segment that was skipped. */
  readonly merged: MediaPlaylist | undefined;
  readonly full: MediaPlaylist;
  /** Lines of DATERANGEs that have been in the playlist for longer than CAN-SKIP-UNTIL. */
  readonly oldDateRanges: ReadonlySet<string>;
  /** Ids of DATERANGEs that have left it since then. */
  readonly removedDateRanges: readonly string[];
}

/** How a blocking request named its directives. */
export type BlockedKind = "msn" | "part" | "reordered";

export interface BlockedAnswer {
  readonly kind: BlockedKind;
  readonly asked: { readonly msn: number; readonly part?: number };
  /** Without the time that the validator itself stood still. */
  readonly waitedMs: number;
  readonly stalledMs: number;
  /** 0 where no answer came in time. */
  readonly status: number;
  readonly before: MediaPlaylist;
  /** The playlist that was answered, or the next full one after an answer without any. */
  readonly after: MediaPlaylist;
  readonly satisfied: boolean;
  /** Blocking requests of this playlist so far, and how many of them came long after what was asked for. */
  readonly answersBefore: number;
  readonly lateBefore: number;
}

/** Answers that come later than this after the part was there were not woken by it. */
export const LATE_SLACK_MS = 1_000;

/** By how much an answer came after what it was to wait for, by the media that it holds beyond that; 0 where that is usual. */
export function lateByMs(blocked: Omit<BlockedAnswer, "answersBefore" | "lateBefore">): number {
  const { asked, after, before, kind, satisfied, stalledMs, waitedMs } = blocked;
  if (!satisfied || kind === "msn") return 0;
  let beyondMs = 0;
  for (const segment of allSegments(after)) {
    if (segment.msn > asked.msn) beyondMs += segmentMs(segment);
    else if (segment.msn === asked.msn && asked.part !== undefined)
      for (const part of segment.parts.slice(asked.part + 1)) beyondMs += part.durationMs;
  }
  // What came while we stood still would have come late in any case.
  const lateMs = beyondMs - stalledMs;
  const usualMs = 2 * (before.partTargetMs ?? 1_000) + LATE_SLACK_MS;
  return waitedMs > lateMs && lateMs > usualMs && lateMs < 3 * (before.targetDurationMs ?? 0) ? lateMs : 0;
}

/** A listed resource, as it answered when it was fetched. */
export interface ListedAnswer {
  readonly what: "part" | "segment" | "init";
  readonly gap: boolean;
  readonly line: LineNumber | undefined;
  readonly exchange: Exchange;
}

/** A hinted part that was asked for before it was listed, and is listed now. */
export interface HintedAnswer {
  readonly part: ListedPart;
  readonly exchange: Exchange;
  /** Having waited so long an origin may give up. */
  readonly patienceMs: number;
  /** Of the hints so far, how many came in drops: the first byte long before the last. */
  readonly trickled: number;
}

/** The rest of a segment that grew, asked for without an end at a hint, and the segment once it was closed. */
export interface OpenRangeAnswer {
  readonly startBytes: number;
  readonly exchange: Exchange;
  readonly segment: Bytes;
}

/** A part that was hinted and is not planned any more, asked for after that. */
export interface DroppedAnswer {
  /** Of the part that came instead, if one has. */
  readonly line: LineNumber | undefined;
  readonly exchange: Exchange;
}

/** A resource that left the playlist, asked for while it still has to be there. */
export interface RemovedAnswer {
  readonly what: "part" | "segment";
  /** At most. */
  readonly goneForMs: number;
  /** How long it is to stay. */
  readonly stayMs: number;
  /** By the time it was asked for it has to be there, and is not only kept for those who read an older specification. */
  readonly must: boolean;
  readonly exchange: Exchange;
}

export interface PartMedia {
  readonly listed: ListedPart;
  readonly bytes: Bytes;
  /** Undefined where it could not be read, and why. */
  readonly media: MediaPart | undefined;
  readonly unreadable?: string;
}

/** The media of a closed segment: of its parts where they are known, and of itself. */
export interface SegmentMedia {
  readonly segment: ListedSegment;
  readonly partTargetMs: number | undefined;
  readonly hasVideo: boolean;
  /** Every part of it, or none. */
  readonly parts: readonly PartMedia[];
  readonly bytes: Bytes | undefined;
  readonly media: MediaPart | undefined;
  readonly unreadable?: string;
  /** Where the one before ended, in ms of the primary track; undefined at a discontinuity, after a gap, and at first. */
  readonly expectedStartMs: number | undefined;
  /** The tracks of the init segment have changed since the one before, with no discontinuity between. */
  readonly tracksChanged: boolean;
}

/** How far apart new parts and segments were seen, newest last. */
export interface Pace {
  readonly partGapsMs: readonly number[];
  readonly segmentGapsMs: readonly number[];
  readonly partTargetMs: number | undefined;
  readonly targetDurationMs: number;
  readonly longestSegmentMs: number;
}

export interface RenditionView {
  readonly id: string;
  readonly url: string;
  readonly playlist: MediaPlaylist;
  /** For how long it has been behind the first of them by more than a part, at its last answer; 0 while it is not. */
  readonly behindForMs: number;
}

/** All renditions as they are known now. */
export interface Presentation {
  readonly renditions: readonly RenditionView[];
  /** Of every Media Playlist that the Multivariant Playlist names, watched or not. */
  readonly urls: readonly string[];
}

/** Asks what a player would not. */
export interface Prober {
  /** The newest full playlist. */
  readonly playlist: MediaPlaylist;
  readonly partTargetMs: number;
  readonly targetDurationMs: number;
  /** A segment that was fetched whole. */
  readonly fetched: Exchange | undefined;
  /** The playlist with directives, as they stand in a query. */
  reload(query: string): Promise<Exchange>;
  get(url: string, range?: string): Promise<Exchange>;
}

/** What a rule looks at; each is called for every occasion. */
export interface Checks {
  /** Each answer of a Media Playlist as it came, full or delta. */
  readonly answer?: (playlist: MediaPlaylist, report: Report) => void;
  /** Each full Media Playlist. */
  readonly playlist?: (playlist: MediaPlaylist, report: Report) => void;
  /** Each two full Media Playlists, one after the other; `isNext`: the second was waited for, so that there was none between them. */
  readonly change?: (before: MediaPlaylist, after: MediaPlaylist, report: Report, isNext: boolean) => void;
  readonly delta?: (delta: DeltaAnswer, report: Report) => void;
  readonly blocked?: (blocked: BlockedAnswer, report: Report) => void;
  readonly exchange?: (exchange: Exchange, report: Report, setting: Setting) => void;
  readonly listed?: (listed: ListedAnswer, report: Report) => void;
  readonly hinted?: (hinted: HintedAnswer, report: Report) => void;
  readonly openRange?: (open: OpenRangeAnswer, report: Report) => void;
  readonly dropped?: (dropped: DroppedAnswer, report: Report) => void;
  readonly removed?: (removed: RemovedAnswer, report: Report) => void;
  readonly media?: (media: SegmentMedia, report: Report) => void;
  readonly pace?: (pace: Pace, report: Report) => void;
  readonly presentation?: (presentation: Presentation, report: Report) => void;
  /** Now and then while the stream is live. */
  readonly probe?: (prober: Prober, report: Report) => Promise<void>;
  /** Once it has ended. */
  readonly endProbe?: (prober: Prober, report: Report) => Promise<void>;
}

/** One rule of a conforming LL-HLS origin. */
export interface Rule {
  readonly number: number;
  /** Of draft-pantos-hls-rfc8216bis-22, or `HTTP`, or `field`. */
  readonly section: string;
  readonly level: Level;
  readonly title: string;
  /** How it is checked from outside. */
  readonly how: string;
  readonly checks: Checks;
}

/** Below the last decimal that playlists write. */
export const EPSILON_MS = 0.02;

/** Whether `position` is there, or behind the last part. */
export function reaches(last: Position | undefined, position: Position): boolean {
  if (last === undefined) return false;
  return last.msn > position.msn || (last.msn === position.msn && last.part >= position.part);
}

/** Seconds as a message shows them. */
export function inSeconds(durationMs: number): string {
  return `${Number((durationMs / 1000).toFixed(5))} s`;
}
