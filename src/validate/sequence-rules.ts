import {
  allSegments,
  type ListedPart,
  type ListedResource,
  type ListedSegment,
  type MediaPlaylist,
  segmentMs,
} from "../reader/media-playlist.ts";
import { EPSILON_MS, inSeconds, type Report, type Rule } from "./rule.ts";

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,}(Z|[+-]\d\d:?\d\d)$/;
/** Apart by more than this, timestamps are not one sequence: above any rounding, and below a sample that is missing. */
const TIMELINE_SLACK_MS = 15;

const keyOf = ({ resource }: ListedSegment): string =>
  resource === undefined ? "" : `${resource.uri}@${resource.range?.offsetBytes ?? ""}`;

/** By how much the numbers of the same resources moved; undefined where they moved differently, or nothing is shared. */
function renumbered(before: MediaPlaylist, after: MediaPlaylist): number | undefined {
  const was = new Map(before.segments.map((segment) => [keyOf(segment), segment.msn]));
  const moves = new Set<number>();
  for (const segment of after.segments) {
    const msn = was.get(keyOf(segment));
    if (msn !== undefined) moves.add(segment.msn - msn);
  }
  const [move] = moves;
  return moves.size === 1 ? move : undefined;
}

const sameResource = (a: ListedResource | undefined, b: ListedResource | undefined): boolean =>
  a?.uri === b?.uri &&
  a?.range?.offsetBytes === b?.range?.offsetBytes &&
  a?.range?.lengthBytes === b?.range?.lengthBytes;

const sameSegment = (a: ListedSegment, b: ListedSegment): boolean =>
  a.discontinuity === b.discontinuity &&
  a.gap === b.gap &&
  a.programDateTime === b.programDateTime &&
  a.durationMs === b.durationMs &&
  a.keys.length === b.keys.length &&
  a.keys.every((key, i) => key === b.keys[i]) &&
  sameResource(a.map, b.map);

const samePart = (a: ListedPart, b: ListedPart | undefined): boolean =>
  b !== undefined &&
  a.durationMs === b.durationMs &&
  a.independent === b.independent &&
  a.gap === b.gap &&
  sameResource(a, b);

/**
 * What a later full playlist may not differ in from an earlier one (6.2.1): closed segments, and the parts that an open one had.
 * Their numbers and URIs are for rules 27 and 28.
 */
export function compareContents(before: MediaPlaylist, after: MediaPlaylist, report: Report): void {
  if (renumbered(before, after)) return; // rule 27 says so
  const now = new Map(allSegments(after).map((segment) => [segment.msn, segment]));
  for (const was of allSegments(before)) {
    const is = now.get(was.msn);
    if (is === undefined) {
      if (was.msn >= after.mediaSequence) report(`segment ${was.msn} is not there any more`);
      continue;
    }
    const lines = [is.firstLine, is.lastLine];
    if (was.resource !== undefined) {
      if (is.resource === undefined) report(`segment ${was.msn} was closed, and is open again`, { lines });
      else if (!sameSegment(was, is)) report(`segment ${was.msn} has changed`, { lines });
    }
    const [had, has] = [was.parts, is.parts];
    // A closed segment's parts may go, all of them; none is added, and none changes.
    if (has.length === 0) continue;
    const sameCount = was.resource === undefined ? has.length >= had.length : has.length === had.length;
    if (!sameCount || !had.every((part, i) => samePart(part, has[i])))
      report(`the parts of segment ${was.msn} have changed`, { lines });
  }
}

/** Discontinuities that left the list between two playlists; undefined where a segment came and went unseen. */
function removedDiscontinuities(before: MediaPlaylist, after: MediaPlaylist): number | undefined {
  const had = new Map(allSegments(before).map((segment) => [segment.msn, segment]));
  let count = 0;
  for (let msn = before.mediaSequence; msn < after.mediaSequence; msn++) {
    const segment = had.get(msn);
    if (segment === undefined) return undefined;
    if (segment.discontinuity) count += 1;
  }
  return count;
}

