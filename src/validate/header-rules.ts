import { millisecondsOf } from "../reader/attributes.ts";
import { allSegments, type MediaPlaylist } from "../reader/media-playlist.ts";
import { EPSILON_MS, inSeconds, type Rule } from "./rule.ts";

const ONCE = [
  "EXTM3U",
  "EXT-X-VERSION",
  "EXT-X-TARGETDURATION",
  "EXT-X-MEDIA-SEQUENCE",
  "EXT-X-DISCONTINUITY-SEQUENCE",
  "EXT-X-ENDLIST",
  "EXT-X-PLAYLIST-TYPE",
  "EXT-X-I-FRAMES-ONLY",
  "EXT-X-PART-INF",
  "EXT-X-SERVER-CONTROL",
  "EXT-X-INDEPENDENT-SEGMENTS",
  "EXT-X-START",
];
const MULTIVARIANT = [
  "EXT-X-MEDIA",
  "EXT-X-STREAM-INF",
  "EXT-X-I-FRAME-STREAM-INF",
  "EXT-X-SESSION-DATA",
  "EXT-X-SESSION-KEY",
  "EXT-X-CONTENT-STEERING",
];
/** Formats without an init segment. */
const NOT_MP4 = /\.(ts|aac|mp3|ac3|ec3|vtt|webvtt)$/i;
const FIXED_CONTROLS = ["PART-HOLD-BACK", "HOLD-BACK", "CAN-SKIP-UNTIL"];

const hasParts = (playlist: MediaPlaylist): boolean => playlist.tags.has("EXT-X-PART");

function neededVersion({ tags, skip }: MediaPlaylist): number {
  if (skip !== undefined) return skip.values.has("RECENTLY-REMOVED-DATERANGES") ? 10 : 9;
  return tags.has("EXT-X-MAP") ? 6 : 3;
}

