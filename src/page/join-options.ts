import type { Peers } from "./peers/peers.ts";
import type { RelaySource } from "./session/relay-feed.ts";
import type { OriginSource } from "./sources.ts";

/** By what a stream is joined; at least one source. */
export interface JoinOptions {
  /** Other viewers, and the page that publishes it. */
  readonly peers?: Peers;
  /** A server that publishes it. With peers, whoever is elected for a part asks it, and anybody does before a part is missed. */
  readonly origin?: OriginSource;
  /** A relay that it is published to, as `moq()` returns it; instead of an origin. */
  readonly relay?: RelaySource;
  /** Of the key that signs the stream, as the watch link has it. Needed with peers, unless integrity is `none`. */
  readonly fingerprint?: string;
  /**
   * `signed`: nothing of a peer is played that the key did not sign. `none`: whoever is in the room can show anything; for streams that
   * nobody signs, in rooms of people who trust each other. Default `signed`.
   */
  readonly integrity?: "signed" | "none";
  /** Gives up joining; a session that is open is closed by `close()`. */
  readonly signal?: AbortSignal;
}
