import { allSegments, type ListedSegment, type MediaPlaylist, segmentMs } from "../reader/media-playlist.ts";
import { EPSILON_MS, inSeconds, type Report, type Rule } from "./rule.ts";
import { sameSamples } from "./same-samples.ts";

/** Arrivals are late by more than the network's and the encoder's jitter. */
const jitterMs = (targetMs: number): number => Math.max(250, targetMs / 2);
/** So many late ones are no accident. */
const LATE_COUNT = 3;
const LATE_SHARE = 0.1;

/**
 * One late arrival cannot be told from a slow network, nor a long silence from a producer that went away: each is a SHOULD.
 * Arrivals that are late again and again are the origin's.
 */
function judgePace(
  gapsMs: readonly number[],
  limits: { readonly what: string; readonly limitMs: number; readonly outageMs: number },
  report: Report,
): void {
  const { what, limitMs, outageMs } = limits;
  const last = gapsMs.at(-1);
  if (last === undefined || last <= limitMs) return;
  if (last > outageMs) {
    report(`no ${what} for ${inSeconds(last)}: is the producer gone?`, { level: "SHOULD" });
    return;
  }
  const late = gapsMs.filter((gapMs) => gapMs > limitMs && gapMs <= outageMs).length;
  const again = late >= LATE_COUNT && late >= gapsMs.length * LATE_SHARE;
  const message = again
    ? `${what}s are late again and again: the last came after ${inSeconds(last)}, expected within ${inSeconds(limitMs)}`
    : `a ${what} came after ${inSeconds(last)}, expected within ${inSeconds(limitMs)}`;
  report(message, { level: again ? "MUST" : "SHOULD" });
}

function eachWithDistance(playlist: MediaPlaylist, visit: (segment: ListedSegment, fromEndMs: number) => void): void {
  const segments = allSegments(playlist);
  let fromEndMs = 0;
  for (let i = segments.length - 1; i >= 0; i--) {
    const segment = segments[i];
    if (segment === undefined) continue;
    visit(segment, fromEndMs);
    fromEndMs += segmentMs(segment);
  }
}

