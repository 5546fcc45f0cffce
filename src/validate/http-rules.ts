import type { Exchange } from "../reader/exchange.ts";
import type { Prober, Report, Rule } from "./rule.ts";

const PLAYLIST_TYPES = ["application/vnd.apple.mpegurl", "audio/mpegurl"];
const MEDIA_TYPES = ["video/mp4", "audio/mp4", "application/mp4", "text/vtt", "video/mp2t", "audio/aac", "audio/mpeg"];
/** What is smaller gains nothing by compression. */
const WORTH_COMPRESSING_BYTES = 1_400;
/** hls.js and AVPlayer ask for the rest of a resource so (4.4.5.3). */
const TO_THE_END = Number.MAX_SAFE_INTEGER;

const typeOf = ({ headers }: Exchange): string =>
  (headers.get("content-type") ?? "none").split(";")[0]?.trim().toLowerCase() ?? "";
const isPlaylist = ({ kind }: Exchange): boolean => kind === "playlist" || kind === "multivariant";
const isMedia = ({ kind }: Exchange): boolean => kind === "part" || kind === "segment" || kind === "init";
const isOk = ({ status }: Exchange): boolean => status === 200 || status === 206;
/** Different answers of one kind are one finding: the number of a resource says nothing about its headers. */
const nameOf = ({ kind }: Exchange): string => (kind === "init" ? "init segment" : kind);

function maxAgeOf(cacheControl: string): number | undefined {
  const match = /(?:^|[\s,])(?:s-maxage|max-age)=(\d+)/i.exec(cacheControl);
  return match === null ? undefined : Number(match[1]);
}

function checkRange(asked: string, whole: Exchange, part: Exchange, report: Report): void {
  const { url } = part;
  if (part.status === 200) {
    report(`${asked} is answered with the whole resource`, { url, level: "SHOULD" });
    return;
  }
  if (part.status !== 206) {
    report(`${asked}: expected 206, got ${part.status}`, { url });
    return;
  }
  const contentRange = part.headers.get("content-range");
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(contentRange ?? "");
  const [start, end] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || end - start + 1 !== part.bytes.byteLength)
    report(`${asked}: ${part.bytes.byteLength} bytes with Content-Range ${contentRange ?? "missing"}`, { url });
  else if (part.bytes.some((byte, i) => byte !== whole.bytes[start + i]))
    report(`${asked}: other bytes than the whole resource has there`, { url });
}

async function probeRanges(prober: Prober, report: Report): Promise<void> {
  const whole = prober.fetched;
  if (whole === undefined || whole.bytes.byteLength < 16) return;
  for (const asked of ["bytes=2-9", `bytes=4-${TO_THE_END}`])
    checkRange(asked, whole, await prober.get(whole.url, asked), report);
  const sizeBytes = whole.bytes.byteLength;
  const beyond = await prober.get(whole.url, `bytes=${sizeBytes}-`);
  if (beyond.status === 200) return; // ranges are not supported, which has been said
  const contentRange = beyond.headers.get("content-range");
  if (beyond.status !== 416) report(`a range past the end: expected 416, got ${beyond.status}`, { url: beyond.url });
  else if (contentRange !== null && contentRange !== `bytes */${sizeBytes}`)
    report(`a range past the end: expected Content-Range bytes */${sizeBytes}, got ${contentRange}`, {
      url: beyond.url,
    });
}

/** A URL beside `url` that nobody ever named. */
function neverNamed(url: string): string {
  const never = new URL(url);
  never.search = "";
  never.pathname = never.pathname.replace(/[^/]*$/, "never-published-987654321.mp4");
  return never.href;
}

