import type { Clock } from "../../model/clock.ts";
import type { PeerId } from "../../wire/peer-frame.ts";

export interface GateOptions {
  /** How many at the moment: more once the uplink turns out to be wide. */
  readonly max: () => number;
  /** How many neighbours give nothing. They have their places, and do not count where others are looked for. */
  readonly idle: () => number;
  readonly clock: Clock;
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
}

/** What a peer says of itself when it looks for others. */
export interface Announcement {
  readonly peer: PeerId;
  /** Connections that it has, or is about to have, without those that give it nothing. */
  readonly links: number;
}

export type Verdict =
  | { readonly connect: false }
  /** `instead`: a neighbour that must go first. */
  | { readonly connect: true; readonly instead: PeerId | undefined };

/** How long a connection may take from the first word of it to a channel. */
const PENDING_MS = 10_000;
const MAX_AVOIDED = 1024;
/** Who was not reached is let be for the first of these, then for twice as long each time: networks seldom change under a viewer. */
const UNREACHED_MS = 60_000;
const MAX_UNREACHED_MS = 16 * 60_000;
/** Who has fewer connections than this gets those places that are kept. */
const POOR_LINKS = 4;
/** Chances that one who is full makes room for a peer with few links, or with some but not enough. Two dozen hear each announcement. */
const ROOM_FOR_POOR = 1 / 6;
const ROOM_FOR_HUNGRY = 1 / 100;
/** Nobody, however it lies, costs more than one neighbour in this. */
const ROOM_PAUSE_MS = 10_000;

const IGNORE: Verdict = { connect: false };

/**
 * Decides whom to connect to, so that nobody has more neighbours than its bound, everybody finds some, and the whole hangs
 * together. Two thirds of the places are filled by whoever comes; the others are kept for those who have few. One who is full
 * lets go of a neighbour, now and then, for one who finds no other place: without that, the first to come would be a closed circle.
 */
export class NeighbourGate {
  readonly #options: GateOptions;
  readonly #linked = new Set<PeerId>();
  /** Until when. */
  readonly #pending = new Map<PeerId, number>();
  readonly #avoided = new Map<PeerId, number>();
  /** How long it was let be the last time. */
  readonly #unreached = new Map<PeerId, number>();
  /** Those for whom another had to go. They go first: strangers cannot drive out more than a third. */
  readonly #guests = new Set<PeerId>();
  #madeRoomAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Connections that are there, or are being made. */
  get taken(): number {
    this.#expire();
    return this.#linked.size + this.#pending.size;
  }

  /** Connections that are being made. */
  get pending(): number {
    this.#expire();
    return this.#pending.size;
  }

