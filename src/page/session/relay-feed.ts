import type { Bytes } from "../../model/bytes.ts";
import type { Clock } from "../../model/clock.ts";
import type { RelayError } from "../../model/errors.ts";
import type { PartKey, StreamCard } from "../../model/part-header.ts";
import type { StreamProof } from "../../swarm/proof/stream-proof.ts";
import type { SharedPart, SwarmPeer } from "../../swarm/swarm-types.ts";
import { loadCode } from "../load-code.ts";
import type { MoqSource } from "../moq/moq-source.ts";
import type { WebTransportSource } from "../webtransport/web-transport-source.ts";
import type { FeedPosition } from "./feed-position.ts";
import type { SessionRelay } from "./session-stats.ts";

/** Where media comes from by itself; each kind is opened by `openRelayFeed()`. */
export type RelaySource = MoqSource | WebTransportSource;

/** What comes of a relay: parts, in whichever order, and what must be known to play them. */
export interface RelayFeed {
  /** What was received past the swarm, and how this browser stands with the relay. */
  readonly stats: { readonly bytes: number; readonly parts: number; readonly relay: SessionRelay };
  /** Connects, and again whenever that ends. Resolves when `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** The swarm asks: `provide()` or `fetchFailed()` follows. */
  fetch(key: PartKey, signal: AbortSignal): void;
}

export interface RelayFeedOptions {
  /** Of the stream, where the source names no other. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** Holds what comes against the stream's key; undefined where there is none to hold it against. */
  readonly proof: StreamProof | undefined;
  /** The swarm, where parts are passed on. */
  readonly swarm: Pick<SwarmPeer, "announce" | "provide" | "provideInit" | "fetchFailed" | "setCard"> | undefined;
  /** Where the page before stopped. */
  readonly last: (rendition: number) => FeedPosition | undefined;
  readonly listener: RelayFeedListener;
}

/** What is told comes in order: parts of a card follow it. */
export interface RelayFeedListener {
  /** The stream is known, or changed. Resolves when it is open here. */
  card(card: StreamCard): Promise<void>;
  init(digest: Bytes, bytes: Bytes): void;
  /** This part comes next in its rendition. `torn`: on a timeline of its own. Of what is signed, the headers tell. */
  list(key: PartKey, torn: boolean): void;
  part(part: SharedPart): void;
  miss(key: PartKey): void;
  /** Why nothing comes, or what came that was wrong; undefined when all is well. */
  trouble(error: RelayError | undefined): void;
}

export type OpenRelayFeed = (source: RelaySource, options: RelayFeedOptions) => Promise<RelayFeed>;

/** Each kind is loaded when it is used. */
export const openRelayFeed: OpenRelayFeed = async (source, options) => {
  if (source.kind === "webtransport") {
    const { WebTransportFeed } = await loadCode("relays", import("../webtransport/web-transport-feed.ts"));
    return new WebTransportFeed(source, options);
  }
  const { MoqFeed } = await loadCode("relays", import("../moq/moq-feed.ts"));
  return new MoqFeed(source, options);
};
