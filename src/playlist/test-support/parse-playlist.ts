import * as reader from "../../reader/media-playlist.ts";
import { parseMediaPlaylist } from "../../reader/playlist-reader.ts";

/** For tests only: a Media Playlist as the validator reads it, in the units that the manifest writes. */

/** Tens of microseconds: what five decimals of a second count, so that sums are exact. */
type ParsedTicks = number;

/** A playlist's text, or its bytes in one piece or in several. */
export type PlaylistText = string | Uint8Array | readonly Uint8Array[];

interface ParsedPart {
  /** With its range, which is part of what names it. */
  readonly uri: string;
  readonly ticks: ParsedTicks;
  readonly independent: boolean;
  readonly gap: boolean;
}

export interface ParsedSegment {
  readonly msn: number;
  /** URI of the MAP in effect. */
  readonly map: string | undefined;
  /** EXT-X-KEY lines in effect, without their tag; none where it is clear. */
  readonly keys: readonly string[];
  readonly discontinuity: boolean;
  readonly programDateTime: string | undefined;
  readonly parts: readonly ParsedPart[];
  readonly gap: boolean;
  /** Absent while it is open. */
  readonly ticks?: ParsedTicks;
  readonly uri?: string;
}

export interface ParsedPlaylist {
  readonly media: reader.MediaPlaylist;
  readonly lines: readonly string[];
  /** Lines that concern the playlist as a whole, by their tag without `#`. */
  readonly header: ReadonlyMap<string, string>;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly targetDurationS: number;
  readonly partTarget: ParsedTicks;
  readonly control: ReadonlyMap<string, string>;
  readonly skipped: number;
  /** Closed segments; in a delta those that were not skipped. */
  readonly segments: readonly ParsedSegment[];
  readonly open: ParsedSegment | undefined;
  readonly hints: readonly ReadonlyMap<string, string>[];
  readonly reports: readonly ReadonlyMap<string, string>[];
  /** Attributes of every EXT-X-DATERANGE, in order. */
  readonly dateRanges: readonly ReadonlyMap<string, string>[];
  /** Ids that a delta names as removed; absent where it does not skip date ranges. */
  readonly removedDateRanges?: readonly string[];
  readonly ended: boolean;
}

const URL = "http://origin.example/live/studio/main/media.m3u8";
const HEADER =
  /^#(EXTM3U|EXT-X-(?:VERSION|TARGETDURATION|SERVER-CONTROL|PART-INF|MEDIA-SEQUENCE|DISCONTINUITY-SEQUENCE|PLAYLIST-TYPE|ENDLIST))(?::(.*))?$/;

export const ticksOf = (durationMs: number): ParsedTicks => Math.round(durationMs * 100);

/** The text of a playlist, which may be in chunks that belong together. */
export function textOf(playlist: PlaylistText): string {
  if (typeof playlist === "string") return playlist;
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  if (playlist instanceof Uint8Array) return decoder.decode(playlist);
  return playlist.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
}

/** As the validator reads it. */
export function readPlaylist(playlist: PlaylistText): reader.MediaPlaylist {
  return parseMediaPlaylist(textOf(playlist), URL);
}

/** Throws on a line that cannot be read: these playlists are all ours. */
export function parsePlaylist(playlist: PlaylistText): ParsedPlaylist {
  const media = readPlaylist(playlist);
  const [problem] = media.problems;
  if (problem !== undefined) throw new Error(`line ${problem.line}: ${problem.message}`);
  const removed = media.skip?.values.get("RECENTLY-REMOVED-DATERANGES");
  return {
    media,
    lines: media.lines,
    header: new Map(
      media.lines.flatMap((line) => {
        const [, tag, value = ""] = HEADER.exec(line) ?? [];
        return tag === undefined ? [] : [[tag, value] as const];
      }),
    ),
    mediaSequence: media.mediaSequence,
    discontinuitySequence: media.discontinuitySequence,
    targetDurationS: (media.targetDurationMs ?? 0) / 1000,
    partTarget: ticksOf(media.partTargetMs ?? 0),
    control: media.control,
    skipped: media.skip?.count ?? 0,
    segments: media.segments.map(segmentOf),
    open: media.open && segmentOf(media.open),
    hints: media.hints.map(({ values }) => values),
    reports: media.reports.map(({ values }) => values),
    dateRanges: media.dateRanges.map(({ values }) => values),
    ...(removed !== undefined && { removedDateRanges: removed.split("\t").filter((id) => id !== "") }),
    ended: media.ended,
  };
}

function segmentOf(segment: reader.ListedSegment): ParsedSegment {
  const { msn, map, keys, discontinuity, programDateTime, parts, gap, durationMs, resource } = segment;
  return {
    msn,
    map: map?.uri,
    keys,
    discontinuity,
    programDateTime,
    gap,
    parts: parts.map(({ uri, range, durationMs: partMs, independent, gap: isGap }) => ({
      uri: range === undefined ? uri : `${uri}#${range.lengthBytes}@${range.offsetBytes}`,
      ticks: ticksOf(partMs),
      independent,
      gap: isGap,
    })),
    ...(durationMs !== undefined && { ticks: ticksOf(durationMs) }),
    ...(resource !== undefined && { uri: resource.uri }),
  };
}

/** What a player makes of a delta (6.3.7). Throws where its previous playlist lacks a segment that was skipped. */
export function mergeDelta(previous: ParsedPlaylist, delta: ParsedPlaylist): readonly ParsedSegment[] {
  const merged = reader.mergeDelta(previous.media, delta.media);
  if (merged === undefined) throw new Error("the delta skips what the previous playlist does not hold");
  return reader.allSegments(merged).map(segmentOf);
}
