import { millisecondsOf } from "../reader/attributes.ts";
import { allSegments, type MediaPlaylist, segmentMs } from "../reader/media-playlist.ts";
import { EPSILON_MS, type Rule } from "./rule.ts";
import { compareContents } from "./sequence-rules.ts";

/** Segments of a full playlist that a delta may leave out (6.2.5.1). */
function skippable(full: MediaPlaylist): number {
  const skipUntilMs = millisecondsOf(full.control.get("CAN-SKIP-UNTIL"));
  if (skipUntilMs === undefined) return 0;
  let fromEndMs = full.open === undefined ? 0 : segmentMs(full.open);
  // Counted from the end of the last parent: an open one leaves room for doubt, so it counts against the delta.
  for (let i = full.segments.length - 1; i >= 0; i--) {
    if (fromEndMs > skipUntilMs + EPSILON_MS) return i + 1;
    const segment = full.segments[i];
    if (segment !== undefined) fromEndMs += segmentMs(segment);
  }
  return 0;
}

const headLines = ({ lines }: MediaPlaylist): readonly string[] =>
  lines.filter((line) =>
    /^#EXT-X-(TARGETDURATION|SERVER-CONTROL|PART-INF|PLAYLIST-TYPE|INDEPENDENT-SEGMENTS|START)\b/.test(line),
  );

