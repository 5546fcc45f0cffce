import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { onAbort, untilAborted } from "../model/on-abort.ts";
import type { ListedResource } from "./media-playlist.ts";

export type ExchangeKind = "multivariant" | "playlist" | "part" | "segment" | "init" | "probe";

/** One request and all of its answer, with the times that matter. */
export interface Exchange {
  readonly kind: ExchangeKind;
  readonly url: string;
  /** Where the answer came from, after redirects: what its own URIs are relative to. */
  readonly location: string;
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
export type CacheMode = "no-store" | "default";
export type FetchInit = RequestInit & { readonly cache: CacheMode };
export type Fetch = (url: string, init: FetchInit) => Promise<Response>;

export interface Ask {
  readonly kind: ExchangeKind;
  readonly url: string;
  readonly range?: string;
  readonly method?: "GET" | "HEAD";
  readonly signal: AbortSignal;
  /** The answer must have ended by then. */
  readonly deadlineMs: number;
  /** Default 128 MiB, which no part, segment or playlist comes near. */
  readonly maxBytes?: number;
  /** Reading ends when so many bytes have come: of an answer with that status, whose end nobody knows yet. */
  readonly lengthBytes?: (status: number) => Promise<number>;
}

export interface Network {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** Sent with each request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Default `no-store`. */
  readonly cache?: CacheMode;
  /** Default: what `fetch` does by itself. */
  readonly credentials?: Credentials;
}

export type Credentials = "omit" | "same-origin" | "include";

const MAX_BODY_BYTES = 128 * 1024 * 1024;

/** Rejects with the fetch's own error, a DOMException `TimeoutError`, or a RangeError where the body is too long. */
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
    // A worker's fetch does not always end with its signal.
    const response = await untilAborted(
      network.fetch(ask.url, {
        method: ask.method ?? "GET",
        headers,
        signal: aborter.signal,
        cache: network.cache ?? "no-store",
        ...(network.credentials === undefined ? {} : { credentials: network.credentials }),
      }),
      aborter.signal,
    );
    const headMs = clock.now();
    const { bytes, firstByteMs } = await readBody(response, { clock, signal: aborter.signal, ask });
    const { kind, url, range } = ask;
    const { status, headers: answered } = response;
    const times = { askedMs, headMs, firstByteMs: firstByteMs ?? clock.now(), endMs: clock.now() };
    // A Response that no network made has no URL.
    const location = response.url || url;
    return {
      kind,
      url,
      location,
      ...(range === undefined ? {} : { range }),
      status,
      headers: answered,
      bytes,
      ...times,
    };
  } finally {
    cancelTimer();
    forget();
  }
}

async function readBody(
  response: Response,
  { clock, signal, ask }: { readonly clock: Clock; readonly signal: AbortSignal; readonly ask: Ask },
): Promise<{ bytes: Bytes; firstByteMs: number | undefined }> {
  const { maxBytes = MAX_BODY_BYTES, lengthBytes } = ask;
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  let firstByteMs: number | undefined;
  let wantedBytes = Number.POSITIVE_INFINITY;
  const isWhole = lengthBytes?.(response.status).then(async (known) => {
    wantedBytes = known;
    // What is still to come ends the loop itself.
    return sizeBytes >= known ? ENOUGH : new Promise<never>(() => undefined);
  });
  while (reader !== undefined && sizeBytes < wantedBytes) {
    const read = untilAborted(reader.read(), signal);
    const { done, value } = await (isWhole === undefined ? read : Promise.race([read, isWhole]));
    if (done) break;
    firstByteMs ??= clock.now();
    sizeBytes += value.byteLength;
    if (sizeBytes > maxBytes) {
      // Whose body never ends may never say that it has been let go either.
      reader.cancel().catch(() => undefined);
      throw new RangeError(`expected at most ${maxBytes} bytes of ${ask.url}`);
    }
    chunks.push(value);
  }
  if (wantedBytes !== Number.POSITIVE_INFINITY) reader?.cancel().catch(() => undefined);
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return { bytes, firstByteMs };
}

const ENOUGH = { done: true, value: undefined } as const;

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
