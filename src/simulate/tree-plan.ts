import type { PeerId } from "../wire/peer-frame.ts";

interface Place {
  readonly capacity: number;
  parent: PeerId | undefined;
  readonly children: Set<PeerId>;
}

/** Of those with room nearest to the root, so many are named: not every pair can connect. */
const NAMED = 3;

/** The tree as a coordinator knows it: who hangs on whom, and who has room. What has died it learns from its children. */
export class TreePlan {
  readonly #places = new Map<PeerId, Place>();
  #root: PeerId | undefined;

  get root(): PeerId | undefined {
    return this.#root;
  }

  join(peer: PeerId, capacity: number): void {
    this.#places.set(peer, { capacity, parent: undefined, children: new Set() });
    // The first that can feed anybody is where the tree begins.
    if (this.#root === undefined && capacity > 0) this.#root = peer;
  }

  /** It has gone, or feeds nobody: whoever hangs on it asks for another place. The root's place goes to one of its children. */
  leave(peer: PeerId): void {
    const place = this.#places.get(peer);
    if (place === undefined) return;
    this.#places.delete(peer);
    this.detach(peer, place);
    for (const child of place.children) {
      const below = this.#places.get(child);
      if (below !== undefined) below.parent = undefined;
    }
    if (peer !== this.#root) return;
    this.#root = undefined;
    let most = 0;
    for (const candidate of [...place.children, ...this.#places.keys()]) {
      const capacity = this.#places.get(candidate)?.capacity ?? 0;
      if (capacity <= most) continue;
      most = capacity;
      this.#root = candidate;
      if (place.children.has(candidate)) break;
    }
    if (this.#root !== undefined) this.detach(this.#root);
  }

  detach(peer: PeerId, place = this.#places.get(peer)): void {
    if (place?.parent === undefined) return;
    this.#places.get(place.parent)?.children.delete(peer);
    place.parent = undefined;
  }

  attach(peer: PeerId, parent: PeerId): boolean {
    const place = this.#places.get(peer);
    const above = this.#places.get(parent);
    if (place === undefined || above === undefined || above.children.size >= above.capacity) return false;
    this.detach(peer, place);
    place.parent = parent;
    above.children.add(peer);
    return true;
  }

  /** Who could be its parent, the nearest to the root first; nobody of those that hang on it. */
  candidates(peer: PeerId, isOut: (parent: PeerId) => boolean): readonly PeerId[] {
    const found: PeerId[] = [];
    const queue = this.#root === undefined ? [] : [this.#root];
    for (let at = 0; at < queue.length && found.length < NAMED; at++) {
      const id = queue[at]!;
      const place = this.#places.get(id);
      if (place === undefined || id === peer) continue;
      if (place.children.size < place.capacity && !isOut(id)) found.push(id);
      queue.push(...place.children);
    }
    return found;
  }
}
