import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { delay } from "../model/delay.ts";
import { RelayError } from "../model/errors.ts";
import { untilAborted } from "../model/on-abort.ts";
import type { Network } from "../reader/exchange.ts";
import { backoffMs } from "./backoff.ts";
import { type MediaRef, refId } from "./follow-events.ts";
import { askOrigin, malformed, type OriginAnswer, type OriginFailure, whatCame } from "./origin-answer.ts";

export interface MediaFetcherOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: () => number;
  /** Most bytes of one part, segment or init segment. */
  readonly maxBytes: number;
  /** All tries of one fetch together. A hinted part may be held by the origin for as long. */
  readonly deadlineMs: number;
}

/** Requests at once; who asks for more has lost count. */
const MAX_FLIGHTS = 64;
const MAX_TRIES = 5;
/** What is listed, and is not there, may not have reached this cache yet. */
const MAX_TRIES_NOT_FOUND = 2;
/** A connection that hangs is given up, and tried anew, well before everything is. */
const TRIES_WITHIN_DEADLINE = 3;
/** Parts that were asked for before they were listed, and may be listed elsewhere than they were expected. */
const MAX_KEPT = 4;

interface Flight {
  readonly id: string;
  readonly bytes: Promise<Bytes>;
  readonly aborter: AbortController;
  /** Tells an open range where it ends. */
  readonly close: (lengthBytes: number) => void;
  waiters: number;
}

/** Fetches media of an origin: each resource once, however many ask for it at a time. */
export class MediaFetcher {
  readonly #options: MediaFetcherOptions;
  readonly #flights = new Map<string, Flight>();
  /** By the start of the resource, oldest first. */
  readonly #kept = new Map<string, Bytes>();

  constructor(options: MediaFetcherOptions) {
    this.#options = options;
  }

  /**
   * The bytes of a part, segment or init segment; who asks must not change them, since others may have asked too.
   * @throws RelayError `media-not-found` (404, 410), `origin-unreachable`, `origin-malformed`; the signal's reason
   */
  async fetch(ref: MediaRef, hinted: boolean, signal: AbortSignal): Promise<Bytes> {
    if (signal.aborted) throw signal.reason;
    const kept = this.#kept.get(startOf(ref));
    if (kept !== undefined && isMet(ref, kept)) return kept;
    const flight = this.#flightOf(ref) ?? this.#start(ref, hinted);
    return this.#join(flight, signal);
  }

  /** A part is listed: an open range that begins there ends with it. */
  listed(ref: MediaRef): void {
    const { lengthBytes } = ref.range ?? {};
    if (lengthBytes !== undefined) this.#flights.get(openId(ref))?.close(lengthBytes);
  }

