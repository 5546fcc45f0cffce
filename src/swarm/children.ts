import { PIECE_SIZE_BYTES } from "../model/part-header.ts";
import { isStrong, onwardValue, substreamsCarried, substreamsEasily } from "./capacity.ts";
import type { Committee } from "./committee.ts";
import { ALL_SUBSTREAMS, NO_DELAY, SUBSTREAMS } from "./limits.ts";
import { bitCount, type Neighbour } from "./neighbour.ts";
import type { Parents } from "./parents.ts";
import type { SwarmContext } from "./swarm-context.ts";
import type { UploadQueue } from "./upload-queue.ts";

/** A child gives way only to one that is worth so much more, and not often. */
const BETTER_BY = 2;
const EVICT_EVERY_MS = 300;
/** Each one that has to be refused makes room for the next; what is not asked for any more is taken back, tick by tick. */
const STRETCH = 1.04;
const STRETCH_DECAY = 0.993;
const MAX_STRETCH = 3;
/** A child that has just come is let be. */
const SETTLED_MS = 1000;
/** Who does not pass on what the publisher pushes is let be for so long, and how often that doubles. */
const SEED_DENIED_MS = 5000;
const MAX_DOUBLINGS = 6;
/** What is pushed later than this is no use to who has other neighbours. */
const OVERLOAD_MS = 350;
/** Sub-streams that leaves may have of us together, as a share: what they take, they do not pass on. */
const LEAF_SHARE = 0.5;
/** More is not told: nobody needs to know it so exactly. */
const TOLD_FREE = 4;
/** From the last byte of a piece to the first of it that goes on. */
const HANDLING_MS = 2;
const MAX_SEND_MS = 200;

export interface ChildrenOptions {
  readonly context: SwarmContext;
  readonly parents: Parents;
  readonly uploads: UploadQueue;
  readonly committee: Committee;
}

/** Who gets sub-streams pushed by us: as many as the uplink carries, those first who pass them on to many. */
export class Children {
  readonly #context: SwarmContext;
  readonly #parents: Parents;
  readonly #queue: UploadQueue;
  readonly #committee: Committee;
  /** Those that would do most for others first: what they get first, many get soon. */
  #list: readonly Neighbour[] = [];
  readonly #counts = new Array<number>(SUBSTREAMS).fill(0);
  #used = 0;
  #stretch = 1;
  #evictedMs = Number.NEGATIVE_INFINITY;
  #uploads: boolean;

  constructor({ context, parents, uploads, committee }: ChildrenOptions) {
    this.#context = context;
    this.#parents = parents;
    this.#queue = uploads;
    this.#committee = committee;
    this.#uploads = context.options.uploads !== false;
  }

  get list(): readonly Neighbour[] {
    return this.#list;
  }

  get used(): number {
    return this.#used;
  }

  /** How many sub-streams can be pushed at once, one to one child each. */
  get slots(): number {
    return this.#atMost(substreamsCarried(this.#context.uplink.bps, this.#context.rate.bps));
  }

  /** How many are offered: fewer, until more are asked for than all who are asked have to offer. */
  get offered(): number {
    return Math.min(
      this.slots,
      this.#atMost(substreamsEasily(this.#context.uplink.bps, this.#context.rate.bps)) * this.#stretch,
    );
  }

  get free(): number {
    return Math.max(0, Math.floor(this.offered) - this.#used);
  }

  #atMost(carried: number): number {
    if (!this.#uploads) return 0;
    return this.#context.options.source === true ? Math.min(carried, this.#copies * SUBSTREAMS) : carried;
  }

  setUploads(on: boolean): void {
    this.#uploads = on;
    if (on) return;
    for (const neighbour of this.#context.neighbours.list) {
      this.#remove(neighbour, neighbour.childMask);
      this.offer(neighbour);
    }
  }

  /** Takes `subscribe`, and answers it. */
  subscribed(neighbour: Neighbour, mask: number): void {
    const nowMs = this.#context.clock.now();
    neighbour.wantsMask = mask & ALL_SUBSTREAMS;
    this.#remove(neighbour, neighbour.childMask & ~mask);
    for (let substream = 0; substream < SUBSTREAMS; substream += 1) {
      const bit = 1 << substream;
      if ((neighbour.wantsMask & ~neighbour.childMask & bit) !== 0) this.#admit(neighbour, substream, nowMs);
    }
    this.offer(neighbour, true);
  }

  left(neighbour: Neighbour): void {
    this.#remove(neighbour, neighbour.childMask);
  }

  /** How many more the publisher would push this sub-stream to. */
  unseeded(substream: number): number {
    return this.#uploads ? Math.max(0, this.#perSubstream - this.#counts[substream]!) : 0;
  }

  /** One of those that get this sub-stream does not pass it on: its place is for others now. */
  giveUp(substream: number): void {
    const least = this.#least(substream);
    if (least !== undefined) this.deny(least.neighbour);
  }

  /** It gets nothing pushed for a while, for longer with each time. */
  deny(neighbour: Neighbour): void {
    const nowMs = this.#context.clock.now();
    neighbour.seedDeniedUntilMs = nowMs + SEED_DENIED_MS * 2 ** Math.min(neighbour.seedFailures, MAX_DOUBLINGS);
    neighbour.seedFailures += 1;
    this.#remove(neighbour, neighbour.childMask);
    this.offer(neighbour, true);
    this.offers();
  }

  /** Gives up what the uplink has turned out not to carry. */
  shrink(): void {
    const nowMs = this.#context.clock.now();
    this.#stretch = Math.max(1, this.#stretch * STRETCH_DECAY);
    const isTooMuch = this.#used > this.slots || this.#queue.backlogMs > OVERLOAD_MS;
    if (!isTooMuch || nowMs - this.#evictedMs < EVICT_EVERY_MS) return;
    const least = this.#least(-1);
    if (least !== undefined) this.#evict(least.neighbour, least.substream, nowMs);
  }

  /** Says what is pushed and what could be, if it is not what was said last. */
  offer(neighbour: Neighbour, anyway = false): void {
    if (!neighbour.isReady) return;
    const free = Math.min(this.free, TOLD_FREE);
    const { told } = neighbour;
    const isNews =
      told.substreams !== neighbour.childMask || told.isFree !== free > 0 || told.way !== this.#parents.way;
    if (!isNews && !anyway) return;
    told.substreams = neighbour.childMask;
    told.isFree = free > 0;
    told.way = this.#parents.way;
    const { delaysMs, beats } = told.way;
    this.#context.tell(neighbour, {
      kind: "offer",
      asked: neighbour.wantsMask,
      substreams: told.substreams,
      free,
      uplinkBps: this.#context.uplink.bps,
      delaysMs,
      beats,
    });
  }

