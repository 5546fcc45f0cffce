import type { SwarmPeer } from "../../swarm/swarm-types.ts";
import type { PeerId } from "../../wire/peer-frame.ts";
import type { PeerFailure, PeerFailureReason } from "./peer-failures.ts";
import type { PeersConfig } from "./peer-options.ts";
import type { PeerRoute } from "./peer-route.ts";
import type { UploadPolicy, UploadState } from "./upload-policy.ts";

/** The peers of one stream, as a session uses them. */
export interface PeerTransport {
  /** Names this page among its peers; the swarm's `self`. */
  readonly self: PeerId;
  readonly config: PeersConfig;
  /** Whether this viewer uploads: `SwarmPeer.setUploads` follows `uploads.state.on`, now and at each change. */
  readonly uploads: UploadPolicy;
  /** Joins the room: connections go to `swarm.connect` from now on. Once. */
  start(swarm: Pick<SwarmPeer, "connect" | "alone" | "maxNeighbours" | "idleNeighbours">): void;
  /** Looks for these by name, beside whoever comes. */
  want(peers: readonly PeerId[]): void;
  readonly stats: PeerTransportStats;
  /** Leaves the room, and closes what is still open. The swarm is closed before, so that it can say goodbye. */
  close(): Promise<void>;
}

export interface PeerTransportStats {
  /** `lost`: no relay is reached at the moment. Connections to peers live on. `hidden`: Nostr and trackers do not tell. */
  readonly signalling: "off" | "open" | "lost" | "hidden";
  /** Who were in the room when it was joined, as the relay counts them; undefined where it does not. */
  readonly audience: number | undefined;
  readonly links: number;
  /** Of each link. */
  readonly routes: ReadonlyMap<PeerId, PeerRoute | undefined>;
  /** Connections that are being made. */
  readonly pending: number;
  /** Bytes that links have taken and the network has not. */
  readonly bufferedBytes: number;
  readonly failures: Readonly<Partial<Record<PeerFailureReason, number>>>;
  readonly recentFailures: readonly PeerFailure[];
  readonly uploads: UploadState & { readonly monthBytes: number };
}
