import type { Clock } from "../../model/clock.ts";
import type { PeerId } from "../../wire/peer-frame.ts";

export interface GateOptions {
  readonly max: number;
  readonly clock: Clock;
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
}

/** What a peer says of itself when it looks for others. */
export interface Announcement {
  readonly peer: PeerId;
  readonly links: number;
  /** For how long it has had none. */
  readonly aloneMs: number;
}

/** How long a connection may take from the first word of it to a channel. */
const PENDING_MS = 20_000;
/** A peer that had no room, or could not be reached, is let be for so long. */
const AVOID_MS = 60_000;
const MAX_AVOIDED = 1024;
/** A peer that is alone for so long finds only full ones, or lies. */
const STARVED_MS = 5_000;
/** One in eight of those who hear it makes room, at first: some two dozen do hear it. More do the longer it lasts. */
const ROOM_MS = STARVED_MS * 8;
/** A liar costs no more than one neighbour in this. */
const ROOM_PAUSE_MS = 30_000;

/**
 * Decides whom to connect to, so that nobody has more neighbours than its bound and everybody finds some. Two thirds of
 * the places are filled by whoever comes; the others are kept for those who have few. Who is full lets go of a neighbour, now
 * and then, for one who has been alone for a while: a new viewer gets in although all are full, and the graph stays mixed.
 */
export class NeighbourGate {
  readonly #options: GateOptions;
  readonly #wanted: number;
  readonly #linked = new Set<PeerId>();
  /** Until when. */
  readonly #pending = new Map<PeerId, number>();
  readonly #avoided = new Map<PeerId, number>();
  #aloneSinceMs: number;
  #madeRoomAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#wanted = Math.ceil((options.max * 2) / 3);
    this.#aloneSinceMs = options.clock.now();
  }

  get links(): number {
    return this.#linked.size;
  }

  get pending(): number {
    this.#expire();
    return this.#pending.size;
  }

  /** Looks for more. */
  get isHungry(): boolean {
    return this.#linked.size < this.#wanted;
  }

  /** 0 where it has links. */
  get aloneMs(): number {
    return this.#linked.size > 0 ? 0 : this.#options.clock.now() - this.#aloneSinceMs;
  }

  knows(peer: PeerId): boolean {
    this.#expire();
    return this.#linked.has(peer) || this.#pending.has(peer);
  }

  /** Of one who looks for peers: whether to connect, and whether a neighbour must go first. */
  hears({ peer, links, aloneMs }: Announcement): "connect" | "make-room" | "ignore" {
    if (this.knows(peer)) return "connect";
    if (this.#avoided.has(peer)) return "ignore";
    const taken = this.#linked.size + this.#pending.size;
    const { max, clock, random } = this.#options;
    if (taken < this.#wanted || (taken < max && links < this.#wanted / 2)) {
      this.#expect(peer);
      return "connect";
    }
    const nowMs = clock.now();
    const isStarved = links === 0 && aloneMs >= STARVED_MS && random() < aloneMs / ROOM_MS;
    if (!isStarved || taken < max || this.#linked.size === 0 || nowMs - this.#madeRoomAtMs < ROOM_PAUSE_MS) {
      return "ignore";
    }
    this.#madeRoomAtMs = nowMs;
    this.#expect(peer);
    return "make-room";
  }

  /** Of one who asks for a connection, or was asked: whether there is room. */
  admits(peer: PeerId): boolean {
    if (this.knows(peer)) return true;
    if (this.#linked.size + this.#pending.size >= this.#options.max) return false;
    this.#expect(peer);
    return true;
  }

  /** A channel is there. False is one too many: two came at the same time. */
  joined(peer: PeerId): boolean {
    this.#pending.delete(peer);
    if (!this.#linked.has(peer) && this.#linked.size >= this.#options.max) return false;
    this.#linked.add(peer);
    return true;
  }

  left(peer: PeerId): void {
    this.#pending.delete(peer);
    if (this.#linked.delete(peer) && this.#linked.size === 0) this.#aloneSinceMs = this.#options.clock.now();
  }

  /** It has no room, cannot be reached, or was banned. */
  avoid(peer: PeerId): void {
    this.left(peer);
    if (this.#avoided.size >= MAX_AVOIDED) this.#avoided.clear();
    this.#avoided.set(peer, this.#options.clock.now() + AVOID_MS);
  }

  #expect(peer: PeerId): void {
    this.#pending.set(peer, this.#options.clock.now() + PENDING_MS);
  }

  #expire(): void {
    const nowMs = this.#options.clock.now();
    for (const until of [this.#pending, this.#avoided]) {
      for (const [peer, untilMs] of until) if (untilMs <= nowMs) until.delete(peer);
    }
  }
}
