import { RelayError } from "../../model/errors.ts";

/** One relay, and how to get in. */
export interface MoqRelay {
  /** Absolute, of https; `http` is for a relay of your own on this machine, whose certificate is asked for at `/certificate.sha256`. */
  readonly url: string;
  /** Goes with the URL as `jwt`; a function is asked at each connection, so that one which has expired is replaced. */
  readonly token?: string | (() => string | Promise<string>);
  /** SHA-256 of certificates that are trusted although nobody vouches for them, in hex: valid for 14 days at most. */
  readonly certificateHashes?: readonly string[];
  /** Where the relay takes WebSockets, if that is elsewhere. Default: the URL, by wss or ws. */
  readonly webSocket?: string;
  /** False for a relay that announces nothing: tracks are asked for by name. Default: what the relay is known for, else true. */
  readonly discovery?: boolean;
}

/** Which relay, and which broadcast there. */
export interface MoqOptions extends Omit<MoqRelay, "url"> {
  /** Absolute, of https; `http` is for a relay of your own on this machine. */
  readonly url: string | URL;
  /** Of the broadcast at the relay, such as `live/studio`. Default: the stream's name. */
  readonly name?: string;
  /** Asked where the first does not answer. It has the same broadcasts. */
  readonly backup?: Omit<MoqRelay, "url"> & { readonly url: string | URL };
}

/** What `moq()` returns: a relay of Media over QUIC, to join by or to publish to. */
export interface MoqSource {
  /** Tells the sources apart. */
  readonly kind: "moq";
  /** The preferred one first. */
  readonly relays: readonly MoqRelay[];
  /** Of the broadcast at the relay. Default: the stream's name. */
  readonly name?: string;
}

/**
 * A relay of Media over QUIC. Nothing is connected to until a stream is joined or published.
 * @throws RelayError `invalid-option` for what is no URL of http or https
 * @example
 * ```ts
 * const session = await relay.join("studio", { relay: moq({ url: "https://relay.example.org/demo" }) });
 * ```
 */
export function moq({ url, name, backup, ...rest }: MoqOptions): MoqSource {
  const first = checked({ ...rest, url });
  const relays = backup === undefined ? [first] : [first, checked(backup)];
  return { kind: "moq", relays, ...(name === undefined ? {} : { name: checkedName(name) }) };
}

function checked({ url, webSocket, ...rest }: Omit<MoqRelay, "url"> & { readonly url: string | URL }): MoqRelay {
  for (const hash of rest.certificateHashes ?? []) {
    if (!/^(?:[0-9a-f]{2}){32}$/i.test(hash)) {
      throw new RelayError("invalid-option", `certificateHashes: expected 64 hex digits, got "${hash.slice(0, 80)}"`);
    }
  }
  return {
    ...rest,
    url: absolute("url", String(url), /^https?:$/),
    ...(webSocket === undefined ? {} : { webSocket: absolute("webSocket", webSocket, /^(?:https?|wss?):$/) }),
  };
}

function absolute(what: string, text: string, protocols: RegExp): string {
  const found = URL.canParse(text) ? new URL(text) : undefined;
  if (found !== undefined && protocols.test(found.protocol)) return found.href;
  throw new RelayError("invalid-option", `${what}: expected a URL of https, got ${text.slice(0, 80)}`);
}

/** @throws RelayError `invalid-option` */
function checkedName(name: string): string {
  if (/^[^\p{Cc}]{1,256}$/u.test(name) && !name.split("/").includes("..")) return name;
  throw new RelayError("invalid-option", `name: expected 1 to 256 characters, got "${name.slice(0, 80)}"`);
}
