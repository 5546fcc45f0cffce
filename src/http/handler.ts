import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import type { ListKind } from "../origin/answers.ts";
import type { Playlists } from "../origin/playlists.ts";
import type { Rendition } from "../origin/rendition.ts";
import type { Stream } from "../origin/stream.ts";
import { streamOf } from "./body.ts";
import { parseByteRange, parseOpenRange } from "./byte-range.ts";
import type { Clips } from "./clip.ts";
import { parseDirectives } from "./directives.ts";
import { answerGrowing } from "./growing.ts";
import { parseRoute, type Route } from "./route.ts";
import { statusOf } from "./status.ts";
import { slice } from "./views.ts";

/** Where the origin stands, and what it may say. */
export interface HandlerOptions {
  /** Path that all URLs of the relay stand under, with a slash at both ends. Default `/live/`. */
  readonly base?: string;
  /**
   * Whether playlists are compressed for who accepts it. Only for a handler behind a real network: inside a Service Worker a
   * synthetic Response is never decoded (rule 61). Default false.
   */
  readonly gzip?: boolean;
  /** Access-Control-Allow-Origin, where another origin may read (rule 67). Default none. */
  readonly allowOrigin?: string;
  /** What `clips()` returns, where `<stream>/clip.mp4` is served. Default none: it is answered 404. */
  readonly clips?: Clips;
}

/** Answers a request, or gives undefined at once when it is not under the base: then it is the network's. */
export type Match = (request: Request) => Promise<Response> | undefined;

const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";
/** Playlists change all the time; media never does, as no URI is used twice (rules 28 and 66). */
const NEVER_STORED = "no-store";
const IMMUTABLE = "public, max-age=31536000, immutable";

interface Found {
  readonly type: string;
  readonly cacheControl: string;
  readonly views: readonly Bytes[];
  readonly gzipped?: boolean;
}

/**
 * The portable LL-HLS origin as a fetch handler.
 * @throws RelayError `invalid-option`; requests never throw: what goes wrong with one is its answer's status
 * @example
 * ```ts
 * const match = createMatch(new Playlists());
 * const response = await match(new Request("http://localhost/live/studio/main.m3u8")); // undefined: not under the base
 * ```
 */
export function createMatch(playlists: Playlists, options: HandlerOptions = {}): Match {
  const base = options.base ?? "/live/";
  if (!/^\/(?:[^?#]*\/)?$/.test(base)) {
    throw new RelayError(
      "invalid-option",
      `base: expected a path with a slash at both ends, got ${JSON.stringify(base)}`,
    );
  }
  return (request) => {
    const url = new URL(request.url);
    if (!url.pathname.startsWith(base)) return undefined;
    return answer(request, url).catch((thrown: unknown) => failure(RelayError.from(thrown), options));
  };

  async function answer(request: Request, url: URL): Promise<Response> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new RelayError("method-not-allowed", `expected GET or HEAD, got ${request.method}`);
    }
    const route = parseRoute(url.pathname.slice(base.length));
    const { clips } = options;
    if (route?.kind === "clip" && clips !== undefined)
      return clips.answer(request, url.searchParams, playlists.get(route.stream), options);
    if (route === undefined || route.kind === "clip")
      throw new RelayError("media-not-found", `nothing is served at ${url.pathname.slice(0, 200)}`);
    if (route.kind === "segment" && route.extension !== "vtt") {
      const rendition = playlists.get(route.stream).rendition(route.rendition);
      if (route.extension === rendition.container && rendition.grows(route.number))
        return growing(request, route, rendition);
    }
    return respond(request, await findOpen(request, url, route), options);
  }

  /** Who waits in playlists that others take the place of goes on in those, after their numbers: hls.js never asks again after a 410. */
  async function findOpen(request: Request, url: URL, route: Exclude<Route, { kind: "clip" }>): Promise<Found> {
    const holder = (): Stream | undefined => (route.kind === "stats" ? undefined : playlists.find(route.stream));
    const asked = holder();
    try {
      return await find(request, url, route);
    } catch (thrown) {
      const found = holder();
      const isReplaced = found !== undefined && found !== asked && RelayError.from(thrown).code === "closed";
      if (!isReplaced) throw thrown;
      return findOpen(request, url, route);
    }
  }

  async function growing(
    request: Request,
    route: Extract<Route, { number: number }>,
    rendition: Rendition,
  ): Promise<Response> {
    const { epoch, number } = route;
    const headers = { ...headersOf(rendition.contentType, NEVER_STORED, options), "accept-ranges": "bytes" };
    if (request.method === "HEAD") return new Response(null, { headers });
    const answer = await answerGrowing(
      (fromBytes, signal) => rendition.growing(epoch, number, fromBytes, signal),
      parseOpenRange(request.headers.get("range")),
      request.signal,
    );
    if (answer === undefined) throw notFound(route);
    return new Response(answer.body, { status: answer.status, headers: { ...headers, ...answer.headers } });
  }

  function find(request: Request, url: URL, route: Exclude<Route, { kind: "clip" }>): Found | Promise<Found> {
    if (route.kind === "stats") {
      const json = new TextEncoder().encode(JSON.stringify(playlists.stats));
      return { type: "application/json", cacheControl: NEVER_STORED, views: [json] };
    }
    const stream = playlists.get(route.stream);
    if (route.kind === "multivariant") return multivariant(stream, listOf(route), request);
    const rendition = stream.rendition(route.rendition);
    if (route.kind === "media") return mediaPlaylist(rendition, listOf(route), request, url);
    return media(rendition, route, request);
  }

  async function multivariant(stream: Stream, list: ListKind, request: Request): Promise<Found> {
    const playlist = await stream.multivariant(list, request.signal);
    return { type: PLAYLIST_TYPE, cacheControl: NEVER_STORED, views: [playlist] };
  }

  async function mediaPlaylist(rendition: Rendition, list: ListKind, request: Request, url: URL): Promise<Found> {
    const cached = await rendition.playlist(parseDirectives(url.searchParams), list, request.signal);
    const gzipped = options.gzip === true && acceptsGzip(request);
    return {
      type: PLAYLIST_TYPE,
      cacheControl: NEVER_STORED,
      views: gzipped ? [await cached.gzip] : cached.raw,
      gzipped,
    };
  }
}

