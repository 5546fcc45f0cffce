import type { Bytes } from "../../model/bytes.ts";
import type { Clock } from "../../model/clock.ts";
import type { RelayError } from "../../model/errors.ts";
import type { Fetch } from "../../reader/exchange.ts";
import type { Trust } from "../../swarm/proof/stream-proof.ts";
import type { SwarmOptions, SwarmPeer } from "../../swarm/swarm-types.ts";
import type { Peers } from "../peers/peers.ts";
import type { OriginSource } from "../sources.ts";
import type { WorkerLink } from "../worker-link.ts";
import type { OpenRelayFeed, RelaySource } from "./relay-feed.ts";
import type { SessionFailure } from "./session-stats.ts";

/** What one stream is joined by: peers, and an origin or a relay. */
export interface JoinPlan {
  readonly name: string;
  readonly peers?: Peers;
  readonly origin?: OriginSource;
  readonly relay?: RelaySource;
  readonly trust: Trust;
  /** First 16 bytes of SHA-256 over the stream's identity. */
  readonly streamId: Bytes;
}

/** What the leader tells its session. */
export interface LeaderListener {
  role(role: "leader" | "local"): void;
  failure(failure: SessionFailure): void;
  banned(peer: string, reason: string): void;
  ended(): void;
  /** Why nothing comes; undefined when it does again. */
  problem(error: RelayError | undefined): void;
}

export interface LeaderContext {
  readonly link: WorkerLink;
  readonly clock: Clock;
  readonly newEpoch: () => string;
  /** Given where the plan has peers. */
  readonly makeSwarm?: (options: SwarmOptions) => SwarmPeer;
  /** Given where the plan has an origin. */
  readonly originCode?: typeof import("./origin-code.ts");
  /** Asks the origin. */
  readonly fetch: Fetch;
  readonly openRelayFeed: OpenRelayFeed;
  readonly random: () => number;
  readonly bufferAheadMs: () => number | undefined;
  /** Another tab led before: players are in the middle of it, and peers are not waited for. */
  readonly isSuccessor: () => boolean;
  readonly listener: LeaderListener;
}