/** How parts are cut, listed and kept. */
export const partRules: readonly Rule[] = [
  {
    number: 14,
    section: "4.4.4.9",
    level: "MUST",
    title: "No part longer than the part target, ever",
    how: "DURATION of every part, and what its samples last",
    checks: {
      answer(playlist, report) {
        const { partTargetMs } = playlist;
        if (partTargetMs === undefined) return;
        for (const { parts } of allSegments(playlist))
          for (const { durationMs, line } of parts)
            if (durationMs > partTargetMs + EPSILON_MS)
              report(`a part of ${inSeconds(durationMs)} with a part target of ${inSeconds(partTargetMs)}`, {
                lines: [line],
              });
      },
      media({ parts, partTargetMs }, report) {
        for (const { listed, media } of parts) {
          if (media === undefined) continue;
          const apartMs = Math.abs(media.durationMs - listed.durationMs);
          if (partTargetMs !== undefined && media.durationMs > partTargetMs + 5 + partTargetMs / 100)
            report(`${listed.uri}: its samples last ${inSeconds(media.durationMs)}`);
          else if (apartMs > 5 + listed.durationMs / 50)
            report(
              `${listed.uri}: DURATION says ${inSeconds(listed.durationMs)}, its samples last ${inSeconds(media.durationMs)}`,
              { level: "SHOULD" },
            );
        }
      },
    },
  },
  {
    number: 15,
    section: "4.4.4.9",
    level: "MUST",
    title:
      "A part is at least 85 % of the part target unless INDEPENDENT, GAP, just before a GAP, or the last of its parent",
    how: "DURATION of every part of a full playlist, but for the last so far",
    checks: {
      playlist(playlist, report) {
        const { partTargetMs } = playlist;
        if (partTargetMs === undefined) return;
        for (const { parts } of allSegments(playlist))
          for (const [i, { durationMs, independent, gap, line }] of parts.entries()) {
            const next = parts[i + 1];
            if (independent || gap || next === undefined || next.gap) continue;
            if (durationMs + EPSILON_MS < partTargetMs * 0.85)
              report(`a part of ${inSeconds(durationMs)} with a part target of ${inSeconds(partTargetMs)}`, {
                lines: [line],
              });
          }
      },
    },
  },
  {
    number: 16,
    section: "4.4.4.9",
    level: "SHOULD",
    title: "INDEPENDENT=YES on every part that holds an independent frame",
    how: "sync samples at the start of a part's fragments against its INDEPENDENT",
    checks: {
      media({ parts, hasVideo }, report) {
        for (const { listed, media } of parts) {
          if (media === undefined || listed.gap) continue;
          const holds = media.fragments.some((fragment) => fragment.independent);
          if (holds && !listed.independent) report(`${listed.uri} holds an independent frame and does not say so`);
          if (!holds && listed.independent && hasVideo)
            report(`${listed.uri} says INDEPENDENT, and none of its fragments starts with a sync sample`);
        }
      },
    },
  },
  {
    number: 17,
    section: "4.4.4.9",
    level: "MUST",
    title: "DISCONTINUITY, KEY, MAP and PROGRAM-DATE-TIME stand before the parent's first PART",
    how: "the order of every playlist's lines",
    checks: {
      answer({ lines }, report) {
        let inParts = false;
        for (const [i, line] of lines.entries()) {
          if (!line.startsWith("#") && line !== "") inParts = false;
          else if (line.startsWith("#EXT-X-PART:")) inParts = true;
          else if (inParts && /^#EXT-X-(DISCONTINUITY$|KEY:|MAP:|PROGRAM-DATE-TIME:)/.test(line))
            report("stands after a part of its parent", { lines: [i + 1] });
        }
      },
    },
  },
  {
    number: 18,
    section: "3.2",
    level: "MUST",
    title: "The parts of a parent hold exactly the samples of the parent",
    how: "the bytes of all parts of each closed segment against the segment's; their durations against EXTINF",
    checks: {
      playlist({ segments }, report) {
        for (const { parts, durationMs = 0, lastLine } of segments) {
          if (parts.length === 0) continue;
          const sumMs = parts.reduce((sum, part) => sum + part.durationMs, 0);
          // Each part may be rounded to a millisecond.
          if (Math.abs(sumMs - durationMs) > parts.length + 1)
            report(`the parts last ${inSeconds(sumMs)}, EXTINF says ${inSeconds(durationMs)}`, {
              lines: [...parts.map(({ line }) => line), lastLine],
            });
        }
      },
      media({ segment, parts, bytes, unreadable }, report) {
        const uri = segment.resource?.uri;
        if (unreadable !== undefined) report(`${uri} cannot be read: ${unreadable}`);
        if (bytes === undefined || parts.length === 0) return;
        const differs = sameSamples(
          parts.filter(({ listed }) => !listed.gap).map((part) => part.bytes),
          bytes,
        );
        if (differs !== undefined) report(`${uri} is not its ${parts.length} parts: ${differs}`);
      },
    },
  },
  {
    number: 19,
    section: "4.4.4.9",
    level: "MUST",
    title: "A BYTERANGE without offset goes on inside the same parent only",
    how: "every BYTERANGE against the part before it in its parent",
    checks: {
      playlist(playlist, report) {
        for (const { parts } of allSegments(playlist))
          for (const [i, { listedRange, uri, line }] of parts.entries()) {
            if (listedRange === undefined || listedRange.offsetBytes !== undefined) continue;
            const before = parts[i - 1];
            if (before?.uri !== uri || before.range === undefined)
              report("a BYTERANGE without offset, and no part of the same resource before it in its parent", {
                lines: [line],
              });
          }
      },
    },
  },
  {
    number: 20,
    section: "6.2.2",
    level: "SHOULD",
    title: "PART tags go once they are more than three target durations from the end of the playlist",
    how: "every full playlist",
    checks: {
      playlist(playlist, report) {
        const limitMs = 3 * (playlist.targetDurationMs ?? Number.POSITIVE_INFINITY);
        eachWithDistance(playlist, ({ parts }, fromEndMs) => {
          if (parts[0] !== undefined && fromEndMs > limitMs + EPSILON_MS)
            report(`parts that end ${inSeconds(fromEndMs)} before the end`, { lines: [parts[0].line] });
        });
      },
    },
  },
  {
    number: 21,
    section: "6.2.2",
    level: "MUST",
    title: "A part stays fetchable at least three target durations after its tag went",
    how: "one part of each segment is fetched again near that time",
    checks: {
      removed({ what, goneForMs, exchange }, report) {
        if (what === "part" && (exchange.status < 200 || exchange.status >= 300))
          report(`a part whose tag went at most ${inSeconds(goneForMs)} ago answers ${exchange.status}`, {
            url: exchange.url,
          });
      },
    },
  },
  {
    number: 22,
    section: "6.2.2",
    level: "MUST",
    title: "Segments and parts leave in order, oldest first",
    how: "every full playlist's parts; each against the one before",
    checks: {
      change(before, after, report) {
        const had = new Map(before.segments.map((segment) => [segment.msn, segment]));
        for (const [i, segment] of after.segments.entries()) {
          const lost = (had.get(segment.msn)?.parts.length ?? 0) > segment.parts.length;
          const older = after.segments.slice(0, i).findLast((candidate) => candidate.parts.length > 0);
          if (lost && older !== undefined)
            report(`parts of ${segment.msn} have gone, those of ${older.msn} are still there`, {
              lines: [older.firstLine, segment.lastLine],
            });
        }
      },
    },
  },
  {
    number: 23,
    section: "6.2.1",
    level: "MUST",
    title: "The next part appears within one part target of the last",
    how: "times between answers to blocking requests; MUST when they are late again and again",
    checks: {
      pace({ partGapsMs, partTargetMs, targetDurationMs }, report) {
        if (partTargetMs === undefined) return;
        const limitMs = partTargetMs + jitterMs(partTargetMs);
        const outageMs = Math.max(targetDurationMs, 2 * limitMs);
        judgePace(partGapsMs, { what: "part", limitMs, outageMs }, report);
      },
    },
  },
  {
    number: 24,
    section: "6.2.1",
    level: "MUST",
    title: "The next segment appears within 1.5 target durations of the last",
    how: "times between playlists that list a new segment; MUST when they are late again and again",
    checks: {
      pace({ segmentGapsMs, targetDurationMs, longestSegmentMs }, report) {
        const usualMs = Math.max(targetDurationMs, longestSegmentMs);
        const limitMs = 1.5 * usualMs + jitterMs(0);
        judgePace(segmentGapsMs, { what: "segment", limitMs, outageMs: 3 * usualMs }, report);
      },
    },
  },
  {
    number: 25,
    section: "6.2.1",
    level: "MUST",
    title: "Media that is missing is marked EXT-X-GAP or GAP=YES, and then answers 404 or 410",
    how: "every gap is fetched; a segment that is a gap has no part that is none",
    checks: {
      playlist(playlist, report) {
        for (const { gap, parts } of playlist.segments)
          for (const part of parts)
            if (gap && !part.gap) report("a segment that is a gap with a part that is none", { lines: [part.line] });
      },
      listed({ gap, what, line, exchange }, report) {
        if (gap && exchange.status !== 404 && exchange.status !== 410)
          report(`a ${what} that is a gap answers ${exchange.status}`, {
            url: exchange.url,
            ...(line === undefined ? {} : { lines: [line] }),
          });
      },
    },
  },
  {
    number: 26,
    section: "B.1",
    level: "MUST",
    title: "Every segment of video starts with, or at least holds, an independent frame",
    how: "the sync samples of every segment of video",
    checks: {
      media({ hasVideo, segment, media, parts }, report) {
        if (!hasVideo || segment.gap || parts.some(({ listed }) => listed.gap)) return;
        const known = media === undefined ? parts.map((part) => part.media) : [media];
        if (known.length === 0 || known.includes(undefined)) return;
        if (!known.some((one) => one?.fragments.some((fragment) => fragment.independent)))
          report(`${segment.resource?.uri}: none of its fragments starts with a sync sample`);
      },
    },
  },
];