/** Playlist Delta Updates. */
export const deltaRules: readonly Rule[] = [
  {
    number: 45,
    section: "6.2.5.1",
    level: "MUST",
    title: "_HLS_skip=YES|v2 answers a delta when CAN-SKIP-UNTIL stands and ENDLIST does not; else it is ignored",
    how: "_HLS_skip is asked again and again, and once after the end",
    checks: {
      delta({ asked, answer, base, full }, report) {
        if (answer.skip !== undefined) {
          if (answer.ended) report("a delta with ENDLIST", { lines: [answer.skip.line] });
          return;
        }
        // Skippable already before: what became so in between is nobody's fault.
        if (!answer.ended && !full.ended && skippable(base) > 1)
          report(`_HLS_skip=${asked} is answered with the full playlist, ${skippable(base)} segments could be skipped`);
      },
      async endProbe(prober, report) {
        const { bytes, url } = await prober.reload("_HLS_skip=YES");
        const text = new TextDecoder().decode(bytes);
        if (text.includes("#EXT-X-SKIP:")) report("a delta after the end", { url });
      },
    },
  },
  {
    number: 46,
    section: "4.4.5.2",
    level: "MUST",
    title: "Exactly one SKIP in a delta",
    how: "every playlist's tags",
    checks: {
      answer({ tags }, report) {
        const lines = tags.get("EXT-X-SKIP") ?? [];
        if (lines.length > 1) report(`SKIP stands ${lines.length} times`, { lines });
      },
    },
  },
  {
    number: 47,
    section: "6.2.5.1",
    level: "MUST",
    title: "Only segments further from the end than CAN-SKIP-UNTIL are skipped",
    how: "every delta, merged with the playlist before it",
    checks: {
      delta({ answer, merged }, report) {
        if (merged === undefined || answer.skip === undefined) return;
        const allowed = skippable(merged);
        if (answer.skip.count > allowed)
          report(`${answer.skip.count} segments are skipped, ${allowed} may be`, { lines: [answer.skip.line] });
      },
    },
  },
  {
    number: 48,
    section: "6.2.5.1",
    level: "MUST",
    title:
      "MEDIA-SEQUENCE and DISCONTINUITY-SEQUENCE as in the full playlist; every unskipped tag is there; the MAP in effect is restated after SKIP (field)",
    how: "every delta against the full playlist that is asked for right after it",
    checks: {
      delta({ asked, answer, base, full }, report) {
        const { skip } = answer;
        if (skip === undefined) return;
        if (answer.mediaSequence === full.mediaSequence && answer.discontinuitySequence !== full.discontinuitySequence)
          report(
            `DISCONTINUITY-SEQUENCE ${answer.discontinuitySequence}, the full playlist has ${full.discontinuitySequence}`,
            {
              lines: answer.tags.get("EXT-X-DISCONTINUITY-SEQUENCE") ?? [],
            },
          );
        const [has, expected] = [headLines(answer), headLines(full)];
        for (const line of expected) if (!has.includes(line)) report(`${line} is not in the delta`);
        if (answer.reports.length < Math.min(base.reports.length, full.reports.length))
          report(`${answer.reports.length} RENDITION-REPORTs, the full playlist has ${full.reports.length}`);
        if (asked === "YES") {
          const ranges = new Set(answer.dateRanges.map(({ line }) => answer.lines[line - 1]));
          const stayed = new Set(base.dateRanges.map(({ line }) => base.lines[line - 1]));
          for (const { line } of full.dateRanges) {
            const text = full.lines[line - 1];
            if (stayed.has(text) && !ranges.has(text)) report(`${text} is not in the delta`);
          }
        }
        const first = allSegments(answer)[0];
        if (first === undefined || !full.tags.has("EXT-X-MAP")) return;
        // hls.js takes the wrong init from a MAP before the SKIP; Shaka gets none without one after it.
        const restated = (answer.tags.get("EXT-X-MAP") ?? []).some(
          (line) => line > skip.line && line <= first.lastLine,
        );
        if (!restated)
          report("the MAP in effect is not restated after the SKIP", { lines: [skip.line], level: "field" });
      },
    },
  },
  {
    number: 49,
    section: "6.2.5.1, 4.4.5.2",
    level: "MUST",
    title: "v2: RECENTLY-REMOVED-DATERANGES present, old DATERANGEs absent",
    how: "_HLS_skip=v2 is asked where CAN-SKIP-DATERANGES stands; its DATERANGEs against those seen to come and go",
    checks: {
      delta({ asked, answer, base, oldDateRanges, removedDateRanges }, report) {
        const { skip } = answer;
        if (asked !== "v2" || skip === undefined || base.control.get("CAN-SKIP-DATERANGES") !== "YES") return;
        const removed = skip.values.get("RECENTLY-REMOVED-DATERANGES");
        if (removed === undefined) report("a delta of v2 without RECENTLY-REMOVED-DATERANGES", { lines: [skip.line] });
        const named = removed?.split("\t") ?? [];
        for (const id of removedDateRanges)
          if (removed !== undefined && !named.includes(id))
            report(`DATERANGE "${id}" has gone lately, and is not among RECENTLY-REMOVED-DATERANGES`, {
              lines: [skip.line],
            });
        for (const { line } of answer.dateRanges)
          if (oldDateRanges.has(answer.lines[line - 1] ?? ""))
            report("a DATERANGE that came longer ago than CAN-SKIP-UNTIL stands in a delta of v2", { lines: [line] });
      },
    },
  },
  {
    number: 50,
    section: "6.3.7",
    level: "MUST",
    title: "Oracle: the previous full playlist merged with the delta equals the full playlist of the same state",
    how: "every delta is merged, and compared with the full playlist that is asked for right after it",
    checks: {
      delta({ answer, merged, full }, report) {
        const { skip } = answer;
        if (skip === undefined) return;
        if (merged === undefined) {
          report("segments are skipped that the playlist before did not hold", { lines: [skip.line] });
          return;
        }
        const was = new Map(merged.segments.map((segment) => [segment.msn, segment.resource?.uri]));
        for (const { msn, resource } of full.segments) {
          const uri = was.get(msn);
          if (uri !== undefined && uri !== resource?.uri)
            report(`segment ${msn} is ${uri} by the delta, ${resource?.uri} in the full playlist`);
        }
        compareContents(merged, full, (message, details) => report(`by the delta, ${message}`, details));
      },
    },
  },
];
