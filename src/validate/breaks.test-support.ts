import { TEST_VIDEO, testInit } from "../media/media.test-support.ts";
import { parseMediaPlaylist } from "../reader/playlist-reader.ts";
import type { Level } from "./finding.ts";
import type { Scenario, Seen, Tamper } from "./scripted-origin.test-support.ts";

/** What one origin does wrong, and which rule must say so. */
export interface Break extends Scenario {
  readonly rule: number;
  readonly what: string;
  /** Of the finding, where it is not the rule's own. */
  readonly level?: Level;
  /** What the finding says, where the rule could say something else. */
  readonly says?: RegExp;
}

const SHORT: Scenario["cache"] = { maxSegments: 8 };
/** Its deltas skip from the start. */
const OLD: Pick<Scenario, "ageMs"> = { ageMs: 16_000 };

/** Another producer comes, and is silent for two seconds before its first part. */
const TAKEN_OVER: Pick<Scenario, "produce" | "resume"> = {
  produce: (n) => ({ silent: n >= 33 && n < 43 }),
  resume: { at: 33, epoch: "e2" },
};
/** A new date range every second, each for a second. */
const DATED: Pick<Scenario, "ageMs" | "options" | "produce"> = {
  ...OLD,
  options: { skipDateRanges: true },
  produce: (n) => ({
    after: (rendition) => {
      if (n % 5 === 0)
        rendition.addDateRange({ id: `range-${n}`, startDate: Date.UTC(2026, 0, 1) + n * 200, durationMs: 1_000 });
    },
  }),
};

/** Rewrites every Media Playlist. */
const everywhere = (from: string | RegExp, to: string): Tamper => ({ playlist: (text) => text.replace(from, to) });
/** The same from a time on. */
const from =
  (sinceMs: number, rewrite: (text: string) => string): NonNullable<Tamper["playlist"]> =>
  (text, { atMs }) =>
    atMs < sinceMs ? text : rewrite(text);
const dropParameter = (name: string, when: (seen: Seen) => boolean = () => true): Tamper => ({
  ask: (seen) => {
    if (seen.kind === "playlist" && when(seen)) seen.url.searchParams.delete(name);
  },
});
const isDelta = (text: string): boolean => text.includes("#EXT-X-SKIP:");
const statusFor = (status: number, when: (seen: Seen) => boolean): Tamper => ({
  answer: (answer, seen) => (when(seen) ? { ...answer, status } : answer),
});
const without = (name: string, when: (seen: Seen) => boolean = () => true): Tamper => ({
  answer: (answer, seen) => {
    if (when(seen)) answer.headers.delete(name);
    return answer;
  },
});
const withHeader = (name: string, value: string, when: (seen: Seen) => boolean): Tamper => ({
  answer: (answer, seen) => {
    if (when(seen)) answer.headers.set(name, value);
    return answer;
  },
});
const AS_MEDIA = { "content-type": "video/mp4", "cache-control": "max-age=60" };
const isMedia = ({ kind }: Seen): boolean => kind === "part" || kind === "segment" || kind === "init";