/** What the playlist says of itself, before its first segment. */
export const headerRules: readonly Rule[] = [
  {
    number: 1,
    section: "4.1, 4.2",
    level: "MUST",
    title: "#EXTM3U first, UTF-8, no BOM; no attribute twice in one tag",
    how: "every playlist's text",
    checks: {
      answer(playlist, report) {
        const { text, lines, problems } = playlist;
        if (text.startsWith("\uFEFF")) report("a byte order mark stands first", { lines: [1] });
        else if (lines[0] !== "#EXTM3U") report("expected #EXTM3U first", { lines: [1] });
        if (text.includes("\uFFFD")) report("not UTF-8");
        // 4.4.5.2: tabs stand between the ids of RECENTLY-REMOVED-DATERANGES.
        const control = lines.findIndex((line) =>
          /\p{Cc}/u.test(line.startsWith("#EXT-X-SKIP:") ? line.replaceAll("\t", "") : line),
        );
        if (control >= 0) report("a control character", { lines: [control + 1] });
        for (const { line, message } of problems) report(message, { lines: [line] });
      },
    },
  },
  {
    number: 2,
    section: "4.4.3, 4.4.6",
    level: "MUST",
    title: "At most one of each Media Playlist tag; no multivariant tag in a Media Playlist",
    how: "every playlist's tags",
    checks: {
      answer({ tags }, report) {
        for (const tag of ONCE) {
          const lines = tags.get(tag) ?? [];
          if (lines.length > 1) report(`${tag} stands ${lines.length} times`, { lines });
        }
        for (const tag of MULTIVARIANT) {
          const lines = tags.get(tag);
          if (lines !== undefined) report(`${tag} stands in a Media Playlist`, { lines });
        }
      },
    },
  },
  {
    number: 3,
    section: "8, 6.2.1",
    level: "MUST",
    title: "VERSION at least 6 for MAP, 9 for SKIP, 10 when SKIP drops DATERANGEs; not more than is needed (SHOULD)",
    how: "every playlist's version against its tags",
    checks: {
      answer(playlist, report) {
        const needed = neededVersion(playlist);
        const lines = playlist.tags.get("EXT-X-VERSION") ?? [];
        if (playlist.version < needed)
          report(`expected version ${needed} at least, got ${playlist.version}`, { lines });
        // Features this reader does not know may need up to 12.
        if (playlist.version > Math.max(needed, 6) && playlist.skip === undefined)
          report(`version ${needed} would do, got ${playlist.version}`, { lines, level: "SHOULD" });
      },
    },
  },
  {
    number: 4,
    section: "4.4.3.1",
    level: "MUST",
    title: "TARGETDURATION at least 1, and every EXTINF, rounded to the nearest integer, at most that",
    how: "every full playlist; the samples of each segment against its EXTINF (SHOULD)",
    checks: {
      playlist({ targetDurationMs, segments, tags }, report) {
        const lines = tags.get("EXT-X-TARGETDURATION") ?? [];
        if (targetDurationMs === undefined || targetDurationMs < 1000 || targetDurationMs % 1000 !== 0) {
          report("expected a TARGETDURATION of whole seconds, at least 1", { lines });
          return;
        }
        for (const { durationMs = 0, lastLine } of segments) {
          if (Math.floor((durationMs + 500) / 1000) * 1000 > targetDurationMs)
            report(`a segment of ${inSeconds(durationMs)} with a target duration of ${inSeconds(targetDurationMs)}`, {
              lines: [...lines, lastLine],
            });
        }
      },
      media({ segment, media, parts, partTargetMs }, report) {
        // Where parts have gone from the list, so have those that say what is missing.
        if (parts.length === 0 && partTargetMs !== undefined) return;
        const durationMs = media?.durationMs ?? sumOf(parts.map((part) => part.media?.durationMs));
        if (durationMs === undefined || segment.durationMs === undefined) return;
        if (segment.gap || parts.some(({ listed }) => listed.gap)) return;
        if (Math.abs(durationMs - segment.durationMs) > 5 + segment.durationMs / 100)
          report(`EXTINF says ${inSeconds(segment.durationMs)}, its samples last ${inSeconds(durationMs)}`, {
            level: "SHOULD",
          });
      },
    },
  },
  {
    number: 5,
    section: "6.2.1",
    level: "MUST",
    title: "TARGETDURATION never changes in the life of a playlist",
    how: "each full playlist against the one before",
    checks: {
      change(before, after, report) {
        if (before.targetDurationMs !== after.targetDurationMs)
          report(`TARGETDURATION was ${before.targetDurationMs ?? 0} ms, now ${after.targetDurationMs ?? 0} ms`, {
            lines: after.tags.get("EXT-X-TARGETDURATION") ?? [],
          });
      },
    },
  },
  {
    number: 6,
    section: "3.1.2",
    level: "MUST",
    title: "Every fMP4 segment has a MAP in effect",
    how: "every full playlist, unless the names of its segments are those of another format",
    checks: {
      playlist(playlist, report) {
        for (const { map, resource, parts, firstLine } of allSegments(playlist)) {
          const uri = resource?.uri ?? parts[0]?.uri;
          if (map === undefined && uri !== undefined && !NOT_MP4.test(uri.split("?")[0] ?? ""))
            report("a segment without a MAP", { lines: [firstLine] });
        }
      },
    },
  },
  {
    number: 7,
    section: "4.4.3.2, 4.4.3.3",
    level: "MUST",
    title: "MEDIA-SEQUENCE and DISCONTINUITY-SEQUENCE stand before the first segment",
    how: "the order of every playlist's lines",
    checks: {
      answer(playlist, report) {
        const first = allSegments(playlist)[0]?.firstLine ?? Number.POSITIVE_INFINITY;
        const discontinuity = playlist.tags.get("EXT-X-DISCONTINUITY")?.[0] ?? first;
        for (const tag of ["EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE"]) {
          for (const line of playlist.tags.get(tag) ?? [])
            if (line > Math.min(first, discontinuity))
              report(`${tag} stands after the first segment`, { lines: [line] });
        }
      },
    },
  },
  {
    number: 8,
    section: "4.4.3.7",
    level: "MUST",
    title: "PART-INF whenever there is a PART",
    how: "every playlist's tags",
    checks: {
      answer(playlist, report) {
        if (hasParts(playlist) && playlist.partTargetMs === undefined)
          report("parts without a PART-INF that has a PART-TARGET", {
            lines: (playlist.tags.get("EXT-X-PART") ?? []).slice(0, 1),
          });
      },
    },
  },
  {
    number: 9,
    section: "field",
    level: "field",
    title: "PART-TARGET, PART-HOLD-BACK, HOLD-BACK and CAN-SKIP-UNTIL are fixed from the first playlist on",
    how: "each full playlist against the one before (Apple's players stop with -12642 when PART-HOLD-BACK changes)",
    checks: {
      change(before, after, report) {
        const lines = after.tags.get("EXT-X-SERVER-CONTROL") ?? [];
        for (const name of FIXED_CONTROLS) {
          const [was, is] = [before.control.get(name), after.control.get(name)];
          if (was !== is) report(`${name} was ${was}, now ${is}`, { lines });
        }
        if (before.partTargetMs !== after.partTargetMs)
          report(`PART-TARGET was ${before.partTargetMs} ms, now ${after.partTargetMs} ms`, {
            lines: after.tags.get("EXT-X-PART-INF") ?? [],
          });
      },
    },
  },
  {
    number: 10,
    section: "4.4.3.8",
    level: "MUST",
    title: "HOLD-BACK at least three target durations",
    how: "every full playlist's header",
    checks: {
      playlist({ control, targetDurationMs = 0, tags }, report) {
        const holdBackMs = millisecondsOf(control.get("HOLD-BACK"));
        if (holdBackMs !== undefined && holdBackMs + EPSILON_MS < 3 * targetDurationMs)
          report(`HOLD-BACK ${inSeconds(holdBackMs)} with a target duration of ${inSeconds(targetDurationMs)}`, {
            lines: tags.get("EXT-X-SERVER-CONTROL") ?? [],
          });
      },
    },
  },
  {
    number: 11,
    section: "4.4.3.8",
    level: "MUST",
    title: "PART-HOLD-BACK present with parts; at least two part targets, and three (SHOULD)",
    how: "every full playlist's header",
    checks: {
      playlist(playlist, report) {
        const { control, partTargetMs, tags } = playlist;
        if (partTargetMs === undefined || !hasParts(playlist)) return;
        const lines = tags.get("EXT-X-SERVER-CONTROL") ?? [];
        const holdBackMs = millisecondsOf(control.get("PART-HOLD-BACK"));
        if (holdBackMs === undefined) report("parts without a PART-HOLD-BACK", { lines });
        else if (holdBackMs + EPSILON_MS < 3 * partTargetMs)
          report(`PART-HOLD-BACK ${inSeconds(holdBackMs)} with a part target of ${inSeconds(partTargetMs)}`, {
            lines,
            level: holdBackMs + EPSILON_MS < 2 * partTargetMs ? "MUST" : "SHOULD",
          });
      },
    },
  },
  {
    number: 12,
    section: "4.4.3.8",
    level: "MUST",
    title: "CAN-SKIP-UNTIL at least six target durations; CAN-SKIP-DATERANGES only with it",
    how: "every playlist's header",
    checks: {
      answer({ control, targetDurationMs = 0, tags, skip }, report) {
        const lines = tags.get("EXT-X-SERVER-CONTROL") ?? [];
        const skipUntilMs = millisecondsOf(control.get("CAN-SKIP-UNTIL"));
        if (skipUntilMs === undefined) {
          if (control.has("CAN-SKIP-DATERANGES")) report("CAN-SKIP-DATERANGES without CAN-SKIP-UNTIL", { lines });
          if (skip !== undefined) report("a SKIP without CAN-SKIP-UNTIL", { lines: [...lines, skip.line] });
        } else if (skipUntilMs + EPSILON_MS < 6 * targetDurationMs)
          report(`CAN-SKIP-UNTIL ${inSeconds(skipUntilMs)} with a target duration of ${inSeconds(targetDurationMs)}`, {
            lines,
          });
      },
    },
  },
  {
    number: 13,
    section: "6.2.4",
    level: "MUST",
    title:
      "SERVER-CONTROL and TARGETDURATION the same in every rendition; PLAYLIST-TYPE and PROGRAM-DATE-TIME in all or none",
    how: "the newest playlists of all renditions against each other",
    checks: {
      presentation({ renditions }, report) {
        const [first, ...others] = renditions;
        if (first === undefined) return;
        const facts = ({ control, targetDurationMs, playlistType, tags }: MediaPlaylist) => ({
          "SERVER-CONTROL": [...control]
            .map(([name, value]) => `${name}=${value}`)
            .sort()
            .join(","),
          TARGETDURATION: `${targetDurationMs} ms`,
          "PLAYLIST-TYPE": playlistType ?? "none",
          "PROGRAM-DATE-TIME": tags.has("EXT-X-PROGRAM-DATE-TIME") ? "present" : "none",
        });
        const expected = facts(first.playlist);
        for (const other of others) {
          const got = facts(other.playlist);
          // One may have been asked for before the end, where an EVENT becomes VOD, and one after.
          const isTypeKnown =
            first.playlist.ended === other.playlist.ended ||
            [got, expected].some((of) => of["PLAYLIST-TYPE"] === "none");
          for (const name of Object.keys(expected) as (keyof typeof expected)[])
            if (got[name] !== expected[name] && (name !== "PLAYLIST-TYPE" || isTypeKnown))
              report(`${name} of "${first.id}" is ${expected[name]}, of "${other.id}" ${got[name]}`, {
                url: other.url,
              });
        }
      },
    },
  },
];

function sumOf(durations: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const duration of durations) {
    if (duration === undefined) return undefined;
    sum += duration;
  }
  return durations.length > 0 ? sum : undefined;
}
