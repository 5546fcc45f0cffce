import type { Attributes, ListedRange } from "./attributes.ts";

/** Numbers of lines count from 1. */
export type LineNumber = number;

/** A resource that a playlist names, or a range of one. */
export interface ListedResource {
  readonly uri: string;
  readonly range: { readonly offsetBytes: number; readonly lengthBytes: number } | undefined;
}

export interface ListedPart extends ListedResource {
  readonly line: LineNumber;
  readonly durationMs: number;
  readonly independent: boolean;
  readonly gap: boolean;
  /** Its BYTERANGE as written. */
  readonly listedRange: ListedRange | undefined;
}

export interface ListedSegment {
  readonly msn: number;
  readonly firstLine: LineNumber;
  readonly lastLine: LineNumber;
  readonly discontinuity: boolean;
  readonly gap: boolean;
  readonly parts: readonly ListedPart[];
  /** In effect; undefined in a delta before its first MAP too. */
  readonly map: ListedResource | undefined;
  /** The KEYs in effect, as their attribute lists stand; none where it is clear. */
  readonly keys: readonly string[];
  readonly programDateTime: string | undefined;
  /** Undefined while it is open. */
  readonly durationMs: number | undefined;
  readonly resource: ListedResource | undefined;
  /** Its BYTERANGE as written. */
  readonly listedRange: ListedRange | undefined;
}

export interface ListedAttributes {
  readonly line: LineNumber;
  readonly values: Attributes;
}

/** A line that could not be read as what it says it is. */
export interface LineProblem {
  readonly line: LineNumber;
  readonly message: string;
}

/** One answer of a Media Playlist, read without judging: what is wrong with it is for the rules to say. */
export interface MediaPlaylist {
  readonly url: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly problems: readonly LineProblem[];
  /** Lines of each tag, by its name without `#`. */
  readonly tags: ReadonlyMap<string, readonly LineNumber[]>;
  readonly version: number;
  readonly targetDurationMs: number | undefined;
  readonly partTargetMs: number | undefined;
  readonly control: Attributes;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly playlistType: string | undefined;
  /** Closed segments; in a delta those that were not skipped. */
  readonly segments: readonly ListedSegment[];
  readonly open: ListedSegment | undefined;
  readonly skip: { readonly line: LineNumber; readonly count: number; readonly values: Attributes } | undefined;
  readonly hints: readonly ListedAttributes[];
  readonly reports: readonly ListedAttributes[];
  readonly dateRanges: readonly ListedAttributes[];
  readonly ended: boolean;
}

/** Every segment that is listed, the open one last. */
export function allSegments({ segments, open }: MediaPlaylist): readonly ListedSegment[] {
  return open === undefined ? segments : [...segments, open];
}

/** What a segment lasts: its EXTINF, or its parts so far. */
export function segmentMs({ durationMs, parts }: ListedSegment): number {
  return durationMs ?? parts.reduce((sum, part) => sum + part.durationMs, 0);
}

export interface Position {
  readonly msn: number;
  readonly part: number;
}

/** The last part; of a segment whose parts are not listed, a position after any. */
export function lastPosition(playlist: MediaPlaylist): Position | undefined {
  const { open, segments } = playlist;
  if (open !== undefined && open.parts.length > 0) return { msn: open.msn, part: open.parts.length - 1 };
  const last = segments.at(-1);
  return last && { msn: last.msn, part: last.parts.length > 0 ? last.parts.length - 1 : Number.MAX_SAFE_INTEGER };
}

/** Where the next part is expected, as far as a client can tell: it cannot know whether it opens a segment. */
export function nextPosition({ open, segments, mediaSequence }: MediaPlaylist): Position {
  if (open !== undefined) return { msn: open.msn, part: open.parts.length };
  return { msn: (segments.at(-1)?.msn ?? mediaSequence - 1) + 1, part: 0 };
}

/** Wall clock of the end of the last part, by its PROGRAM-DATE-TIME; undefined without one. */
export function endWallMs(playlist: MediaPlaylist): number | undefined {
  let wallMs: number | undefined;
  for (const segment of allSegments(playlist)) {
    const stated = segment.programDateTime === undefined ? Number.NaN : Date.parse(segment.programDateTime);
    if (!Number.isNaN(stated)) wallMs = stated;
    if (wallMs !== undefined) wallMs += segmentMs(segment);
  }
  return wallMs;
}

/** The hint of one TYPE. */
export function hintOf(playlist: MediaPlaylist, type: "PART" | "MAP"): ListedAttributes | undefined {
  return playlist.hints.find(({ values }) => values.get("TYPE") === type);
}

/**
 * What a player makes of a delta: the segments it has in place of the SKIP (6.3.7). Undefined where it lacks one of them.
 */
export function mergeDelta(base: MediaPlaylist, delta: MediaPlaylist): MediaPlaylist | undefined {
  const known = new Map(base.segments.map((segment) => [segment.msn, segment]));
  const skipped: ListedSegment[] = [];
  // Counted by themselves: a number beyond what numbers tell apart would be the same for ever.
  for (let at = 0; at < (delta.skip?.count ?? 0); at++) {
    const segment = known.get(delta.mediaSequence + at);
    if (segment === undefined) return undefined;
    // Part tags this far from the end have gone (6.2.2), and a player drops its own.
    skipped.push({ ...segment, parts: [] });
  }
  const before = skipped.at(-1);
  // From its first KEY on, which may be NONE, a delta says itself what is in effect.
  const firstKeyLine = Math.min(...(delta.tags.get("EXT-X-KEY") ?? []));
  const inherit = (segment: ListedSegment): ListedSegment => ({
    ...segment,
    map: segment.map ?? before?.map,
    keys: segment.lastLine < firstKeyLine ? (before?.keys ?? []) : segment.keys,
  });
  const segments = [...skipped];
  for (const segment of delta.segments) segments.push(inherit({ ...segment, ...continued(segment, segments.at(-1)) }));
  return { ...delta, segments, open: delta.open && inherit(delta.open) };
}

/** 4.4.4.2: a range without offset goes on where the one before it ends, which in a delta may be skipped. */
function continued(
  { resource, listedRange }: ListedSegment,
  before: ListedSegment | undefined,
): Partial<ListedSegment> {
  const range = before?.resource?.range;
  const isContinued = listedRange !== undefined && listedRange.offsetBytes === undefined;
  if (!isContinued || range === undefined || resource?.uri !== before?.resource?.uri) return {};
  const { lengthBytes } = listedRange;
  return {
    resource: { uri: resource?.uri ?? "", range: { offsetBytes: range.offsetBytes + range.lengthBytes, lengthBytes } },
  };
}
