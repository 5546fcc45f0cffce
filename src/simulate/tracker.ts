import type { SwarmPeer } from "../swarm/swarm-types.ts";
import type { PeerId } from "../wire/peer-frame.ts";
import { canConnect, type Profile, REGION_COUNT } from "./population.ts";
import type { Random } from "./random.ts";
import type { SimHost } from "./sim-host.ts";

/** Draws per introduction that is wanted: who is known already, or behind the wrong NAT, is not introduced. */
const TRIES = 4;

/** Who can be introduced: viewers, and the publisher. */
export interface Member {
  readonly id: PeerId;
  readonly profile: Profile;
  readonly host: SimHost;
  readonly peer: SwarmPeer;
  readonly isHonest: boolean;
  readonly isGone: boolean;
  /** Connections that are being made. */
  dialling: number;
}

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

/** Introduces viewers of one stream to each other as a signalling server does: some from near, some from anywhere. */
export class Tracker {
  readonly #random: Random;
  readonly #all = new Crowd();
  readonly #regions = Array.from({ length: REGION_COUNT }, () => new Crowd());

  constructor(random: Random) {
    this.#random = random;
  }

  add(viewer: Member): void {
    this.#all.add(viewer);
    this.#regions[viewer.profile.region]!.add(viewer);
  }

  delete(viewer: Member): void {
    this.#all.delete(viewer);
    this.#regions[viewer.profile.region]!.delete(viewer);
  }

  /** Up to `count` whom it may be able to connect to, each once. */
  introduce(viewer: Member, count: number): ReadonlySet<Member> {
    const found = new Set<Member>();
    const near = this.#regions[viewer.profile.region]!;
    for (let tries = 0; tries < count * TRIES && found.size < count; tries++) {
      const other = (found.size % 2 === 0 ? near : this.#all).draw(this.#random);
      if (other === undefined || other === viewer || isLinked(viewer, other)) continue;
      if (canConnect(viewer.profile.nat, other.profile.nat)) found.add(other);
    }
    return found;
  }
}
