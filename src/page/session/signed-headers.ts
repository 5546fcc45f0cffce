import type { Follower } from "../../follow/follow-origin.ts";
import type { Bytes } from "../../model/bytes.ts";
import type { Clock } from "../../model/clock.ts";
import { RelayError } from "../../model/errors.ts";
import type { PartKey, SignedHeader } from "../../model/part-header.ts";
import { exchange, type Fetch } from "../../reader/exchange.ts";
import { decodeSignedHeader } from "../../wire/part-header-codec.ts";
import type { OriginSource } from "../sources.ts";

const CARD_DEADLINE_MS = 10_000;
/** The signer answers within three target durations, or says that it has not. */
const MAX_HEADER_BYTES = 64 * 1024;

/** Of an origin whose stream is signed elsewhere; undefined where nobody does. */
export function signedHeaders(
  { signedHeaders: url }: OriginSource,
  follower: Follower,
  clock: Clock,
): SignedHeaders | undefined {
  if (url === undefined) return undefined;
  const { targetDurationMs = 6_000 } = follower.presentation.stream;
  return new SignedHeaders({ url: String(url), clock, targetDurationMs });
}

export interface SignedHeadersOptions {
  /** Folder that `npx eddy-hls sign` serves. */
  readonly url: string;
  readonly clock: Clock;
  readonly targetDurationMs: number;
  readonly fetch?: Fetch;
}

/** Asks the signer beside an origin. What it says is yet to be proven. */
export class SignedHeaders {
  readonly #options: SignedHeadersOptions;

  constructor(options: SignedHeadersOptions) {
    this.#options = options;
  }

  /** @throws RelayError `origin-unreachable`; the signal's reason */
  card(signal: AbortSignal): Promise<Bytes> {
    return this.#ask("card", CARD_DEADLINE_MS, signal);
  }

  /** @throws RelayError `origin-unreachable`, `malformed-frame`; the signal's reason */
  async header({ rendition, msn, part }: PartKey, signal: AbortSignal): Promise<SignedHeader> {
    const deadlineMs = 3 * this.#options.targetDurationMs + 1_000;
    return decodeSignedHeader(await this.#ask(`${rendition}/${msn}-${part}`, deadlineMs, signal));
  }

  async #ask(path: string, deadlineMs: number, signal: AbortSignal): Promise<Bytes> {
    const { url, clock, fetch = (asked, init) => globalThis.fetch(asked, init) } = this.#options;
    const asked = `${url.replace(/\/$/, "")}/${path}`;
    const network = { fetch, clock, headers: {}, cache: "default", credentials: "omit" } as const;
    try {
      const ask = { kind: "probe", url: asked, signal, deadlineMs, maxBytes: MAX_HEADER_BYTES } as const;
      const { status, bytes } = await exchange(network, ask);
      if (status === 200) return bytes;
      throw new RelayError("origin-unreachable", `expected an answer of ${asked}, got ${status}`);
    } catch (thrown) {
      if (signal.aborted) throw signal.reason;
      if (thrown instanceof RelayError) throw thrown;
      throw new RelayError("origin-unreachable", `${asked}: ${String(thrown)}`, { cause: thrown });
    }
  }
}
