import type { Bytes } from "../model/bytes.ts";
import { RelayError, type RelayErrorCode } from "../model/errors.ts";
import { type Ask, type Exchange, exchange, type Network } from "../reader/exchange.ts";

/** An answer, or why there is none of use. */
export type OriginAnswer =
  | {
      readonly ok: true;
      readonly bytes: Bytes;
      readonly status: number;
      readonly location: string;
      readonly headers: Headers;
    }
  | OriginFailure;

export interface OriginFailure {
  readonly ok: false;
  readonly error: RelayError;
  /** 0 where no answer came. */
  readonly status: number;
  readonly retryAfterMs: number;
}

/** Asks once. Rejects only when the ask's own signal has aborted, with its reason. */
export async function askOrigin(network: Network, ask: Ask): Promise<OriginAnswer> {
  let answer: Exchange;
  try {
    answer = await exchange(network, ask);
  } catch (thrown) {
    if (ask.signal.aborted) throw ask.signal.reason;
    // Too long a body is the origin's word; the rest is the network's.
    const code = thrown instanceof RangeError ? "origin-malformed" : "origin-unreachable";
    return failureOf(code, `${ask.url}: ${messageOf(thrown)}`, { cause: thrown });
  }
  const { status, headers, bytes, location } = answer;
  if (status !== 200 && status !== 206) {
    const error = new RelayError("origin-unreachable", `expected an answer of ${ask.url}, got ${status}`);
    return { ok: false, error, status, retryAfterMs: retryAfterOf(headers) };
  }
  // A host's fetch fails at a body that breaks off; a proxy in between may not. Of other hosts a page is not told whether an answer was
  // compressed (Fetch, "CORS-safelisted response-header"): one that is longer than stated was.
  const stated = headers.has("content-encoding") ? null : headers.get("content-length");
  const isCut = stated !== null && ask.lengthBytes === undefined && bytes.byteLength < Number(stated);
  if (isCut) return malformed(`${ask.url}: expected ${stated} bytes, got ${bytes.byteLength}`);
  return { ok: true, bytes, status, location, headers };
}

/** An answer that came, and is none. */
export function malformed(message: string): OriginFailure {
  return failureOf("origin-malformed", message);
}

function failureOf(code: RelayErrorCode, message: string, options?: ErrorOptions): OriginFailure {
  return { ok: false, error: new RelayError(code, message, options), status: 0, retryAfterMs: 0 };
}

/** An error of the network says no more than that it failed; its cause says why. */
function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { message, cause } = thrown;
  return cause instanceof Error && cause.message !== "" ? `${message}: ${cause.message}` : message;
}

/** Seconds; a date is as good as nothing, since clocks differ. */
function retryAfterOf(headers: Headers): number {
  const seconds = Number(headers.get("retry-after") ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

const SHOWN_CHARACTERS = 80;

/** An answer that is not what was asked for, as far as it helps to see what it is. */
export function whatCame(headers: Headers, text: string): string {
  const type = headers.get("content-type") ?? "no Content-Type";
  const start = text.trim().replace(/\s+/g, " ").slice(0, SHOWN_CHARACTERS);
  return `${type}${start === "" ? " without a body" : `: ${start}`}`;
}
