import type { Clock } from "../../model/clock.ts";
import type { PeerId } from "../../wire/peer-frame.ts";

/** Why a connection to a peer, or the way to peers, failed. */
export type PeerFailureReason =
  /** No way to the signalling relay; it is tried again. */
  | "signalling-unreachable"
  /** The relay does not serve this page (origin), or closed the socket for what it sent. */
  | "signalling-refused"
  /** The browser found no address to be reached at: WebRTC is switched off, or relay-only and no TURN server answers. */
  | "no-ice"
  /** Descriptions were exchanged, and no way between the two was found: a TURN server would help. */
  | "nat"
  /** The peer has no room, or another secret. */
  | "refused"
  /** The peer, or the relay, is of another version. */
  | "version"
  /** What the peer sent was no frame. */
  | "malformed"
  /** The peer reads more slowly than is sent to it. */
  | "slow"
  /** The connection broke. */
  | "lost";

/** One such failure. */
export interface PeerFailure {
  /** To branch on. */
  readonly reason: PeerFailureReason;
  /** Absent where it is the way to all of them. */
  readonly peer?: PeerId;
  /** For who looks into it. */
  readonly message: string;
  /** Of the clock. */
  readonly atMs: number;
}

const MAX_RECENT = 20;

/** What went wrong between peers: counted by reason, and the last few in full. */
export class PeerFailures {
  readonly #clock: Clock;
  readonly #listener: ((failure: PeerFailure) => void) | undefined;
  readonly #counts = new Map<PeerFailureReason, number>();
  readonly #recent: PeerFailure[] = [];

  constructor(clock: Clock, listener?: (failure: PeerFailure) => void) {
    this.#clock = clock;
    this.#listener = listener;
  }

  get counts(): Readonly<Partial<Record<PeerFailureReason, number>>> {
    return Object.fromEntries(this.#counts);
  }

  get recent(): readonly PeerFailure[] {
    return [...this.#recent];
  }

  add(reason: PeerFailureReason, message: string, peer?: PeerId): void {
    const failure = { reason, message, atMs: this.#clock.now(), ...(peer === undefined ? {} : { peer }) };
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    this.#recent.push(failure);
    if (this.#recent.length > MAX_RECENT) this.#recent.shift();
    this.#listener?.(failure);
  }
}