  /** Without those that give nothing: what others are told of us. */
  get links(): number {
    return Math.max(0, this.taken - this.#options.idle());
  }

  /** Looks for more. */
  get isHungry(): boolean {
    return this.links < this.#wanted && this.taken < this.#options.max();
  }

  /** Is connected to too few to count on them. Those to come may turn out to give nothing, or not come at all. */
  get isPoor(): boolean {
    return this.#isPoor(this.#linked.size - this.#options.idle());
  }

  knows(peer: PeerId): boolean {
    this.#expire();
    return this.#linked.has(peer) || this.#pending.has(peer);
  }

  /** Of one who looks for peers: whether to connect. */
  hears({ peer, links }: Announcement): Verdict {
    if (this.knows(peer)) return { connect: true, instead: undefined };
    if (this.#avoided.has(peer)) return IGNORE;
    if (this.#hasPlaceFor(links)) {
      this.#expect(peer);
      return { connect: true, instead: undefined };
    }
    const instead = this.#makesRoomFor(links);
    if (instead === undefined) return IGNORE;
    this.left(instead);
    this.#expect(peer);
    this.#guests.add(peer);
    return { connect: true, instead };
  }

  /** Of one who looks for us by name: who fetches for all, and who stands by. */
  calls(peer: PeerId): Verdict {
    if (this.knows(peer)) return { connect: true, instead: undefined };
    if (this.#avoided.has(peer)) return IGNORE;
    const isFull = this.taken >= this.#options.max();
    const instead = isFull ? this.#guestRoom() : undefined;
    if (isFull && instead === undefined) return IGNORE;
    if (instead !== undefined) {
      this.left(instead);
      this.#guests.add(peer);
    }
    this.#expect(peer);
    return { connect: true, instead };
  }

  /** Of one who asks for a connection: whether there is room. */
  admits({ peer, links }: Announcement): boolean {
    if (this.knows(peer)) return true;
    if (this.#avoided.has(peer) || !this.#hasPlaceFor(links)) return false;
    this.#expect(peer);
    return true;
  }

  /** A channel is there. False is one too many: two came at the same time. */
  joined(peer: PeerId): boolean {
    this.#pending.delete(peer);
    if (!this.#linked.has(peer) && this.#linked.size >= this.#options.max()) return false;
    this.#linked.add(peer);
    this.#unreached.delete(peer);
    return true;
  }

  left(peer: PeerId): void {
    this.#pending.delete(peer);
    this.#linked.delete(peer);
    this.#guests.delete(peer);
  }

  /** It says that it has no room. A neighbour does not: somebody else says so in its name, and its place would be given twice. */
  refused(peer: PeerId, forMs: number): void {
    if (!this.#linked.has(peer)) this.avoid(peer, forMs);
  }

  /** No way to it was found. */
  unreached(peer: PeerId): void {
    const lastMs = this.#unreached.get(peer);
    const forMs = lastMs === undefined ? UNREACHED_MS : Math.min(2 * lastMs, MAX_UNREACHED_MS);
    if (this.#unreached.size >= MAX_AVOIDED) this.#unreached.clear();
    this.#unreached.set(peer, forMs);
    this.avoid(peer, forMs);
  }

  /** This browser is in another network: what was out of reach may not be. */
  networkChanged(): void {
    for (const peer of this.#unreached.keys()) this.#avoided.delete(peer);
    this.#unreached.clear();
  }

  /** It has no room, or was banned. */
  avoid(peer: PeerId, forMs: number): void {
    this.left(peer);
    if (this.#avoided.size >= MAX_AVOIDED) this.#avoided.clear();
    this.#avoided.set(peer, this.#options.clock.now() + forMs);
  }

  #isPoor(links: number): boolean {
    return links < Math.min(POOR_LINKS, this.#wanted / 2);
  }

  /** So many are filled by whoever comes. */
  get #wanted(): number {
    return Math.ceil((this.#options.max() * 2) / 3);
  }

  #hasPlaceFor(links: number): boolean {
    return this.isHungry || (this.taken < this.#options.max() && this.#isPoor(links));
  }

  #makesRoomFor(links: number): PeerId | undefined {
    const { max, random } = this.#options;
    if (links >= this.#wanted || this.#linked.size < max()) return undefined;
    if (random() >= (this.#isPoor(links) ? ROOM_FOR_POOR : ROOM_FOR_HUNGRY)) return undefined;
    return this.#guestRoom();
  }

  /** Whose place another may have; nobody's where one was given away just now. */
  #guestRoom(): PeerId | undefined {
    const { max, clock, random } = this.#options;
    const nowMs = clock.now();
    if (nowMs - this.#madeRoomAtMs < ROOM_PAUSE_MS || this.#linked.size === 0) return undefined;
    this.#madeRoomAtMs = nowMs;
    const guests = [...this.#guests].filter((peer) => this.#linked.has(peer));
    const candidates = guests.length >= Math.ceil(max() / 3) ? guests : [...this.#linked];
    return candidates[Math.floor(random() * candidates.length)];
  }

  #expect(peer: PeerId): void {
    this.#pending.set(peer, this.#options.clock.now() + PENDING_MS);
  }

  #expire(): void {
    const nowMs = this.#options.clock.now();
    for (const [peer, untilMs] of this.#pending) if (untilMs <= nowMs) this.left(peer);
    for (const [peer, untilMs] of this.#avoided) if (untilMs <= nowMs) this.#avoided.delete(peer);
  }
}