  /** Offers to all for whom there is news. */
  offers(): void {
    this.#parents.refreshWay((substream) => this.#servesMs(substream));
    for (const neighbour of this.#context.neighbours.list) this.offer(neighbour);
  }

  /** How long a piece takes from here to a child: as it did lately, and not less than one piece after those of half the children. */
  #servesMs(substream: number): number {
    const sendMs = Math.min((PIECE_SIZE_BYTES * 8000) / this.#context.uplink.bps, MAX_SEND_MS);
    return Math.ceil(HANDLING_MS + Math.max(this.#queue.servedMs, sendMs * (1 + this.#counts[substream]! / 2)));
  }

  get #copies(): number {
    return this.#context.options.seedCopies ?? 2;
  }

  /** Most children of one sub-stream. */
  get #perSubstream(): number {
    return this.#context.options.source === true ? Math.max(1, Math.floor(this.#copies)) : Number.POSITIVE_INFINITY;
  }

  #admit(neighbour: Neighbour, substream: number, nowMs: number): void {
    if (nowMs < neighbour.seedDeniedUntilMs) return;
    // Who pushes it to us, or was asked to, would get its own pieces back.
    if (this.#parents.delayMs(substream) === NO_DELAY || ((neighbour.subscribedMask >> substream) & 1) === 1) return;
    const crowded = this.#counts[substream]! >= this.#perSubstream;
    if (this.#used + 1 <= this.offered && !crowded) {
      if (!neighbour.uploads && this.#used >= this.offered * LEAF_SHARE) return;
      this.#add(neighbour, substream, nowMs);
      return;
    }
    const least = this.#least(crowded ? substream : -1);
    // Who could do others good asks even where nothing is offered; who asks all the same needs it.
    if (!isStrong(neighbour.uplinkBps, this.#context.rate.bps)) {
      this.#stretch = Math.min(this.#stretch * STRETCH, MAX_STRETCH);
    }
    if (least === undefined) return;
    if (nowMs - this.#evictedMs < EVICT_EVERY_MS || nowMs - least.neighbour.childSinceMs < SETTLED_MS) return;
    if (this.#value(neighbour, substream) <= BETTER_BY * least.value) return;
    this.#evict(least.neighbour, least.substream, nowMs);
    this.#add(neighbour, substream, nowMs);
  }

  #evict(neighbour: Neighbour, substream: number, nowMs: number): void {
    this.#evictedMs = nowMs;
    this.#remove(neighbour, 1 << substream);
    this.offer(neighbour, true);
  }

  /** The child that is worth least, of one sub-stream or, with -1, of all. */
  #least(substream: number): { neighbour: Neighbour; substream: number; value: number } | undefined {
    let least: { neighbour: Neighbour; substream: number; value: number } | undefined;
    for (const neighbour of this.#context.neighbours.list) {
      if (neighbour.childMask === 0) continue;
      for (let at = 0; at < SUBSTREAMS; at += 1) {
        if (((neighbour.childMask >> at) & 1) === 0 || (substream >= 0 && at !== substream)) continue;
        const value = this.#value(neighbour, at);
        if (least === undefined || value < least.value) least = { neighbour, substream: at, value };
      }
    }
    return least;
  }

  #value({ peer, hash, uploads, uplinkBps }: Neighbour, substream: number): number {
    // Who would fetch in our place must have everything soon after us.
    if (this.#committee.members.includes(peer)) return Number.POSITIVE_INFINITY;
    return onwardValue({ hash, uploads, uplinkBps, streamBps: this.#context.rate.bps, substream });
  }

  #add(neighbour: Neighbour, substream: number, nowMs: number): void {
    if (neighbour.childMask === 0) neighbour.childSinceMs = nowMs;
    neighbour.childMask |= 1 << substream;
    this.#counts[substream] = this.#counts[substream]! + 1;
    this.#used += 1;
    this.#sort();
  }

  #remove(neighbour: Neighbour, mask: number): void {
    const gone = neighbour.childMask & mask;
    if (gone === 0) return;
    neighbour.childMask &= ~gone;
    this.#used -= bitCount(gone);
    for (let substream = 0; substream < SUBSTREAMS; substream += 1) {
      if (((gone >> substream) & 1) === 1) this.#counts[substream] = this.#counts[substream]! - 1;
    }
    this.#sort();
  }

  #sort(): void {
    this.#list = this.#context.neighbours.list
      .filter(({ childMask }) => childMask !== 0)
      .sort((a, b) => Number(b.uploads) * b.uplinkBps - Number(a.uploads) * a.uplinkBps);
  }
}