  /** The same resource, or one that starts there and whose end was open. */
  #flightOf(ref: MediaRef): Flight | undefined {
    return this.#flights.get(refId(ref)) ?? (ref.range === undefined ? undefined : this.#flights.get(openId(ref)));
  }

  #start(ref: MediaRef, hinted: boolean): Flight {
    if (this.#flights.size >= MAX_FLIGHTS) {
      throw new RelayError("waiter-limit", `expected at most ${MAX_FLIGHTS} requests of media at once`);
    }
    const aborter = new AbortController();
    let close = (_lengthBytes: number): void => undefined;
    const lengthBytes = new Promise<number>((resolve) => {
      close = resolve;
    });
    const isOpen = ref.range !== undefined && ref.range.lengthBytes === undefined;
    const id = refId(ref);
    const bytes = this.#tries(ref, { hinted, signal: aborter.signal, ...(isOpen ? { lengthBytes } : {}) })
      .then((whole) => {
        if (hinted) this.#keep(ref, whole);
        return whole;
      })
      .finally(() => this.#forget(id, aborter));
    // Whoever waited may have gone.
    bytes.catch(() => undefined);
    const flight: Flight = { id, bytes, aborter, close, waiters: 0 };
    this.#flights.set(id, flight);
    return flight;
  }

  async #join(flight: Flight, signal: AbortSignal): Promise<Bytes> {
    flight.waiters += 1;
    try {
      return await untilAborted(flight.bytes, signal);
    } finally {
      flight.waiters -= 1;
      if (flight.waiters === 0) {
        // At once, so that nobody joins it any more.
        this.#forget(flight.id, flight.aborter);
        flight.aborter.abort(new DOMException("nobody waits for it", "AbortError"));
      }
    }
  }

  #forget(id: string, aborter: AbortController): void {
    if (this.#flights.get(id)?.aborter === aborter) this.#flights.delete(id);
  }

  #keep(ref: MediaRef, bytes: Bytes): void {
    this.#kept.set(startOf(ref), bytes);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }

  async #tries(
    ref: MediaRef,
    ask: { readonly hinted: boolean; readonly signal: AbortSignal; readonly lengthBytes?: Promise<number> },
  ): Promise<Bytes> {
    const { clock, random, deadlineMs } = this.#options;
    const { hinted, signal } = ask;
    const untilMs = clock.now() + deadlineMs;
    for (let tries = 1; ; tries++) {
      const leftMs = untilMs - clock.now();
      const tryMs = hinted ? leftMs : Math.min(leftMs, deadlineMs / TRIES_WITHIN_DEADLINE);
      const answer = await this.#try(ref, { ...ask, deadlineMs: tryMs });
      if (answer instanceof Uint8Array) return answer;
      const { status, error, retryAfterMs } = answer;
      const waitMs = backoffMs(tries, random, retryAfterMs);
      const isGone = status === 404 || status === 410;
      // 6.2.6: a hint that is not kept is answered 404.
      const isOver = isGone ? hinted || tries >= MAX_TRIES_NOT_FOUND : !isPassing(status) || tries >= MAX_TRIES;
      if (isOver || clock.now() + waitMs >= untilMs) {
        throw isGone ? new RelayError("media-not-found", error.message, { cause: error }) : error;
      }
      await delay(clock, waitMs, signal);
    }
  }

  async #try(
    ref: MediaRef,
    ask: { readonly signal: AbortSignal; readonly deadlineMs: number; readonly lengthBytes?: Promise<number> },
  ): Promise<Bytes | OriginFailure> {
    const { network, maxBytes } = this.#options;
    const { lengthBytes: closedBytes } = ask;
    const { url, range } = ref;
    const { offsetBytes = 0, lengthBytes } = range ?? {};
    const last = lengthBytes === undefined ? "" : offsetBytes + lengthBytes - 1;
    // Where the range is not heard, everything before it comes too.
    const answer = await askOrigin(network, {
      kind: "part",
      url,
      maxBytes: maxBytes + (range === undefined ? 0 : offsetBytes),
      ...(range === undefined ? {} : { range: `bytes=${offsetBytes}-${last}` }),
      signal: ask.signal,
      deadlineMs: ask.deadlineMs,
      ...(closedBytes === undefined
        ? {}
        : { lengthBytes: async (status: number) => (await closedBytes) + (status === 206 ? 0 : offsetBytes) }),
    });
    return answer.ok ? mediaOf(answer, ref, await settled(closedBytes)) : answer;
  }
}

/** What it resolved with by now. */
function settled(value: Promise<number> | undefined): Promise<number | undefined> {
  return Promise.race([value, Promise.resolve(undefined)]);
}

function mediaOf(
  { bytes, status, headers }: Extract<OriginAnswer, { ok: true }>,
  { url, range }: MediaRef,
  closedBytes: number | undefined,
): Bytes | OriginFailure {
  if (bytes.byteLength === 0) return malformed(`${url}: expected media, got nothing`);
  if (/^text\/html\b/i.test(headers.get("content-type") ?? "")) {
    const start = new TextDecoder().decode(bytes.subarray(0, 200));
    return malformed(`${url}: expected media, got ${whatCame(headers, start)}`);
  }
  if (range === undefined) return bytes;
  const { offsetBytes } = range;
  const lengthBytes = range.lengthBytes ?? closedBytes;
  // RFC 9110 14.2: a server may ignore the range, and answers with the whole then.
  const startBytes = status === 206 ? 0 : offsetBytes;
  const cut = bytes.subarray(startBytes, lengthBytes === undefined ? undefined : startBytes + lengthBytes);
  const isShort = lengthBytes !== undefined && cut.byteLength < lengthBytes;
  if (!isShort && cut.byteLength > 0) return cut.byteLength === bytes.byteLength ? bytes : cut.slice();
  return malformed(`${url}: expected ${lengthBytes ?? "media"} bytes from ${offsetBytes} on, got ${cut.byteLength}`);
}

/** Whether what failed may be better the next time: nothing came, or the server says so of itself. */
function isPassing(status: number): boolean {
  return status === 0 || status >= 500 || status === 408 || status === 425 || status === 429;
}

function openId({ url, range }: MediaRef): string {
  return refId({ url, range: { offsetBytes: range?.offsetBytes ?? 0 } });
}

function startOf({ url, range }: MediaRef): string {
  return range === undefined ? url : openId({ url, range });
}

/** Whether what was fetched for one is all of the other. */
function isMet({ range }: MediaRef, kept: Bytes): boolean {
  return range?.lengthBytes === undefined || range.lengthBytes === kept.byteLength;
}