/** Takes the parts, and all that is said of parts. */
function withoutParts(text: string): string {
  return text
    .replace(/,PART-HOLD-BACK=[\d.]+/, "")
    .replace(/#EXT-X-(PART|PART-INF|PRELOAD-HINT):.*\n/g, "")
    .replace(/#EXT-X-PROGRAM-DATE-TIME:.*\n$/, "");
}

/** A window of the newest `count` closed segments, numbered as they were. */
function narrowed(text: string, count: number): string {
  const { segments, lines, mediaSequence } = parseMediaPlaylist(text, "http://origin.example/");
  const first = segments[0];
  const kept = segments.at(-count);
  if (first === undefined || kept === undefined || segments.length <= count) return text;
  const head = lines.slice(0, first.firstLine - 1).join("\n");
  const sequence = `#EXT-X-MEDIA-SEQUENCE:${mediaSequence + segments.length - count}`;
  return `${head.replace(/#EXT-X-MEDIA-SEQUENCE:\d+/, sequence)}\n${lines.slice(kept.firstLine - 1).join("\n")}\n`;
}

/** Moves the lines of the last match behind those of the other. */
const swap = (a: RegExp, text: string): string => text.replace(a, "$2$1");
const lastMsnOf = (text: string): number => Number([...text.matchAll(/seg-(\d+)/g)].at(-1)?.[1] ?? 0);

const SECOND_INIT = testInit({ video: { ...TEST_VIDEO, width: 320 } });

/** One origin or more for each rule, wrong in nothing else. */
export const BREAKS: readonly Break[] = [
  { rule: 1, what: "a byte order mark", tamper: { playlist: (text) => `\uFEFF${text}` } },
  { rule: 1, what: "an attribute twice", tamper: everywhere("TYPE=PART,", "TYPE=PART,TYPE=PART,") },
  { rule: 2, what: "a tag twice", tamper: everywhere(/(#EXT-X-MEDIA-SEQUENCE:.*\n)/, "$1$1") },
  {
    rule: 2,
    what: "a multivariant tag",
    tamper: everywhere("#EXT-X-MEDIA-SEQUENCE", '#EXT-X-SESSION-DATA:DATA-ID="a",VALUE="b"\n#EXT-X-MEDIA-SEQUENCE'),
  },
  { rule: 3, what: "a version too low", tamper: everywhere("VERSION:6", "VERSION:5") },
  { rule: 3, what: "a version too low for SKIP", tamper: everywhere("VERSION:9", "VERSION:6"), ...OLD },
  {
    rule: 4,
    what: "segments too long",
    tamper: everywhere("TARGETDURATION:2", "TARGETDURATION:1"),
    produce: (n) => ({ independent: n % 10 === 0 }),
  },
  {
    rule: 5,
    what: "another target duration",
    tamper: { playlist: from(10_000, (text) => text.replace("TARGETDURATION:2", "TARGETDURATION:1")) },
  },
  { rule: 6, what: "no MAP", tamper: everywhere(/#EXT-X-MAP:.*\n/, "") },
  {
    rule: 7,
    what: "MEDIA-SEQUENCE after the first segment",
    tamper: { playlist: (text) => swap(/(#EXT-X-MEDIA-SEQUENCE:.*\n)([\s\S]*?seg-.*\n)/, text) },
  },
  { rule: 8, what: "no PART-INF", tamper: everywhere(/#EXT-X-PART-INF:.*\n/, "") },
  {
    rule: 9,
    what: "another PART-HOLD-BACK",
    tamper: { playlist: from(10_000, (text) => text.replace("PART-HOLD-BACK=0.6", "PART-HOLD-BACK=0.7")) },
  },
  { rule: 10, what: "a HOLD-BACK too short", tamper: everywhere(",HOLD-BACK=6.0", ",HOLD-BACK=5.9") },
  { rule: 11, what: "a PART-HOLD-BACK too short", tamper: everywhere("PART-HOLD-BACK=0.6", "PART-HOLD-BACK=0.3") },
  { rule: 12, what: "a CAN-SKIP-UNTIL too short", tamper: everywhere("UNTIL=12.0", "UNTIL=11.9") },
  {
    rule: 13,
    what: "renditions with different hold-backs",
    renditions: ["a", "b"],
    tamper: {
      playlist: (text, { rendition }) => (rendition === "b" ? text.replace(",HOLD-BACK=6.0", ",HOLD-BACK=7.0") : text),
    },
  },
  { rule: 14, what: "parts longer than the part target", tamper: everywhere("PART-TARGET=0.2", "PART-TARGET=0.18") },
  { rule: 15, what: "parts too short", produce: (n) => ({ frames: n % 5 === 2 ? 4 : 6 }) },
  { rule: 16, what: "no INDEPENDENT", tamper: everywhere(/,INDEPENDENT=YES/g, "") },
  {
    rule: 17,
    what: "a date after the first part",
    tamper: { playlist: (text) => text.replace(/(#EXT-X-PROGRAM-DATE-TIME:.*\n)(#EXT-X-PART:.*\n)/g, "$2$1") },
  },
  {
    rule: 18,
    what: "segments that are not their parts",
    tamper: {
      answer: (answer, { kind, range }) => {
        const last = answer.bytes.length - 1;
        if (kind === "segment" && (range === null || range.endsWith("991")))
          answer.bytes[last] = (answer.bytes[last] ?? 0) ^ 1;
        return answer;
      },
    },
  },
  {
    rule: 19,
    what: "a range without offset at the start of a parent",
    tamper: {
      playlist: (text) =>
        text.replace(/(,URI="e1\/part-(\d+).mp4")/g, (all, uri, id) =>
          Number(id) % 5 === 0 ? `${uri},BYTERANGE="372"` : all,
        ),
    },
  },
  { rule: 20, what: "parts that should have gone", tamper: everywhere("TARGETDURATION:2", "TARGETDURATION:1") },
  {
    rule: 21,
    what: "parts that go with their tags",
    tamper: {
      answer: (answer, { kind, number, atMs }) =>
        kind === "part" && number < atMs / 200 - 45 ? { ...answer, status: 404 } : answer,
    },
  },
  {
    rule: 22,
    what: "parts that leave in another order",
    tamper: {
      playlist: (text) => {
        const last = lastMsnOf(text);
        return text.replace(/(?:#EXT-X-PART:.*\n)+(?=#EXTINF:.*\ne1\/seg-(\d+))/g, (parts, msn) =>
          Number(msn) % 2 === 1 && Number(msn) < last - 1 ? "" : parts,
        );
      },
    },
  },
  { rule: 23, what: "parts that are late again and again", everyMs: 500 },
  {
    rule: 24,
    what: "segments that are late again and again",
    tamper: { playlist: withoutParts },
    produce: (n) => ({ silent: n % 40 > 20, independent: n % 40 > 20 || n % 5 === 0 }),
    forMs: 40_000,
  },
  {
    rule: 25,
    what: "a gap that answers",
    produce: (n) => ({ gap: n % 20 === 7 }),
    tamper: {
      answer: (answer, { kind, number }) => {
        if (kind !== "part" || number % 20 !== 7) return answer;
        return { ...answer, status: 200, headers: new Headers(AS_MEDIA) };
      },
    },
  },
  { rule: 26, what: "segments without an independent frame", produce: (n) => ({ independent: n < 30 && n % 5 === 0 }) },
  {
    rule: 27,
    what: "a MEDIA-SEQUENCE that falls",
    get tamper() {
      let done = false;
      return {
        playlist: (text: string, { atMs, url }: Seen) => {
          if (done || atMs < 10_000 || url.search !== "") return text;
          done = true;
          return text.replace(/MEDIA-SEQUENCE:(\d+)/, (_, msn) => `MEDIA-SEQUENCE:${Number(msn) - 1}`);
        },
      };
    },
  },
  {
    rule: 28,
    what: "another URI for a segment",
    tamper: { playlist: from(10_000, (text) => text.replace("seg-5.mp4", "seg-5.mp4?again")) },
  },
  {
    rule: 29,
    what: "a DISCONTINUITY-SEQUENCE that leaps",
    tamper: { playlist: from(10_000, (text) => text.replace("DISCONTINUITY-SEQUENCE:0", "DISCONTINUITY-SEQUENCE:1")) },
  },
  {
    rule: 30,
    what: "a window too short",
    tamper: { ...dropParameter("_HLS_skip"), playlist: (text) => narrowed(text, 4) },
  },
  {
    rule: 31,
    what: "segments that go with their lines",
    cache: SHORT,
    ...OLD,
    tamper: {
      answer: (answer, { kind, number, atMs }) =>
        kind === "segment" && number <= atMs / 1000 - 8 ? { ...answer, status: 404 } : answer,
    },
  },
  {
    rule: 32,
    what: "a segment that changes",
    tamper: { playlist: from(14_000, (text) => text.replace(/(#EXTINF:1.000)00(,\ne1\/seg-5)/, "$110$2")) },
  },
  {
    rule: 32,
    what: "a key that comes later",
    says: /segment \d+ has changed/,
    tamper: {
      playlist: from(10_000, (text) =>
        text.replace("#EXT-X-PROGRAM", '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="a"\n#EXT-X-PROGRAM'),
      ),
    },
  },
  {
    rule: 33,
    what: "a timeline that leaps",
    produce: (n) => ({
      leap: n === 45 ? 3_000 : 0,
      after: (rendition) => (n === 44 ? rendition.discontinuity() : undefined),
    }),
    tamper: everywhere(/#EXT-X-DISCONTINUITY\n/g, ""),
  },
  { rule: 34, what: "no dates", tamper: everywhere(/#EXT-X-PROGRAM-DATE-TIME:.*\n/g, "") },
  { rule: 34, what: "dates without a zone", tamper: everywhere(/(DATE-TIME:[^Z]*)Z/g, "$1") },
  {
    rule: 35,
    what: "a date range whose ID is used again",
    tamper: everywhere(
      "#EXT-X-PART-INF",
      '#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z"\n#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-02T00:00:00Z"\n#EXT-X-PART-INF',
    ),
  },
  {
    rule: 35,
    what: "a date range without a start",
    tamper: everywhere("#EXT-X-PART-INF", '#EXT-X-DATERANGE:ID="a",DURATION=1\n#EXT-X-PART-INF'),
  },
  {
    rule: 36,
    what: "an EVENT whose segments go",
    cache: SHORT,
    tamper: everywhere("#EXT-X-PART-INF", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-PART-INF"),
  },
  {
    rule: 36,
    what: "a PLAYLIST-TYPE that goes",
    options: { type: "event" },
    tamper: { playlist: from(10_000, (text) => text.replace("#EXT-X-PLAYLIST-TYPE:EVENT\n", "")) },
  },
  {
    rule: 37,
    what: "a hint with ENDLIST",
    endAtMs: 12_000,
    tamper: everywhere("#EXT-X-ENDLIST", '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="e1/part-9999.mp4"\n#EXT-X-ENDLIST'),
  },
  { rule: 38, what: "no hint", tamper: everywhere(/#EXT-X-PRELOAD-HINT:.*\n/, "") },
  { rule: 39, what: "two hints of a type", tamper: everywhere(/(#EXT-X-PRELOAD-HINT:.*\n)/, "$1$1") },
  {
    rule: 40,
    what: "a hint that is not kept",
    tamper: {
      playlist: (text) => text.replace(/(PRELOAD-HINT:.*part-)(\d+)/, (_, hint, id) => `${hint}${Number(id) + 7}`),
    },
  },
  {
    rule: 40,
    what: "a hinted part that is 404 until it is listed",
    tamper: {
      ask: (seen) => {
        if (seen.kind === "part" && seen.number >= Math.floor(seen.atMs / 200) + 1) seen.url.pathname += "-not-yet";
      },
    },
  },
  {
    rule: 40,
    what: "a hint that another producer drops, and that is found all the same",
    says: /not planned any more/,
    ...TAKEN_OVER,
    tamper: {
      answer: (answer, { kind, url }) => {
        if (kind !== "part" || answer.status !== 404 || !url.pathname.includes("/e1/")) return answer;
        return { ...answer, status: 200, headers: new Headers(AS_MEDIA) };
      },
    },
  },
  {
    rule: 41,
    what: "no MAP hint of another producer, before its first part",
    ...TAKEN_OVER,
    tamper: everywhere(/#EXT-X-PRELOAD-HINT:TYPE=MAP.*\n/, ""),
  },
  {
    rule: 41,
    what: "no MAP hint",
    produce: (n) => ({
      after: (rendition) => {
        if (n === 44) {
          rendition.discontinuity();
          rendition.setInit(SECOND_INIT);
        }
      },
    }),
    tamper: everywhere(/#EXT-X-PRELOAD-HINT:TYPE=MAP.*\n/, ""),
  },
  {
    rule: 42,
    what: "a length before it is known",
    tamper: everywhere(/(PRELOAD-HINT:TYPE=PART.*)\n/, "$1,BYTERANGE-LENGTH=99999\n"),
  },
  {
    rule: 43,
    what: "no report of another rendition",
    renditions: ["a", "b"],
    tamper: everywhere(/#EXT-X-RENDITION-REPORT:.*\n/g, ""),
  },
  {
    rule: 43,
    what: "a report with a whole URL",
    renditions: ["a", "b"],
    tamper: everywhere('REPORT:URI="..', 'REPORT:URI="http://origin.example/live/studio'),
  },
  {
    rule: 44,
    what: "a rendition that stays behind",
    renditions: ["a", "b"],
    produce: (n, id) => ({ silent: id === "b" && n >= 30 && n < 35, independent: n % 5 === 0 }),
  },
  { rule: 45, what: "no delta", tamper: dropParameter("_HLS_skip"), ...OLD },
  { rule: 46, what: "two SKIPs", tamper: everywhere(/(#EXT-X-SKIP:.*\n)/, "$1$1"), ...OLD },
  {
    rule: 47,
    what: "segments skipped too near the end",
    tamper: everywhere("CAN-SKIP-UNTIL=12.0", "CAN-SKIP-UNTIL=15.0"),
    ...OLD,
  },
  {
    rule: 48,
    what: "another DISCONTINUITY-SEQUENCE in deltas",
    tamper: {
      playlist: (text) => (isDelta(text) ? text.replace("DISCONTINUITY-SEQUENCE:0", "DISCONTINUITY-SEQUENCE:1") : text),
    },
    ...OLD,
  },
  {
    rule: 48,
    what: "no MAP in deltas",
    level: "field",
    tamper: { playlist: (text) => (isDelta(text) ? text.replace(/#EXT-X-MAP:.*\n/, "") : text) },
    ...OLD,
  },
  {
    rule: 48,
    what: "no reports in deltas",
    renditions: ["a", "b"],
    tamper: { playlist: (text) => (isDelta(text) ? text.replace(/#EXT-X-RENDITION-REPORT:.*\n/, "") : text) },
    ...OLD,
  },
  {
    rule: 49,
    what: "no RECENTLY-REMOVED-DATERANGES",
    tamper: everywhere("CAN-BLOCK-RELOAD=YES", "CAN-BLOCK-RELOAD=YES,CAN-SKIP-DATERANGES=YES"),
    ...OLD,
  },
  {
    rule: 49,
    what: "date ranges that went and are not named",
    says: /has gone lately/,
    ...DATED,
    cache: { maxSegments: 15 },
    tamper: everywhere(/(RECENTLY-REMOVED-DATERANGES=)"[^"]+"/, '$1""'),
  },
  {
    rule: 49,
    what: "old date ranges in deltas of v2",
    says: /longer ago/,
    ...DATED,
    produce: (n) => ({
      after: (rendition) => {
        if (n % 5 === 0) rendition.addDateRange({ id: `range-${n}`, startDate: Date.UTC(2026, 0, 1) + n * 200 });
      },
    }),
    forMs: 16_000,
    tamper: {
      ask: ({ url }) => {
        if (url.searchParams.has("_HLS_skip")) url.searchParams.set("_HLS_skip", "YES");
      },
      playlist: (text) =>
        text.replace("VERSION:9", "VERSION:10").replace(/(#EXT-X-SKIP:.*)/, '$1,RECENTLY-REMOVED-DATERANGES=""'),
    },
  },
  {
    rule: 50,
    what: "deltas that differ from the full playlist",
    tamper: { playlist: (text) => (isDelta(text) ? text.replace("#EXTINF:1.00000", "#EXTINF:1.00100") : text) },
    ...OLD,
  },
  {
    rule: 51,
    what: "_HLS_msn does not block",
    tamper: dropParameter("_HLS_msn", ({ url }) => !url.searchParams.has("_HLS_part")),
  },
  {
    rule: 52,
    what: "_HLS_part does not block",
    tamper: {
      ask: ({ url }) => {
        if (url.search.startsWith("?_HLS_msn") && url.searchParams.has("_HLS_part")) url.search = "";
      },
    },
  },
  {
    rule: 53,
    what: "a part past its parent is refused",
    tamper: statusFor(
      400,
      ({ url }) => url.search.startsWith("?_HLS_msn") && url.searchParams.get("_HLS_part") === "5",
    ),
  },
  {
    rule: 54,
    what: "_HLS_part alone is taken",
    tamper: dropParameter("_HLS_part", ({ url }) => !url.searchParams.has("_HLS_msn")),
  },
  {
    rule: 55,
    what: "too far ahead is taken",
    forMs: 20_000,
    tamper: dropParameter("_HLS_msn", ({ url }) => Number(url.searchParams.get("_HLS_msn")) > 900),
  },
  {
    rule: 56,
    what: "a stale MSN is refused",
    tamper: statusFor(
      404,
      ({ url, atMs }) => url.searchParams.has("_HLS_msn") && Number(url.searchParams.get("_HLS_msn")) < atMs / 1000 - 3,
    ),
  },
  {
    rule: 57,
    what: "directives are refused after the end",
    endAtMs: 12_000,
    tamper: statusFor(400, ({ url, atMs }) => atMs >= 12_000 && Number(url.searchParams.get("_HLS_msn")) > 900),
  },
  {
    rule: 58,
    what: "requests that block for ever",
    forMs: 20_000,
    produce: (n) => ({ silent: n >= 50 && n < 100 }),
    tamper: {
      answer: (answer, { url, atMs, clock }) =>
        atMs > 11_000 && atMs < 14_000 && url.searchParams.has("_HLS_msn")
          ? new Promise((resolve) => clock.after(8_000, () => resolve(answer)))
          : answer,
    },
  },
  {
    rule: 59,
    what: "parameters in their own order only",
    tamper: {
      ask: ({ url }) => {
        if (url.search.startsWith("?_HLS%5Fpart")) url.search = "";
      },
    },
  },
  {
    rule: 60,
    what: "playlists of another type",
    tamper: withHeader("content-type", "text/plain", ({ kind }) => kind === "playlist"),
  },
  {
    rule: 60,
    what: "media of another type",
    tamper: withHeader("content-type", "application/octet-stream", ({ kind }) => kind === "part"),
  },
  { rule: 61, what: "playlists as they are", gzip: true, tamper: without("content-encoding") },
  {
    rule: 62,
    what: "another Content-Range",
    tamper: withHeader("content-range", "bytes 0-0/1", ({ range, kind }) => range !== null && kind === "segment"),
  },
  {
    rule: 63,
    what: "parts in drops",
    tamper: {
      answer: (answer, { kind, clock, number }) => {
        const { bytes, status, headers } = answer;
        if (kind !== "part" || number < 20) return answer;
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            controller.enqueue(bytes.subarray(0, 100));
            clock.after(300, () => {
              controller.enqueue(bytes.subarray(100));
              controller.close();
            });
          },
        });
        return new Response(body, { status, headers });
      },
    },
  },
  { rule: 64, what: "listed segments that are not there", tamper: statusFor(404, ({ kind }) => kind === "segment") },
  { rule: 65, what: "anything is answered", tamper: statusFor(200, ({ kind }) => kind === "other") },
  { rule: 66, what: "media without Cache-Control", tamper: without("cache-control", isMedia) },
  {
    rule: 66,
    what: "an Age from a worker",
    level: "field",
    tamper: withHeader("age", "1", () => true),
  },
  {
    rule: 67,
    what: "no CORS",
    validate: { allowedOrigin: "http://player.example" },
    tamper: without("access-control-allow-origin"),
  },
  { rule: 68, what: "LAST-PART=0", renditions: ["a", "b"], tamper: everywhere(/LAST-PART=\d+/, "LAST-PART=0") },
];
