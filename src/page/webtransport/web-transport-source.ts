import { RelayError } from "../../model/errors.ts";

/** Where your server is. */
export interface WebTransportOptions {
  /** Of one stream at your server, absolute, of https. */
  readonly url: string | URL;
  /** SHA-256 of certificates that are trusted although nobody vouches for them, in hex: valid for 14 days at most. */
  readonly certificateHashes?: readonly string[];
}

/** What `webtransport()` returns: a server of your own, to join by or to publish to. */
export interface WebTransportSource {
  /** Tells the sources apart. */
  readonly kind: "webtransport";
  /** Absolute, of https. */
  readonly url: string;
  /** In hex; empty where the browser's own trust decides. */
  readonly certificateHashes: readonly string[];
}

/**
 * A server of your own that takes parts over WebTransport and gives them on, as docs/wire.md says, without MoQ. Nothing is
 * connected to until a stream is joined or published.
 * @throws RelayError `invalid-option` for what is no URL of https
 * @example
 * ```ts
 * const session = await relay.join("studio", { relay: webtransport({ url: "https://live.example.org/studio" }), fingerprint });
 * ```
 */
export function webtransport({ url, certificateHashes = [] }: WebTransportOptions): WebTransportSource {
  const text = String(url);
  const found = URL.canParse(text) ? new URL(text) : undefined;
  if (found?.protocol !== "https:") {
    throw new RelayError("invalid-option", `url: expected a URL of https, got ${text.slice(0, 80)}`);
  }
  // The API refuses it.
  if (found.hash !== "")
    throw new RelayError("invalid-option", `url: expected none with a fragment, got ${found.hash}`);
  for (const hash of certificateHashes) {
    if (!/^(?:[0-9a-f]{2}){32}$/i.test(hash)) {
      throw new RelayError("invalid-option", `certificateHashes: expected 64 hex digits, got "${hash.slice(0, 80)}"`);
    }
  }
  return { kind: "webtransport", url: found.href, certificateHashes };
}
