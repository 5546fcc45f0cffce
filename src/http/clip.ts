import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { type ClipAsk, clipStream, type StreamClip } from "../origin/clip.ts";
import type { Stream } from "../origin/stream.ts";

/** What a clip may be asked for at most: the default of the DVR window. */
const MAX_LAST_S = 14_400;
/** A moment, in ISO 8601's extended form and with its zone. */
const MOMENT = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(?:Z|([+ -])(\d\d):?(\d\d))$/;

/**
 * Reads what a clip is asked for; other parameters mean nothing here.
 * @throws RelayError `malformed-directive`
 */
export function parseClipAsk(query: URLSearchParams): ClipAsk {
  const [last, from, to, rendition] = ["last", "from", "to", "rendition"].map((name) => once(query, name));
  if (last !== undefined && (from !== undefined || to !== undefined))
    throw new RelayError("malformed-directive", "last: expected alone, got it together with from or to");
  const lastMs = last === undefined ? undefined : seconds(last);
  const fromMs = from === undefined ? undefined : moment("from", from);
  const toMs = to === undefined ? undefined : moment("to", to);
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs)
    throw new RelayError("malformed-directive", "to: expected a moment later than from");
  return {
    ...(lastMs === undefined ? {} : { lastMs }),
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
    ...(rendition === undefined ? {} : { rendition }),
  };
}

/** What `clips()` returns: `createMatch()` and the worker answer `clip.mp4` by it. */
export interface Clips {
  /** Tells it apart from its options. */
  readonly kind: "clips";
  /**
   * Answers with part of a stream's window as a file to keep. It is written as it is read: what breaks off midway fails.
   * @internal
   */
  answer(
    request: Request,
    query: URLSearchParams,
    stream: Stream,
    options: { readonly allowOrigin?: string },
  ): Promise<Response>;
}

/**
 * Serves `<stream>/clip.mp4`: part of a stream's window as one MP4 file. Who offers no clips need not carry the code that writes them.
 * @example
 * ```ts
 * serveRelay(self, { clips: clips() });
 * ```
 */
export function clips(): Clips {
  return { kind: "clips", answer: answerClip };
}

async function answerClip(
  request: Request,
  query: URLSearchParams,
  stream: Stream,
  { allowOrigin }: { readonly allowOrigin?: string },
): Promise<Response> {
  const stopped = new AbortController();
  const clip = await clipStream(stream, parseClipAsk(query), AbortSignal.any([request.signal, stopped.signal]));
  const start = new Date(clip.startWallMs).toISOString();
  const headers = new Headers({
    "content-type": clip.hasVideo ? "video/mp4" : "audio/mp4",
    "content-length": String(clip.sizeBytes),
    // No colons: some file systems know none in names.
    "content-disposition": `attachment; filename="${stream.name}-${start.replaceAll(":", "-")}.mp4"`,
    "cache-control": "no-store",
    // The same address is another clip a moment later, so there are no ranges of it.
    "accept-ranges": "none",
    // RFC 8941: a dictionary; times in seconds.
    "eddy-clip": `start="${start}", duration=${(clip.durationMs / 1000).toFixed(3)}${clip.isCut ? ", cut" : ""}`,
  });
  if (allowOrigin !== undefined) {
    headers.set("access-control-allow-origin", allowOrigin);
    headers.set("access-control-expose-headers", "content-disposition, eddy-clip");
  }
  if (request.method === "HEAD") {
    stopped.abort();
    return new Response(null, { headers });
  }
  return new Response(bodyOf(clip, stopped), { headers });
}

function bodyOf(clip: StreamClip, stopped: AbortController): ReadableStream<Bytes> {
  const chunks = clip.chunks();
  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        stopped.abort();
        await chunks.return();
      },
    },
    { highWaterMark: 0 },
  );
}

function once(query: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = query.getAll(name);
  if (more.length === 0) return value;
  throw new RelayError("malformed-directive", `${name}: expected once, got it ${more.length + 1} times`);
}

function seconds(text: string): number {
  const value = Number(text);
  if (/^\d{1,5}(?:\.\d{1,3})?$/.test(text) && value >= 1 && value <= MAX_LAST_S) return Math.round(value * 1000);
  throw new RelayError("malformed-directive", `last: expected 1 to ${MAX_LAST_S} seconds, got ${shown(text)}`);
}

function moment(name: string, text: string): number {
  const [, day = "", time = "", sign, hours = "", minutes = ""] = MOMENT.exec(text) ?? [];
  // A plus sign that nobody encoded stands for a space in a query.
  const zone = sign === undefined ? "Z" : `${sign === " " ? "+" : sign}${hours}:${minutes}`;
  const ms = Date.parse(`${day}${time}${zone}`);
  // Some readers take 30 February for 2 March.
  if (!Number.isNaN(ms) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)) return ms;
  throw new RelayError(
    "malformed-directive",
    `${name}: expected a date and time in ISO 8601 with its zone, such as 2026-05-01T12:00:00Z, got ${shown(text)}`,
  );
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
