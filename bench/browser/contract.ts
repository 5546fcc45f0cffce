/** What the browser benchmark measures, and how its pages, its worker and its report speak of it. */

/** Scope of the bench worker; what lies outside of it goes to the HTTP server past any worker. */
export const SCOPE = "/bench/";
/** Base of the relay in that worker. */
export const BASE = "/bench/live/";
/** Different resources of each size, so that nobody answers one and the same again and again. */
export const RESOURCES = 16;
/** Parts of a segment, where segments are measured. */
export const PARTS_PER_SEGMENT = 16;
/** Cache of the workbox contestant. */
export const CACHE_NAME = "bench";

/** What the worker says once it holds a request. */
export const HELD_MESSAGE = "held";

export const CONTESTANTS = ["floor", "eddy", "eddy segment", "workbox", "indexeddb", "http"] as const;
export type Contestant = (typeof CONTESTANTS)[number];

/** Ways to make the body of a Response out of stored views. */
export const BODIES = ["pull, 0 ahead", "pull, 1 ahead", "start", "type bytes", "view", "blob"] as const;
export type BodyKind = (typeof BODIES)[number];

/** How much is measured. */
export interface Plan {
  /** Each contestant gets one batch in each round. */
  readonly rounds: number;
  /** No new fetch starts in a batch after this. */
  readonly batchMs: number;
  readonly sizesBytes: readonly number[];
  /** Fetches at a time. */
  readonly concurrency: readonly number[];
  readonly tabs: readonly number[];
  /** Parts posted per round of message to playlist. */
  readonly reloads: number;
  /** Whether the ways to make a body are measured too. */
  readonly bodies: boolean;
}

/** One batch that one tab runs: `concurrency` loops that fetch the URLs in turn. */
export interface Batch {
  readonly urls: readonly string[];
  /** Past the worker. */
  readonly plain: boolean;
  readonly sizeBytes: number;
  readonly concurrency: number;
  readonly batchMs: number;
}

/** What is known of one contestant in one cell of the table. */
export interface Figures {
  readonly name: string;
  readonly fetches: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** 1 MB is 1,000,000 bytes. */
  readonly mbPerS: number;
  /** Median over the rounds of its p50 by the p50 of the first contestant in the same round. */
  readonly ratio: number;
}

export interface Cell {
  readonly tabs: number;
  readonly concurrency: number;
  readonly sizeBytes: number;
  /** Views that the body was made of. */
  readonly pieces: number;
  readonly figures: readonly Figures[];
}

/** From posting a message to what follows from it. */
export interface Delay {
  readonly name: string;
  readonly sizeBytes: number;
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly ratio: number;
}

/** Work of the worker's own thread for one answer, from the Request to the Response, without the way to the page. */
export interface Work {
  readonly name: string;
  readonly us: number;
}

export interface Measured {
  readonly browser: string;
  readonly fetches: readonly Cell[];
  readonly bodies: readonly Cell[];
  readonly delays: readonly Delay[];
  readonly work: readonly Work[];
}

/** `Measured`, and where and when. */
export interface Report extends Measured {
  readonly date: string;
  readonly machine: string;
  readonly cores: number;
  readonly node: string;
  /** Of the last minute, as the run began and ended: the bench itself makes most of the second. */
  readonly load: readonly [number, number];
  readonly plan: Plan;
}

/** Asks the worker what an answer for this URL costs it. */
export function workUrl(url: string): string {
  return `${SCOPE}work?${new URLSearchParams({ url })}`;
}

export function bodyUrl(kind: BodyKind, pieces: number, sizeBytes: number): string {
  return `${SCOPE}body/${BODIES.indexOf(kind)}/${pieces}/${sizeBytes}`;
}

/** Of one resource of a contestant that has URLs of its own; the relay's stand in its playlists. */
export function resourceUrl(contestant: "floor" | "workbox" | "indexeddb" | "http", sizeBytes: number, n = 0): string {
  return contestant === "http" ? `/plain/${sizeBytes}?${n}` : `${SCOPE}${contestant}/${sizeBytes}/${n}`;
}