/** How a playlist goes on from one answer to the next. */
export const sequenceRules: readonly Rule[] = [
  {
    number: 27,
    section: "6.2.2",
    level: "MUST",
    title: "MEDIA-SEQUENCE grows by exactly one per removed segment and never falls",
    how: "each full playlist against the one before, by the URIs of the segments in both",
    checks: {
      change(before, after, report) {
        const lines = after.tags.get("EXT-X-MEDIA-SEQUENCE") ?? [];
        const moved = renumbered(before, after);
        if (moved)
          report(`the same segments are numbered ${moved > 0 ? `${moved} higher` : `${-moved} lower`} than before`, {
            lines,
          });
        else if (after.mediaSequence < before.mediaSequence)
          report(`MEDIA-SEQUENCE fell from ${before.mediaSequence} to ${after.mediaSequence}`, { lines });
      },
    },
  },
  {
    number: 28,
    section: "6.3.4",
    level: "MUST",
    title: "A media sequence number keeps its URI and range for ever",
    how: "each full playlist against the one before",
    checks: {
      change(before, after, report) {
        if (renumbered(before, after)) return; // rule 27 says so
        const was = new Map(before.segments.map((segment) => [segment.msn, keyOf(segment)]));
        for (const segment of after.segments) {
          const key = was.get(segment.msn);
          if (key !== undefined && key !== keyOf(segment))
            report(`segment ${segment.msn} was ${key}, now ${keyOf(segment)}`, { lines: [segment.lastLine] });
        }
      },
    },
  },
  {
    number: 29,
    section: "6.2.2",
    level: "MUST",
    title: "DISCONTINUITY-SEQUENCE grows by the DISCONTINUITY tags removed",
    how: "each full playlist against the one before",
    checks: {
      change(before, after, report) {
        if (renumbered(before, after)) return; // rule 27 says so
        const removed = removedDiscontinuities(before, after);
        if (removed === undefined) return;
        const expected = before.discontinuitySequence + removed;
        if (after.discontinuitySequence !== expected)
          report(`DISCONTINUITY-SEQUENCE: expected ${expected}, got ${after.discontinuitySequence}`, {
            lines: after.tags.get("EXT-X-DISCONTINUITY-SEQUENCE") ?? [],
          });
      },
    },
  },
  {
    number: 30,
    section: "6.2.2",
    level: "MUST",
    title: "A live window holds at least three target durations after a removal",
    how: "every full playlist from which a segment has gone",
    checks: {
      change(before, after, report) {
        if (after.ended || after.mediaSequence <= before.mediaSequence) return;
        const windowMs = allSegments(after).reduce((sum, segment) => sum + segmentMs(segment), 0);
        const neededMs = 3 * (after.targetDurationMs ?? 0);
        if (windowMs + EPSILON_MS < neededMs)
          report(`the window holds ${inSeconds(windowMs)} after a removal, expected at least ${inSeconds(neededMs)}`, {
            lines: after.tags.get("EXT-X-MEDIA-SEQUENCE") ?? [],
          });
      },
    },
  },
  {
    number: 31,
    section: "6.2.2",
    level: "MUST",
    title: "A removed segment stays fetchable for its own duration plus that of the longest playlist it was in",
    how: "removed segments are fetched again at once, and near that time: MUST until so long after they came, SHOULD (RFC 8216) until so long after they went",
    checks: {
      removed({ what, goneForMs, stayMs, must, exchange }, report) {
        if (what === "segment" && (exchange.status < 200 || exchange.status >= 300))
          report(
            `a segment that left at most ${inSeconds(goneForMs)} ago answers ${exchange.status || "nothing"}, and is to stay for ${inSeconds(stayMs)}`,
            { url: exchange.url, level: must ? "MUST" : "SHOULD" },
          );
      },
    },
  },
  {
    number: 32,
    section: "6.2.1",
    level: "MUST",
    title: "A playlist changes only by appending, removing from the front, and ending; atomically",
    how: "each full playlist against the one before: every segment and part that is in both",
    checks: {
      change(before, after, report) {
        if (before.ended && !after.ended) report("an ended playlist goes on");
        compareContents(before, after, report);
      },
    },
  },
  {
    number: 33,
    section: "4.4.4.3",
    level: "MUST",
    title: "DISCONTINUITY when format, track set or timestamp sequence changes",
    how: "the decode time of each segment against the end of the samples before; the tracks of each init segment",
    checks: {
      media({ segment, parts, media, expectedStartMs, tracksChanged }, report) {
        const uri = segment.resource?.uri;
        if (tracksChanged) report(`${uri} has other tracks than the segment before, and no DISCONTINUITY`);
        const startMs = media?.startMs ?? parts[0]?.media?.startMs;
        if (startMs === undefined || expectedStartMs === undefined) return;
        if (Math.abs(startMs - expectedStartMs) > TIMELINE_SLACK_MS)
          report(
            `${uri} starts at ${inSeconds(startMs)}, the one before ended at ${inSeconds(expectedStartMs)}, and no DISCONTINUITY is between`,
          );
      },
    },
  },
  {
    number: 34,
    section: "4.4.4.6, B.1",
    level: "MUST",
    title: "PROGRAM-DATE-TIME in every playlist, with milliseconds and zone, and at each discontinuity",
    how: "every full playlist",
    checks: {
      playlist(playlist, report) {
        const segments = allSegments(playlist);
        if (segments.length > 0 && segments.every((segment) => segment.programDateTime === undefined)) {
          report("no PROGRAM-DATE-TIME");
          return;
        }
        for (const { discontinuity, programDateTime, firstLine } of segments) {
          if (discontinuity && programDateTime === undefined)
            report("a DISCONTINUITY without a PROGRAM-DATE-TIME", { lines: [firstLine] });
          if (programDateTime !== undefined && !DATE.test(programDateTime))
            report(`PROGRAM-DATE-TIME ${programDateTime} without milliseconds or zone`, { lines: [firstLine] });
        }
      },
    },
  },
  {
    number: 35,
    section: "4.4.5.1",
    level: "MUST",
    title: "DATERANGE needs a PROGRAM-DATE-TIME; its ID is not reused with other attributes",
    how: "the DATERANGEs of every full playlist, against each other and against those before",
    checks: {
      playlist({ dateRanges, tags }, report) {
        const byId = new Map<string, (typeof dateRanges)[number]>();
        for (const range of dateRanges) {
          if (!tags.has("EXT-X-PROGRAM-DATE-TIME"))
            report("a DATERANGE without a PROGRAM-DATE-TIME", { lines: [range.line] });
          const id = range.values.get("ID") ?? "";
          for (const name of ["ID", "START-DATE"])
            if (!range.values.has(name)) report(`a DATERANGE without ${name}`, { lines: [range.line] });
          const other = byId.get(id);
          const conflict = other && conflicting(other.values, range.values);
          if (other !== undefined && conflict !== undefined)
            report(`two DATERANGEs of ID "${id}" differ in ${conflict}`, { lines: [other.line, range.line] });
          byId.set(id, range);
        }
      },
      change(before, after, report) {
        const byId = new Map(before.dateRanges.map((range) => [range.values.get("ID"), range]));
        for (const range of after.dateRanges) {
          const was = byId.get(range.values.get("ID"));
          const conflict = was && conflicting(was.values, range.values);
          if (conflict !== undefined)
            report(`DATERANGE "${range.values.get("ID")}" has another ${conflict} than before`, {
              lines: [range.line],
            });
        }
      },
    },
  },
  {
    number: 36,
    section: "6.2.1, 6.2.2",
    level: "MUST",
    title: "A sliding window has no PLAYLIST-TYPE; EVENT removes nothing but part tags; VOD never changes",
    how: "each full playlist against the one before",
    checks: {
      change(before, after, report) {
        const type = before.playlistType ?? after.playlistType;
        const lines = after.tags.get("EXT-X-PLAYLIST-TYPE") ?? [];
        if (type !== undefined && after.mediaSequence > before.mediaSequence)
          report(`segments have gone from a playlist of type ${type}`, { lines });
        if (before.playlistType === "VOD" && before.text !== after.text)
          report("a VOD playlist has changed", { lines });
        // An end changes what the playlist is, and an EVENT that has ended is VOD.
        if (before.playlistType !== after.playlistType && !after.ended)
          report(`PLAYLIST-TYPE was ${before.playlistType ?? "none"}, and is ${after.playlistType ?? "none"}`, {
            lines,
          });
      },
    },
  },
  {
    number: 37,
    section: "6.2.1, 4.4.5.3",
    level: "MUST",
    title: "The final segment comes with ENDLIST; with ENDLIST there is no PRELOAD-HINT",
    how: "every playlist with ENDLIST",
    checks: {
      answer({ ended, hints, open, tags }, report) {
        if (!ended) return;
        const end = tags.get("EXT-X-ENDLIST") ?? [];
        if (hints[0] !== undefined) report("a PRELOAD-HINT with ENDLIST", { lines: [hints[0].line, ...end] });
        if (open !== undefined && open.parts.length > 0)
          report("an open segment with ENDLIST", { lines: [open.firstLine, ...end] });
      },
    },
  },
];

/** An attribute that two DATERANGEs of one ID have with different values (4.4.5.1: later ones may add attributes). */
function conflicting(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string | undefined {
  for (const [name, value] of a) if (b.has(name) && b.get(name) !== value) return name;
  return undefined;
}
