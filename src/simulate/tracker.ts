import type { SwarmPeer } from "../swarm/swarm-types.ts";
import type { PeerId } from "../wire/peer-frame.ts";
import { canConnect, type Profile, REGION_COUNT } from "./population.ts";
import type { Random } from "./random.ts";
import type { SimHost } from "./sim-host.ts";

/** So many hear one who looks for neighbours. */
const HEARERS = 24;
/** Of the places of a neighbour list, those that whoever comes may have; the rest are for who has less than half of that. */
const OPEN_SHARE = 2 / 3;
/** Chance that one who is full lets somebody go for a peer that has few, and not twice within this. */
const ROOM_FOR_POOR = 1 / 6;
const ROOM_PAUSE_MS = 10_000;

/** Who can be introduced: viewers, and the publisher. */
export interface Member {
  readonly id: PeerId;
  readonly profile: Profile;
  readonly host: SimHost;
  readonly peer: SwarmPeer;
  readonly isHonest: boolean;
  readonly maxNeighbours: number;
  readonly isGone: boolean;
  /** Connections that are being made. */
  dialling: number;
  /** When it last let a neighbour go for another. */
  madeRoomMs: number;
}

/** Connections that are there, or are being made. */
const taken = ({ host, dialling }: Member): number => host.links.size + dialling;

/** Without those that give it nothing. */
const useful = (member: Member): number => taken(member) - member.peer.idleNeighbours;

const wanted = ({ maxNeighbours }: Member): number => Math.ceil(maxNeighbours * OPEN_SHARE);
const POOR = 4;

/** Is connected to too few to count on them: it looks again soon. */
export const isShort = ({ host, peer }: Member): boolean => host.links.size - peer.idleNeighbours < POOR;

/** Has too few to count on them, those to come among them: others make room for it. */
const isPoor = (member: Member): boolean => useful(member) < POOR;

export function isLinked(a: Member, b: Member): boolean {
  for (const link of a.host.links) if (link.far.host === b.host) return true;
  return false;
}

/** Knows who is there, in no order; adding and removing cost the same however many there are. */
class Crowd {
  readonly #members: Member[] = [];
  readonly #places = new Map<Member, number>();

  add(viewer: Member): void {
    this.#places.set(viewer, this.#members.length);
    this.#members.push(viewer);
  }

  delete(viewer: Member): void {
    const place = this.#places.get(viewer);
    if (place === undefined) return;
    this.#places.delete(viewer);
    const last = this.#members.pop()!;
    if (last === viewer) return;
    this.#members[place] = last;
    this.#places.set(last, place);
  }

  draw(random: Random): Member | undefined {
    return this.#members[Math.floor(random() * this.#members.length)];
  }
}

export interface TrackerOptions {
  readonly random: Random;
  readonly now: () => number;
}

/**
 * Introduces viewers of one stream to each other, some from near, some from anywhere, as the page's transport does over its signalling server:
 * who looks for neighbours is heard by two dozen, and those answer who have a place.
 */
export class Tracker {
  readonly #options: TrackerOptions;
  readonly #all = new Crowd();
  readonly #regions = Array.from({ length: REGION_COUNT }, () => new Crowd());

  constructor(options: TrackerOptions) {
    this.#options = options;
  }

  add(member: Member): void {
    this.#all.add(member);
    this.#regions[member.profile.region]!.add(member);
  }

  delete(member: Member): void {
    this.#all.delete(member);
    this.#regions[member.profile.region]!.delete(member);
  }

  /** How many more it would look for. */
  wants(member: Member): number {
    return Math.min(wanted(member) - useful(member), member.maxNeighbours - taken(member));
  }

  /** With whom it is to be connected now, each once. */
  introduce(member: Member): ReadonlySet<Member> {
    const { random } = this.#options;
    const most = this.wants(member);
    const found = new Set<Member>();
    const near = this.#regions[member.profile.region]!;
    for (let heard = 0; heard < HEARERS && found.size < most; heard++) {
      const other = (heard % 2 === 0 ? near : this.#all).draw(random);
      if (other === undefined || other === member || found.has(other) || isLinked(member, other)) continue;
      if (!canConnect(member.profile.nat, other.profile.nat)) continue;
      if (this.#hasPlace(other, member) || this.#makesRoom(other, member)) found.add(other);
    }
    return found;
  }

  #hasPlace(member: Member, comer: Member): boolean {
    return taken(member) < member.maxNeighbours && (this.wants(member) > 0 || isPoor(comer));
  }

  #makesRoom(member: Member, comer: Member): boolean {
    const { random, now } = this.#options;
    if (!isPoor(comer) || now() - member.madeRoomMs < ROOM_PAUSE_MS || random() >= ROOM_FOR_POOR) return false;
    const links = [...member.host.links];
    const gone = links[Math.floor(random() * links.length)];
    if (gone === undefined) return false;
    member.madeRoomMs = now();
    gone.sever();
    return true;
  }
}
