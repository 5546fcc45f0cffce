import { parseOpenRange } from "../http/byte-range.ts";
import { parseDirectives } from "../http/directives.ts";
import { parseRoute, type Route } from "../http/route.ts";
import {
  allSegments,
  hintOf,
  type MediaPlaylist,
  nextPosition,
  type Position,
  segmentMs,
} from "../reader/media-playlist.ts";
import { parseMediaPlaylist } from "../reader/playlist-reader.ts";
import type { RequestMatch } from "./origin-fault.ts";

/** A request as a fault sees it. */
export interface AskedRequest {
  /** Name of the stream. */
  readonly stream: string;
  /** What is asked for. */
  readonly kind: NonNullable<RequestMatch["kind"]>;
  /** Id of the rendition; absent of a Multivariant Playlist. */
  readonly rendition?: string;
  /** Of the segment, of the part's segment, or that a playlist was asked to wait for; absent where none is known. */
  readonly msn?: number;
  /** Index of the part in its segment, asked for or waited for; absent where none is known. */
  readonly part?: number;
  /** Who asked, as far as the browser says. */
  readonly page: string;
}

/** Places of parts that are remembered, of each rendition: the newest. */
const MAX_PLACES = 1_000;

/** Knows what requests are for: by their path, and of a part where it stands by the playlists that its player was given. */
export class RequestReader {
  readonly #base: string;
  readonly #places = new Map<string, Map<string, Position>>();
  /** By how much the numbers that players were told last are others. */
  readonly #jumps = new Map<string, number>();

  constructor(base: string) {
    this.#base = base;
  }

  /** Undefined for what is no playlist and no media of a stream. */
  read(request: Request): AskedRequest | undefined {
    const url = new URL(request.url);
    const route = routeOf(url.pathname, this.#base);
    if (route === undefined || route.kind === "stats" || route.kind === "clip") return undefined;
    const { kind, stream } = route;
    const asked = { kind, stream, page: request.headers.get("referer") ?? request.referrer };
    if (route.kind === "multivariant") return asked;
    const { rendition } = route;
    const key = `${stream}/${rendition}`;
    const places = this.#places.get(key);
    const told = (msn: number): number => Math.max(0, msn + (this.#jumps.get(key) ?? 0));
    const at = (place: Position | undefined) => place && { msn: told(place.msn), part: place.part };
    switch (route.kind) {
      case "media":
        return { ...asked, rendition, ...directivesOf(url.searchParams) };
      case "part":
        return { ...asked, rendition, ...at(places?.get(fileOf(url.pathname))) };
      case "segment": {
        // A part that is a range of its segment has no URI of its own.
        const range = parseOpenRange(request.headers.get("range"));
        const place = at(range && places?.get(rangeOf(url.pathname, range.start, range.end)));
        if (place !== undefined) return { ...asked, kind: "part", rendition, ...place };
        return { ...asked, rendition, msn: told(route.number) };
      }
      case "init":
        return { ...asked, rendition };
    }
  }

  /** Notes where the parts of a Media Playlist stand, that which is hinted included; players are told numbers that are others by `jump`. */
  note(
    { stream, rendition }: AskedRequest,
    url: string,
    { text, jump }: { readonly text: string; readonly jump: number },
  ): void {
    const playlist = parseMediaPlaylist(text, url);
    const key = `${stream}/${rendition}`;
    const places = this.#places.get(key) ?? new Map<string, Position>();
    this.#places.set(key, places);
    this.#jumps.set(key, jump);
    for (const { msn, parts } of allSegments(playlist).slice(-4)) {
      for (const [part, { uri, range }] of parts.entries()) {
        const end = range && range.offsetBytes + range.lengthBytes;
        places.set(range === undefined ? fileOf(uri) : rangeOf(uri, range.offsetBytes, end), { msn, part });
      }
    }
    const hint = hintOf(playlist, "PART")?.values;
    const [hinted, start] = [hint?.get("URI"), hint?.get("BYTERANGE-START")];
    if (hinted !== undefined) {
      places.set(start === undefined ? fileOf(hinted) : rangeOf(hinted, Number(start)), hintedPosition(playlist));
    }
    for (const [oldest] of places) {
      if (places.size <= MAX_PLACES) break;
      places.delete(oldest);
    }
  }
}

/** Whether all that is given holds; `nth` is counted by who asks. */
export function isMatch({ kind, rendition, msn, part }: RequestMatch, asked: AskedRequest): boolean {
  return (
    (kind === undefined || kind === asked.kind) &&
    (rendition === undefined || rendition === asked.rendition) &&
    (msn === undefined || msn === asked.msn) &&
    (part === undefined || part === asked.part)
  );
}

/** Epoch and file: the same in every way to write a URI, and no other part's. */
function fileOf(uri: string): string {
  return uri.split("?")[0]?.split("/").slice(-2).join("/") ?? uri;
}

/** A player cannot know whether the next part opens a segment; here a segment that is as long as the target duration gets no more. */
function hintedPosition(playlist: MediaPlaylist): Position {
  const next = nextPosition(playlist);
  const { open, partTargetMs = 0, targetDurationMs = Number.POSITIVE_INFINITY } = playlist;
  if (open === undefined) return next;
  // A range says it itself.
  const start = hintOf(playlist, "PART")?.values.get("BYTERANGE-START");
  const isFull = start === undefined ? segmentMs(open) + partTargetMs / 2 > targetDurationMs : start === "0";
  return isFull ? { msn: next.msn + 1, part: 0 } : next;
}

/** Of a file that grows, from `start` to before `end`, or to where it ends. */
function rangeOf(uri: string, start: number, end?: number): string {
  return `${fileOf(uri)} ${start}-${end ?? ""}`;
}

function routeOf(pathname: string, base: string): Route | undefined {
  if (!pathname.startsWith(base)) return undefined;
  try {
    return parseRoute(pathname.slice(base.length));
  } catch {
    return undefined; // the origin says what is wrong with it
  }
}

function directivesOf(query: URLSearchParams): { readonly msn?: number; readonly part?: number } {
  try {
    const { msn, part } = parseDirectives(query);
    return { ...(msn === undefined ? {} : { msn }), ...(part === undefined ? {} : { part }) };
  } catch {
    return {};
  }
}
