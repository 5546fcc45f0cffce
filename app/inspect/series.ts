import { type InspectedRendition, SLOT_SOURCES } from "eddy-hls";
import type { LoggedRequest } from "./request-log.ts";

/** How much of the past the charts show, at one point a second. */
const MAX_POINTS = 120;

export const SERIES = ["latency", "buffer", "arrival", "playlist", "media", "page", "peer", "origin"] as const;
export type SeriesName = (typeof SERIES)[number];
export type Point = Partial<Record<SeriesName, number>> & { readonly peers?: ReadonlyMap<string, number> };

/** Figures of the last two minutes, in columns as charts take them. */
export class Series {
  readonly #times: number[] = [];
  readonly #points: Point[] = [];

  add(atMs: number, point: Point): void {
    this.#times.push(atMs / 1000);
    this.#points.push(point);
    if (this.#times.length <= MAX_POINTS) return;
    this.#times.shift();
    this.#points.shift();
  }

  /** Times in seconds, and one column for each name: null where nothing is known. */
  columns(names: readonly SeriesName[]): [number[], ...(number | null)[][]] {
    return [[...this.#times], ...names.map((name) => this.#points.map((point) => point[name] ?? null))];
  }

  /** Delays of peers in ms, one column for each that was seen. */
  peers(): { readonly names: readonly string[]; readonly columns: [number[], ...(number | null)[][]] } {
    const names = [...new Set(this.#points.flatMap(({ peers }) => [...(peers?.keys() ?? [])]))];
    const columns = names.map((name) => this.#points.map(({ peers }) => peers?.get(name) ?? null));
    return { names, columns: [[...this.#times], ...columns] };
  }
}

/** Mean time between the parts that a rendition took since `sinceMs`; undefined where it took fewer than two. */
export function arrivalMs({ slots }: InspectedRendition, sinceMs: number): number | undefined {
  const times: number[] = [];
  for (let column = slots.takenAtMs.length - 1; column >= 0; column--) {
    const atMs = slots.takenAtMs[column] ?? 0;
    if (atMs === 0) break;
    times.push(atMs);
    // The one before the first counts, too: it says when the wait for that began.
    if (atMs < sinceMs) break;
  }
  const [last, first] = [times[0], times.at(-1)];
  return last === undefined || first === undefined || times.length < 2
    ? undefined
    : (last - first) / (times.length - 1);
}

/** Mean time to an answer of what was answered since `sinceMs`: of playlists, and of media. */
export function delaysMs(requests: readonly LoggedRequest[], sinceMs: number): Pick<Point, "playlist" | "media"> {
  const playlists: number[] = [];
  const media: number[] = [];
  for (const { askedAtMs, answeredAfterMs, kind } of requests) {
    if (answeredAfterMs === undefined || askedAtMs + answeredAfterMs < sinceMs) continue;
    if (kind === "media" || kind === "multivariant") playlists.push(answeredAfterMs);
    if (kind === "part" || kind === "segment" || kind === "init") media.push(answeredAfterMs);
  }
  return {
    ...(playlists.length === 0 ? {} : { playlist: mean(playlists) }),
    ...(media.length === 0 ? {} : { media: mean(media) }),
  };
}

/** Bits per second that were taken in from each source, between two looks at what was taken. */
export function sourceRates(
  before: Readonly<Record<string, number>> | undefined,
  after: Readonly<Record<string, number>>,
  elapsedMs: number,
): Pick<Point, "page" | "peer" | "origin"> {
  if (before === undefined || elapsedMs <= 0) return {};
  const rates: Partial<Record<"page" | "peer" | "origin", number>> = {};
  for (const source of SLOT_SOURCES) {
    if (source === "unknown") continue;
    // A worker that began anew counts from nothing.
    rates[source] = (Math.max(0, (after[source] ?? 0) - (before[source] ?? 0)) * 8) / elapsedMs;
  }
  return rates;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
