import { integerOf } from "../reader/attributes.ts";
import { resolveUri } from "../reader/exchange.ts";
import { allSegments, hintOf } from "../reader/media-playlist.ts";
import { nextPartOf, outcomeOfHint } from "./next-part.ts";
import { inSeconds, type Rule } from "./rule.ts";

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
    how: "each hint against the next part; every other hinted part is asked for before it is listed, and one that is dropped (at a discontinuity, by another producer, at the end) is asked for after that, and must be 404",
    checks: {
      change(before, after, report) {
        const hint = outcomeOfHint(before, after);
        if (hint?.outcome !== "broken" || hint.next === undefined) return;
        const { uri, startBytes } = hint;
        const { part } = hint.next;
        report(
          `hinted ${uri} from byte ${startBytes}, and the next part is ${part.uri} from ${part.range?.offsetBytes ?? 0}`,
          { lines: [part.line] },
        );
      },
      dropped({ line, exchange }, report) {
        const { status, url } = exchange;
        if (status !== 404 && status !== 410)
          report(`it was hinted, and is not planned any more: expected 404, got ${status || "no answer"}`, {
            url,
            ...(line === undefined ? {} : { lines: [line] }),
          });
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
    how: "the playlist before each change of init segment that was waited for, unless its hint for the part was dropped too (rule 40)",
    checks: {
      change(before, after, report, isNext) {
        // Between the two there may have been one with the hint, which nobody saw.
        if (!isNext) return;
        const hint = outcomeOfHint(before, after);
        // What was planned has changed: rule 40 says whether it may. From the playlist on that hints anew, the new plan holds.
        if (hint !== undefined && hint.outcome !== "kept") return;
        const next = nextPartOf(before, after);
        const map = next?.segment.map;
        const was = allSegments(before).at(-1)?.map;
        if (map === undefined || was === undefined) return;
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
