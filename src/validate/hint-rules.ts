import { integerOf } from "./attributes.ts";
import { resolveUri } from "./exchange.ts";
import { allSegments, hintOf, type ListedPart, type ListedSegment, type MediaPlaylist } from "./media-playlist.ts";
import { inSeconds, type Rule } from "./rule.ts";

interface NextPart {
  readonly part: ListedPart;
  readonly segment: ListedSegment;
  readonly opensSegment: boolean;
}

/** The part that came right after the last of `before`, if the later playlist still lists both. */
function nextPartOf(before: MediaPlaylist, after: MediaPlaylist): NextPart | undefined {
  const last = allSegments(before).at(-1)?.parts.at(-1);
  if (last === undefined) return undefined;
  const segments = allSegments(after);
  for (const [i, segment] of segments.entries()) {
    const at = segment.parts.findIndex(
      ({ uri, range }) => uri === last.uri && range?.offsetBytes === last.range?.offsetBytes,
    );
    if (at < 0) continue;
    const inSame = segment.parts[at + 1];
    if (inSame !== undefined) return { part: inSame, segment, opensSegment: false };
    const next = segments[i + 1];
    const first = next?.parts[0];
    return next === undefined || first === undefined ? undefined : { part: first, segment: next, opensSegment: true };
  }
  return undefined;
}

const hasRanges = ({ parts }: ListedSegment): boolean => parts.some(({ range }) => range !== undefined);

const MAX_BEHIND_TARGETS = 1;

/** What is promised of the next part, and told of the other renditions. */
export const hintRules: readonly Rule[] = [
  {
    number: 38,
    section: "B.1",
    level: "MUST",
    title: "Parts without ENDLIST imply a TYPE=PART hint for the next part",
    how: "every playlist with parts",
    checks: {
      answer(playlist, report) {
        if (playlist.ended || !playlist.tags.has("EXT-X-PART")) return;
        if (hintOf(playlist, "PART")?.values.get("URI") === undefined) report("parts, and no hint for the next");
      },
    },
  },
  {
    number: 39,
    section: "6.2.6",
    level: "MUST",
    title: "At most one hint of each TYPE",
    how: "every playlist's hints",
    checks: {
      answer({ hints }, report) {
        for (const type of new Set(hints.map(({ values }) => values.get("TYPE")))) {
          const lines = hints.filter(({ values }) => values.get("TYPE") === type).map(({ line }) => line);
          if (lines.length > 1) report(`${lines.length} hints of TYPE ${type}`, { lines });
        }
      },
    },
  },
  {
    number: 40,
    section: "6.2.6",
    level: "MUST",
    title: "A hinted URI becomes the next published part, else 404; also where that part opens a segment",
    how: "each hint against the next part; every other hinted part is asked for before it is listed",
    checks: {
      change(before, after, report) {
        const hint = hintOf(before, "PART");
        const next = nextPartOf(before, after);
        const uri = hint?.values.get("URI");
        if (uri === undefined || next === undefined) return;
        const startBytes = integerOf(hint?.values.get("BYTERANGE-START")) ?? 0;
        // A range at the end of a growing segment cannot name the next one (4.4.5.3).
        if (next.opensSegment && startBytes > 0) return;
        const { part } = next;
        // Nor has a gap any bytes to be a range of.
        if (part.gap && part.range === undefined && allSegments(before).some(hasRanges)) return;
        if (part.uri !== uri || (part.range?.offsetBytes ?? 0) !== startBytes)
          report(
            `hinted ${uri} from byte ${startBytes}, and the next part is ${part.uri} from ${part.range?.offsetBytes ?? 0}`,
            {
              lines: [part.line],
              // Another encoder that takes over cannot keep what the one before has promised.
              level: next.segment.discontinuity && next.opensSegment ? "SHOULD" : "MUST",
            },
          );
      },
      hinted({ part, exchange, patienceMs }, report) {
        if (exchange.endMs - exchange.askedMs > patienceMs) return;
        if (!part.gap && (exchange.status < 200 || exchange.status >= 300))
          report(`asked for before it was listed, it answers ${exchange.status || "nothing"}, and is listed now`, {
            url: exchange.url,
            lines: [part.line],
          });
      },
    },
  },
  {
    number: 41,
    section: "B.1",
    level: "MUST",
    title: "A TYPE=MAP hint when the next part changes the init segment",
    how: "the playlist before each change of init segment",
    checks: {
      change(before, after, report) {
        const next = nextPartOf(before, after);
        const map = next?.segment.map;
        const was = allSegments(before).at(-1)?.map;
        if (map === undefined || was === undefined) return;
        // Where another encoder has taken over, no hint holds: rule 40 says so.
        const isTakenOver = next?.opensSegment === true && next.segment.discontinuity;
        if (isTakenOver && hintOf(before, "PART")?.values.get("URI") !== next.part.uri) return;
        const hinted = hintOf(before, "MAP")?.values.get("URI");
        const changes = map.uri !== was.uri || map.range?.offsetBytes !== was.range?.offsetBytes;
        if (changes && hinted !== map.uri)
          report(`the next part changes the MAP to ${map.uri}, and the hint was ${hinted ?? "none"}`, {
            lines: next === undefined ? [] : [next.segment.firstLine],
          });
      },
    },
  },
  {
    number: 42,
    section: "6.2.6",
    level: "MUST",
    title: "BYTERANGE-LENGTH is left out while unknown",
    how: "the BYTERANGE-LENGTH of each hint against the part that came",
    checks: {
      change(before, after, report) {
        const lengthBytes = integerOf(hintOf(before, "PART")?.values.get("BYTERANGE-LENGTH"));
        const next = nextPartOf(before, after);
        if (lengthBytes === undefined || next === undefined) return;
        if (next.part.range?.lengthBytes !== lengthBytes)
          report(`hinted ${lengthBytes} bytes, and the part has ${next.part.range?.lengthBytes ?? "no range"}`, {
            lines: [next.part.line],
          });
      },
    },
  },
  {
    number: 43,
    section: "4.4.5.4, B.1",
    level: "MUST",
    title: "One RENDITION-REPORT per other rendition, with a relative URI",
    how: "the newest playlist of each rendition against the Multivariant Playlist",
    checks: {
      presentation({ renditions, urls }, report) {
        for (const { playlist, id, url } of renditions) {
          if (playlist.ended) continue;
          const reported: string[] = [];
          for (const { values, line } of playlist.reports) {
            const uri = values.get("URI") ?? "";
            if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(uri))
              report(`a report with the whole URL ${uri}`, { lines: [line], url });
            reported.push(resolveUri(uri, url));
          }
          for (const other of urls) {
            if (other === url) continue;
            const count = reported.filter((one) => one === other).length;
            if (count !== 1) report(`"${id}" has ${count} reports of ${new URL(other).pathname}`, { url });
          }
        }
      },
    },
  },
  {
    number: 44,
    section: "B.1",
    level: "MUST",
    title: "Renditions advance together within one part target",
    how: "the wall clock of each rendition's end, by PROGRAM-DATE-TIME; a finding when one stays behind for a target duration",
    checks: {
      presentation({ renditions }, report) {
        for (const { id, url, behindForMs, playlist } of renditions) {
          if (behindForMs > MAX_BEHIND_TARGETS * (playlist.targetDurationMs ?? 0))
            report(`"${id}" has been behind the others by more than a part for ${inSeconds(behindForMs)}`, { url });
        }
      },
    },
  },
];
