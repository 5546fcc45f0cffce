import type { PeerId } from "../wire/peer-frame.ts";
import { MAX_NEIGHBOURS } from "./limits.ts";
import { Neighbour } from "./neighbour.ts";
import type { PeerLink } from "./swarm-types.ts";

/** Trees are as shallow as those near their roots have children: who sends much knows so many more. */
const WIDER = 2.5;
/** No two places are so far from each other and back. */
const FULL_LINE_MS = 500;

/** Who we have a link to. Each has a slot, which is its bit in the masks of parts, and is given to another when it has gone. */
export class Neighbours {
  #max: number;
  readonly #mostWide: number;
  readonly list: Neighbour[] = [];
  readonly #slots: (Neighbour | undefined)[] = [];

  constructor(max: number) {
    this.#max = Math.min(max, MAX_NEIGHBOURS);
    this.#mostWide = Math.min(Math.ceil(max * WIDER), MAX_NEIGHBOURS);
  }

  /** Links that are taken at most. */
  get max(): number {
    return this.#max;
  }

  /** The uplink feeds more children than there are places. It stays so: what was measured once may be again. */
  widen(): void {
    this.#max = this.#mostWide;
  }

  /** Where even the nearest one is far, it is our own line that holds up what goes over it. */
  get isLineFull(): boolean {
    let nearestMs = Number.POSITIVE_INFINITY;
    for (const { roundTripMs = nearestMs } of this.list) nearestMs = Math.min(nearestMs, roundTripMs);
    return nearestMs > FULL_LINE_MS && nearestMs < Number.POSITIVE_INFINITY;
  }

  /** At least half of them are slow to answer: their lines are full, or ours. */
  get isMostlySlow(): boolean {
    let slow = 0;
    for (const { isSlow } of this.list) if (isSlow) slow += 1;
    return slow > 0 && 2 * slow >= this.list.length;
  }

  /** Those that do not upload, or not to us, or have sent nothing of what they were asked for. */
  get idle(): number {
    let count = 0;
    for (const { isReady, uploads, hasChokedUs, hasShown, broken } of this.list) {
      if (isReady && (!uploads || hasChokedUs || (broken > 0 && !hasShown))) count += 1;
    }
    return count;
  }

  get isFull(): boolean {
    return this.list.length >= this.max;
  }

  /** Undefined for -1 too, which stands for nobody. */
  at(slot: number): Neighbour | undefined {
    return slot < 0 ? undefined : this.#slots[slot];
  }

  of(peer: PeerId): Neighbour | undefined {
    return this.list.find((neighbour) => neighbour.peer === peer);
  }

  /** Undefined when there is no room. */
  add(link: PeerLink, nowMs: number): Neighbour | undefined {
    if (this.isFull) return undefined;
    let slot = 0;
    while (this.#slots[slot] !== undefined) slot += 1;
    const neighbour = new Neighbour(link, slot, nowMs);
    this.#slots[slot] = neighbour;
    this.list.push(neighbour);
    return neighbour;
  }

  /** False if it was gone already. */
  remove(neighbour: Neighbour): boolean {
    if (neighbour.isGone) return false;
    this.#slots[neighbour.slot] = undefined;
    neighbour.isGone = true;
    this.list.splice(this.list.indexOf(neighbour), 1);
    return true;
  }
}