/** Status codes and headers. */
export const httpRules: readonly Rule[] = [
  {
    number: 60,
    section: "4",
    level: "MUST",
    title: "Playlists are application/vnd.apple.mpegurl; media video/mp4 or audio/mp4",
    how: "the Content-Type of every answer",
    checks: {
      exchange(answer, report) {
        if (!isOk(answer)) return;
        const allowed = isPlaylist(answer) ? PLAYLIST_TYPES : isMedia(answer) ? MEDIA_TYPES : undefined;
        if (allowed !== undefined && !allowed.includes(typeOf(answer)))
          report(`a ${nameOf(answer)} of type ${typeOf(answer)}`, { url: answer.url });
      },
    },
  },
  {
    number: 61,
    section: "B.1",
    level: "MUST",
    title: "Over a network: playlists in gzip when accepted; none inside a Service Worker, where it is not decoded",
    how: "the Content-Encoding of every playlist that is worth it",
    checks: {
      exchange(answer, report, { overNetwork }) {
        if (!isPlaylist(answer) || answer.status !== 200) return;
        const encoding = answer.headers.get("content-encoding");
        if (overNetwork && encoding === null && answer.bytes.byteLength > WORTH_COMPRESSING_BYTES)
          report("a playlist that is not compressed", { url: answer.url });
        if (!overNetwork && encoding !== null) report(`a synthetic answer in ${encoding}`, { url: answer.url });
      },
    },
  },
  {
    number: 62,
    section: "HTTP, 4.4.5.3",
    level: "MUST",
    title: "Range: 206 with Content-Range, 416 past the end, last byte 2^53-1 for the rest",
    how: "ranges of a segment are asked for and compared with it; every BYTERANGE that is listed; the rest of a segment that grows",
    checks: {
      probe: probeRanges,
      openRange({ startBytes, exchange, segment }, report) {
        const { status, bytes, url } = exchange;
        const asked = `a hinted range from byte ${startBytes} on`;
        // Where nothing but gaps came after the hint, its part never did (rule 40), and the range is past the end.
        if ((status === 404 || status === 416) && segment.byteLength <= startBytes) return;
        if (status !== 206) report(`${asked}: expected 206, got ${status || "no answer"}`, { url });
        else if (bytes.byteLength === 0 || bytes.some((byte, i) => byte !== segment[startBytes + i]))
          report(`${asked}: other bytes than the segment has there once it is closed`, { url });
      },
      exchange({ range, status, bytes, url, kind }, report) {
        const match = /^bytes=(\d+)-(\d+)$/.exec(range ?? "");
        if (match === null || kind === "probe" || status !== 206) return;
        const lengthBytes = Number(match[2]) - Number(match[1]) + 1;
        if (Number(match[2]) !== TO_THE_END && bytes.byteLength !== lengthBytes)
          report(`a listed range of ${lengthBytes} bytes has ${bytes.byteLength}`, { url });
      },
    },
  },
  {
    number: 63,
    section: "6.2.6",
    level: "MUST",
    title: "No byte of a part before the whole part is there",
    how: "parts asked for before they are listed: first and last byte come together; each listed part is whole boxes",
    checks: {
      hinted({ exchange, trickled }, report) {
        if (trickled >= 3)
          report("parts that are hinted come in drops: their first byte long before their last", { url: exchange.url });
      },
      media({ parts }, report) {
        for (const { listed, unreadable } of parts)
          if (unreadable !== undefined) report(`${listed.uri} cannot be read: ${unreadable}`);
      },
    },
  },
  {
    number: 64,
    section: "6.2.1",
    level: "MUST",
    title: "What a playlist lists is fetchable at once",
    how: "everything that comes into a playlist is fetched",
    checks: {
      listed({ gap, what, line, exchange }, report) {
        if (!gap && !isOk(exchange))
          report(`a listed ${what === "init" ? "init segment" : what} answers ${exchange.status || "nothing"}`, {
            url: exchange.url,
            ...(line === undefined ? {} : { lines: [line] }),
          });
      },
    },
  },
  {
    number: 65,
    section: "HTTP",
    level: "MUST",
    title: "Unknown and unhinted: 404. A removed stream: 404 or 410",
    how: "a URL that was never named is asked for",
    checks: {
      async probe(prober, report) {
        const { status, url } = await prober.get(neverNamed(prober.fetched?.url ?? prober.playlist.url));
        if (status !== 404 && status !== 410) report(`expected 404, got ${status}`, { url });
      },
    },
  },
  {
    number: 66,
    section: "6.2.5.2, HTTP",
    level: "MUST",
    title:
      "Cache-Control on every answer; playlists are never stored, media is immutable; no Age from a Service Worker (field)",
    how: "the headers of every answer",
    checks: {
      exchange(answer, report, { overNetwork }) {
        const { url, headers } = answer;
        if (!isPlaylist(answer) && !isMedia(answer)) return;
        const cacheControl = headers.get("cache-control");
        const name = nameOf(answer);
        if (cacheControl === null) {
          report(`a ${name} without Cache-Control`, { url });
          return;
        }
        const maxAgeS = maxAgeOf(cacheControl);
        const isFresh = /no-store|no-cache/i.test(cacheControl) || (maxAgeS !== undefined && maxAgeS <= 1);
        if (isPlaylist(answer) && answer.status === 200 && !isFresh)
          report(`a playlist with Cache-Control: ${cacheControl}`, { url, level: "SHOULD" });
        // A range of a segment that grows is of a resource that changes.
        const isFixed = isMedia(answer) && answer.range === undefined;
        if (isFixed && isOk(answer) && (maxAgeS ?? 0) < 1)
          report(`a ${name} with Cache-Control: ${cacheControl}`, { url, level: "SHOULD" });
        if (!overNetwork && headers.has("age")) report("an Age, where no cache can be", { url, level: "field" });
      },
    },
  },
  {
    number: 67,
    section: "HTTP",
    level: "MUST",
    title: "CORS when another origin is allowed to read",
    how: "Access-Control-Allow-Origin of every answer, where an origin is given that must be allowed",
    checks: {
      exchange(answer, report, { allowedOrigin }) {
        if (allowedOrigin === undefined || !(isPlaylist(answer) || isMedia(answer))) return;
        const allowed = answer.headers.get("access-control-allow-origin");
        if (allowed !== "*" && allowed !== allowedOrigin)
          report(`a ${nameOf(answer)} with Access-Control-Allow-Origin: ${allowed ?? "missing"}`, { url: answer.url });
      },
    },
  },
  {
    number: 68,
    section: "field",
    level: "field",
    title: "hls.js: the first playlist holds a segment, MSN starts at 1 or more, no LAST-PART=0 in a report",
    how: "every full playlist; that a 4xx is never retried is the player's own affair",
    checks: {
      playlist({ segments, mediaSequence, tags, reports }, report) {
        if (segments.length === 0) report("a playlist without a segment is an error to hls.js");
        if (mediaSequence < 1)
          report("hls.js never blocks on MSN 0", { lines: tags.get("EXT-X-MEDIA-SEQUENCE") ?? [] });
        for (const { values, line } of reports)
          if (values.get("LAST-PART") === "0")
            report("hls.js takes LAST-PART=0 for none when it switches", { lines: [line] });
      },
    },
  },
];