async function media(
  rendition: Rendition,
  route: Extract<Route, { number: number }>,
  request: Request,
): Promise<Found> {
  const { kind, epoch, number } = route;
  if (route.extension !== rendition.container) throw notFound(route);
  const found =
    kind === "segment"
      ? await rendition.segment(epoch, number, request.signal)
      : kind === "init"
        ? await rendition.init(epoch, number, request.signal)
        : await rendition.part(epoch, number, request.signal);
  if (found === undefined) throw notFound(route);
  const views = found instanceof Uint8Array ? [found] : found;
  return { type: rendition.contentType, cacheControl: IMMUTABLE, views };
}

function listOf({ dvr }: { readonly dvr?: true }): ListKind {
  return dvr === true ? "dvr" : "live";
}

function notFound(route: Extract<Route, { number: number }>): RelayError {
  return new RelayError(
    "media-not-found",
    `"${route.stream}/${route.rendition}" has no ${route.kind} ${route.number} of ${route.epoch}: not there yet, gone, or a gap`,
  );
}

function acceptsGzip(request: Request): boolean {
  return /(?:^|,)\s*gzip\s*(?:;(?!\s*q=0(?:\.0*)?\s*(?:,|$))|,|$)/i.test(request.headers.get("accept-encoding") ?? "");
}

/** Not a Headers: a Response makes its own, and would copy one. */
function headersOf(type: string, cacheControl: string, { allowOrigin }: HandlerOptions): Record<string, string> {
  const headers: Record<string, string> = { "content-type": type, "cache-control": cacheControl };
  if (allowOrigin !== undefined) headers["access-control-allow-origin"] = allowOrigin;
  return headers;
}

function respond(request: Request, found: Found, options: HandlerOptions): Response {
  let { views } = found;
  let sizeBytes = 0;
  for (const view of views) sizeBytes += view.byteLength;
  const headers = headersOf(found.type, found.cacheControl, options);
  if (options.gzip === true && found.type === PLAYLIST_TYPE) headers.vary = "accept-encoding";
  if (found.gzipped === true) headers["content-encoding"] = "gzip";
  let status = 200;
  if (found.cacheControl === IMMUTABLE) {
    headers["accept-ranges"] = "bytes";
    try {
      // RFC 9110 14.2: of no other method.
      const range = request.method === "GET" ? parseByteRange(request.headers.get("range"), sizeBytes) : undefined;
      if (range !== undefined) {
        status = 206;
        headers["content-range"] = `bytes ${range.start}-${range.end - 1}/${sizeBytes}`;
        views = slice(views, range.start, range.end);
        sizeBytes = range.end - range.start;
      }
    } catch (thrown) {
      return failure(RelayError.from(thrown), options, { "content-range": `bytes */${sizeBytes}` });
    }
  }
  headers["content-length"] = String(sizeBytes);
  return new Response(request.method === "HEAD" ? null : streamOf(views), { status, headers });
}

function failure(error: RelayError, options: HandlerOptions, more: Record<string, string> = {}): Response {
  const headers = { ...headersOf("text/plain; charset=utf-8", NEVER_STORED, options), ...more };
  if (error.code === "method-not-allowed") headers.allow = "GET, HEAD";
  const status = statusOf(error.code);
  if (status === 503) headers["retry-after"] = "1";
  return new Response(`${error.code}: ${error.message}\n`, { status, headers });
}
