import { RelayError } from "../model/errors.ts";

/** How an origin is asked, and what of it may be shared. */
export interface OriginOptions {
  /**
   * Where `npx eddy-hls sign` serves the headers of this stream. With them, and the key's fingerprint, viewers can pass its parts to each
   * other and prove them.
   */
  readonly signedHeaders?: string | URL;
  /** Of every request. Default `omit`. */
  readonly credentials?: "omit" | "same-origin" | "include";
  /** Sent with every request, such as a token. Default none. */
  readonly requestHeaders?: Readonly<Record<string, string>>;
  /**
   * Whether media may be passed on to other viewers. Default: where requests carry neither credentials nor headers of their own, since
   * what those open is not for everybody. Playlists, keys and subtitles are never passed on.
   */
  readonly share?: boolean;
  /** Ids of the renditions that are followed. Default: the first variant, and what is beside it. */
  readonly renditions?: readonly string[];
  /**
   * What makes it the same stream for all viewers. Default: the URL. To be said where URLs differ from viewer to viewer, as with tokens.
   */
  readonly identity?: string;
}

/** What `origin()` returns: one of the sources of `relay.join()`. */
export interface OriginSource extends OriginOptions {
  /** Absolute. */
  readonly url: string;
}

/**
 * An HLS or LL-HLS stream that some server publishes. Nothing is asked for until a stream is joined.
 * @throws RelayError `invalid-option` for what is no URL of http or https
 * @example
 * ```ts
 * const session = await relay.join("news", { origin: origin("https://example.org/live/main.m3u8") });
 * ```
 */
export function origin(url: string | URL, options: OriginOptions = {}): OriginSource {
  const { signedHeaders } = options;
  return {
    ...options,
    url: absolute("url", url),
    ...(signedHeaders === undefined ? {} : { signedHeaders: absolute("signedHeaders", signedHeaders) }),
  };
}

function absolute(what: string, url: string | URL): string {
  const text = String(url);
  const found = URL.canParse(text, location.href) ? new URL(text, location.href) : undefined;
  if (found !== undefined && /^https?:$/.test(found.protocol)) {
    found.hash = "";
    return found.href;
  }
  throw new RelayError("invalid-option", `${what}: expected a URL of http or https, got ${text.slice(0, 80)}`);
}
