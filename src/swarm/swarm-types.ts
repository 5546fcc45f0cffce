import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import type { PartKey, SignedHeader, StreamCard } from "../model/part-header.ts";
import type { PeerFrame, PeerId } from "../wire/peer-frame.ts";

/** A connection to one peer, as a transport (data channels, or the simulator's links) gives it. */
export interface PeerLink {
  readonly peer: PeerId;
  /** Sends at once or queues; frames may arrive in another order. A link that is closed takes none, and says nothing. */
  send(frame: PeerFrame): void;
  /** Bytes that were sent and have not left yet. */
  readonly bufferedBytes: number;
  close(): void;
}

/** What the transport tells the swarm of a link. */
export interface PeerPort {
  received(frame: PeerFrame): void;
  /** What came was no frame: it costs the sender the connection. */
  malformed(error: Error): void;
  closed(): void;
}

/**
 * What holds headers, cards and pieces against the stream's key. The simulator's answers at once, WebCrypto's later: the swarm takes both.
 * A throw or a rejection is a `RelayError`: `unproven` (the sender lied), `stale` (replayed, out of an old epoch: dropped without blame).
 */
export interface Proof {
  card(bytes: Bytes): StreamCard | Promise<StreamCard>;
  header(signed: SignedHeader): void | Promise<void>;
  piece(signed: SignedHeader, index: number, bytes: Bytes): void | Promise<void>;
  init(digest: Bytes, bytes: Bytes): void | Promise<void>;
}

export type PartSource = "peer" | "origin" | "own";

/** A part that is whole and proven. `bytes` belong to the swarm, and never change. */
export interface SharedPart {
  readonly key: PartKey;
  readonly signed: SignedHeader;
  readonly bytes: Bytes;
  readonly source: PartSource;
  /** From the moment its header, or the origin's playlist, first told of it. */
  readonly delayMs: number;
}

export type FetchReason = "elected" | "backup" | "deadline" | "alone";

export interface SwarmListener {
  /** Once for each part, in the order in which they become whole. */
  part(part: SharedPart): void;
  /** The card is known, or changed. */
  card(card: StreamCard): void;
  init(digest: Bytes, bytes: Bytes): void;
  /**
   * Get this part from the origin: `provide()` or `fetchFailed()` must follow. `signal` aborts when it came from a peer after all.
   * Never called where `fetches` is false.
   */
  fetch(key: PartKey, reason: FetchReason, signal: AbortSignal): void;
  /** Nobody delivered this part, long enough after its deadline that the player is better off without it. */
  missed(key: PartKey): void;
  /** A peer was caught lying; the proof is the frame that shows it. */
  banned(peer: PeerId, reason: string): void;
  /** Links to these would help the whole swarm: the transport may open them where it can. Asked of few, and seldom. */
  wanted?(peers: readonly PeerId[]): void;
}

export interface SwarmOptions {
  readonly self: PeerId;
  /** First 16 bytes of SHA-256 over the stream's identity. */
  readonly stream: Bytes;
  readonly clock: Clock;
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
  readonly proof: Proof;
  readonly listener: SwarmListener;
  /** The publisher: what it provides is the stream. Default false. */
  readonly source?: boolean;
  /** Whether `listener.fetch` can be asked. Default false. */
  readonly fetches?: boolean;
  readonly uploads?: boolean;
  /** Bits per second that it sends at most; 0, and by default, that is found out. */
  readonly uplinkBps?: number;
  /** How many copies of each part the publisher sends by itself, however many watch. Default 2. */
  readonly seedCopies?: number;
  /** Default 12. Who sends much takes two and a half times as many; 30 at most. */
  readonly maxNeighbours?: number;
  /** How long whole parts are kept for others. Default 30000. */
  readonly keepMs?: number;
  /** Most bytes of them. Default 64 MiB. */
  readonly keepBytes?: number;
  /**
   * Knows its neighbours and what they have, and takes nothing until `activate()`: for a tab that is to go on at once when the one that
   * takes the stream closes. Default false.
   */
  readonly standby?: boolean;
  /** How long a viewer that has just come waits for peers before it asks the origin itself. Default 1500. */
  readonly joinGraceMs?: number;
}

/** One viewer's, or the publisher's, side of the swarm of one stream. */
export interface SwarmPeer {
  /** The transport has a connection; undefined is `full` or banned, and the link was closed. */
  connect(link: PeerLink): PeerPort | undefined;
  /** The transport knows that nobody else is there by now: there is nobody to wait for. */
  alone(): void;
  /** The publisher's card, or one that came from beside the origin. */
  setCard(bytes: Bytes, card: StreamCard): void;
  provideInit(digest: Bytes, bytes: Bytes): void;
  /** Asks peers for an init segment; `listener.init` follows if one has it. */
  wantInit(digest: Bytes): void;
  /** The origin lists, or is about to list, this part: it is wanted, from a peer or, when elected or late, from the origin. */
  announce(key: PartKey): void;
  /** A whole part from the publisher's encoder or from the origin: kept for others, and seeded. */
  provide(signed: SignedHeader, bytes: Bytes, source: Exclude<PartSource, "peer">): void;
  fetchFailed(key: PartKey): void;
  /** Ends standing by: what comes after these parts is wanted now, and what is before them by nobody here. */
  activate(after: readonly PartKey[]): void;
  /** How long the player can go on with what it has: deadlines are set from it. */
  setBuffer(aheadMs: number): void;
  /** Consent, metered network, background, caps. */
  setUploads(on: boolean): void;
  /** Links that it takes: more once its uplink turns out to be wide. The transport opens as many, and offers one now and then when it has them. */
  readonly maxNeighbours: number;
  /** Neighbours that give us nothing: the transport looks for others beside them, as long as there are places. */
  readonly idleNeighbours: number;
  readonly stats: SwarmStats;
  close(): void;
}

export interface NeighbourStats {
  readonly peer: PeerId;
  readonly roundTripMs: number | undefined;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Of parts that came whole from it, from header to last piece. */
  readonly partDelayMs: number | undefined;
  /** Sub-streams that it pushes to us. */
  readonly parentOf: number;
  /** Sub-streams that we push to it. */
  readonly childOf: number;
}

export interface SwarmStats {
  readonly neighbours: readonly NeighbourStats[];
  readonly parts: { readonly peer: number; readonly origin: number; readonly own: number; readonly missed: number };
  readonly bytes: { readonly peer: number; readonly origin: number; readonly uploaded: number };
  /** Pieces that came twice. */
  readonly wastedBytes: number;
  readonly controlBytes: number;
  readonly bans: readonly { readonly peer: PeerId; readonly reason: string }[];
  /** Peers are not waited for, since they cost stalls: until this moment of the clock. */
  readonly distrustedUntilMs: number | undefined;
}
