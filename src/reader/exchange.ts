import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { onAbort } from "../model/on-abort.ts";
import type { ListedResource } from "./media-playlist.ts";

export type ExchangeKind = "multivariant" | "playlist" | "part" | "segment" | "init" | "probe";

/** One request and all of its answer, with the times that matter. */
export interface Exchange {
  readonly kind: ExchangeKind;
  readonly url: string;
  /** The Range header that was sent. */
  readonly range?: string;
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Bytes;
  readonly askedMs: number;
  readonly headMs: number;
  /** Of the first byte of the body; of the end where there is none. */
  readonly firstByteMs: number;
  readonly endMs: number;
}

/** What a host's `fetch` takes of us. `no-store` keeps a browser's own cache out of it. */
export type FetchInit = RequestInit & { readonly cache: "no-store" };
export type Fetch = (url: string, init: FetchInit) => Promise<Response>;

export interface Ask {
  readonly kind: ExchangeKind;
  readonly url: string;
  readonly range?: string;
  readonly method?: "GET" | "HEAD";
  readonly signal: AbortSignal;
  /** The answer must have ended by then. */
  readonly deadlineMs: number;
}

export interface Network {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** Sent with each request. */
  readonly headers: Readonly<Record<string, string>>;
}

/** No part, segment or playlist comes near this. */
const MAX_BODY_BYTES = 128 * 1024 * 1024;

/** Rejects with the fetch's own error, or a DOMException `TimeoutError`. */
export async function exchange(network: Network, ask: Ask): Promise<Exchange> {
  const { clock } = network;
  const aborter = new AbortController();
  const abort = (): void => aborter.abort(ask.signal.reason);
  if (ask.signal.aborted) abort();
  const forget = onAbort(ask.signal, abort);
  const cancelTimer = clock.after(ask.deadlineMs, () =>
    aborter.abort(new DOMException(`no answer within ${ask.deadlineMs} ms`, "TimeoutError")),
  );
  const askedMs = clock.now();
  try {
    const headers = ask.range === undefined ? network.headers : { ...network.headers, range: ask.range };
    const response = await untilAborted(
      network.fetch(ask.url, { method: ask.method ?? "GET", headers, signal: aborter.signal, cache: "no-store" }),
      aborter.signal,
    );
    const headMs = clock.now();
    const { bytes, firstByteMs } = await readBody(response, clock, aborter.signal);
    const { kind, url, range } = ask;
    const { status, headers: answered } = response;
    const times = { askedMs, headMs, firstByteMs: firstByteMs ?? clock.now(), endMs: clock.now() };
    return { kind, url, ...(range === undefined ? {} : { range }), status, headers: answered, bytes, ...times };
  } finally {
    cancelTimer();
    forget();
  }
}

/** A worker's fetch does not always end with its signal. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    const forget = onAbort(signal, () => reject(signal.reason));
    promise.then(resolve, reject).finally(forget);
  });
}

async function readBody(
  response: Response,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ bytes: Bytes; firstByteMs: number | undefined }> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  let firstByteMs: number | undefined;
  while (reader !== undefined) {
    const { done, value } = await untilAborted(reader.read(), signal);
    if (done) break;
    firstByteMs ??= clock.now();
    sizeBytes += value.byteLength;
    if (sizeBytes > MAX_BODY_BYTES) {
      await reader.cancel();
      throw new RangeError(`expected at most ${MAX_BODY_BYTES} bytes of ${response.url}`);
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return { bytes, firstByteMs };
}

/** How a resource of a playlist is asked for. */
export interface ResourceKey {
  readonly url: string;
  /** The Range header; undefined for a whole one. */
  readonly range: string | undefined;
  /** Both in one. */
  readonly id: string;
}

export function resourceKey(playlist: { readonly url: string }, { uri, range }: ListedResource): ResourceKey {
  const url = resolveUri(uri, playlist.url);
  const header = range && `bytes=${range.offsetBytes}-${range.offsetBytes + range.lengthBytes - 1}`;
  return { url, range: header, id: header === undefined ? url : `${url}@${header}` };
}

/** A URI of a playlist made absolute; the playlist's own where it is none, so that its answer is a finding. */
export function resolveUri(uri: string, base: string): string {
  return URL.canParse(uri, base) ? new URL(uri, base).href : base;
}
