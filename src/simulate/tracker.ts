import { canConnect, REGION_COUNT } from "./population.ts";
import type { Random } from "./random.ts";
import type { SimViewer } from "./sim-viewer.ts";

/** Draws per introduction that is wanted: who is known already, or behind the wrong NAT, is not introduced. */
const TRIES = 4;

/** Knows who is there, in no order; adding and removing cost the same however many there are. */
class Crowd {
  readonly #viewers: SimViewer[] = [];
  readonly #places = new Map<SimViewer, number>();

  get size(): number {
    return this.#viewers.length;
  }

  add(viewer: SimViewer): void {
    this.#places.set(viewer, this.#viewers.length);
    this.#viewers.push(viewer);
  }

  delete(viewer: SimViewer): void {
    const place = this.#places.get(viewer);
    if (place === undefined) return;
    this.#places.delete(viewer);
    const last = this.#viewers.pop()!;
    if (last === viewer) return;
    this.#viewers[place] = last;
    this.#places.set(last, place);
  }

  draw(random: Random): SimViewer | undefined {
    return this.#viewers[Math.floor(random() * this.#viewers.length)];
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

  get size(): number {
    return this.#all.size;
  }

  add(viewer: SimViewer): void {
    this.#all.add(viewer);
    this.#regions[viewer.profile.region]!.add(viewer);
  }

  delete(viewer: SimViewer): void {
    this.#all.delete(viewer);
    this.#regions[viewer.profile.region]!.delete(viewer);
  }

  draw(): SimViewer | undefined {
    return this.#all.draw(this.#random);
  }

  /** Up to `count` whom it may be able to connect to, each once. */
  introduce(viewer: SimViewer, count: number): ReadonlySet<SimViewer> {
    const found = new Set<SimViewer>();
    const near = this.#regions[viewer.profile.region]!;
    for (let tries = 0; tries < count * TRIES && found.size < count; tries++) {
      const other = (found.size % 2 === 0 ? near : this.#all).draw(this.#random);
      if (other === undefined || other === viewer || viewer.isLinkedTo(other)) continue;
      if (canConnect(viewer.profile.nat, other.profile.nat)) found.add(other);
    }
    return found;
  }
}
