import { ownSubstreams, substreamsCarried } from "./capacity.ts";
import { MAX_HOPS, NO_HOPS, SUBSTREAMS } from "./limits.ts";
import { bitCount, type Neighbour } from "./neighbour.ts";
import type { PartAssembly } from "./part-assembly.ts";
import type { SwarmContext } from "./swarm-context.ts";

/** What one hop more costs, before anything was measured. */
const HOP_MS = 50;
/** All sub-streams from one parent fail together: each one more must be worth this. */
const SHARED_MS = 25;
const OWN_BONUS_MS = 25;
const STRANGER_MS = 30;
const BROKEN_MS = 80;
/** A better parent must be better by this. */
const BETTER_BY_MS = 70;
const IMPROVE_EVERY_MS = 2000;
/** Who said no is not asked again for so long. */
const DENIED_MS = 3000;
/** Each time that a parent had to be replaced doubles it; each piece that it pushes makes up for a little. */
const MAX_DOUBLINGS = 5;
const FORGIVEN_BY_PUSH = 0.02;
/** An answer takes a round trip and this. */
const ANSWER_MS = 400;
/** Our children are told nothing while we look for another parent, for so long. */
const ORPHAN_MS = 1500;
/** Parts in which a sub-stream came late, until its parent is replaced. */
const STRIKES = 2;
/** A push is behind when a neighbour had the whole part so long before. */
const BEHIND_MS = 120;
const BEHIND_PARTS = 4;
const LAG_WEIGHT = 0.1;
const FIRST_LAG_MS = 200;
const FIRST_DEVIATION_MS = 60;
const MIN_WAIT_MS = 120;
const MAX_WAIT_MS = 700;

/** One sub-stream as we get it. */
interface Supply {
  parent: Neighbour | undefined;
  /** Was asked to be the parent, and has not answered. */
  asked: Neighbour | undefined;
  askedMs: number;
  strikes: number;
  behind: number;
  /** From the first word of a part to its pieces of this sub-stream. */
  lagMs: number;
  deviationMs: number;
  /** How far from the source we are, or were. */
  hops: number;
  lostMs: number;
}

const noSupply = (): Supply => ({
  parent: undefined,
  asked: undefined,
  askedMs: 0,
  strikes: 0,
  behind: 0,
  lagMs: FIRST_LAG_MS,
  deviationMs: FIRST_DEVIATION_MS,
  hops: NO_HOPS,
  lostMs: Number.NEGATIVE_INFINITY,
});

/** Who pushes which sub-stream to us: chosen by distance and delay, one for each, and replaced when it falls behind. */
export class Parents {
  readonly #context: SwarmContext;
  readonly #supplies = Array.from({ length: SUBSTREAMS }, noSupply);
  readonly #improveAtMs: () => number;
  #nextImproveMs: number;
  /** Nobody pushes anything to the source, or to who fetches for all. */
  #isRoot: boolean;

  constructor(context: SwarmContext) {
    this.#context = context;
    this.#isRoot = context.options.source === true;
    this.#improveAtMs = () => context.clock.now() + IMPROVE_EVERY_MS * (0.5 + context.options.random());
    this.#nextImproveMs = this.#improveAtMs();
  }

  get isRoot(): boolean {
    return this.#isRoot;
  }

  setRoot(on: boolean): void {
    if (on === this.#isRoot) return;
    this.#isRoot = on;
    const nowMs = this.#context.clock.now();
    for (const supply of this.#supplies) {
      if (on) {
        supply.parent?.dropFromParents(supply.parent.parentMask, nowMs);
        supply.parent = undefined;
        supply.asked = undefined;
        supply.hops = 0;
      } else {
        supply.lostMs = nowMs;
        supply.hops = 1;
      }
    }
    this.#tell();
  }

  of(substream: number): Neighbour | undefined {
    return this.#supplies[substream]!.parent;
  }

  /** How far we are from the source; `NO_HOPS` where the sub-stream does not come. */
  hops(substream: number): number {
    if (this.#isRoot) return 0;
    const { parent, hops, lostMs } = this.#supplies[substream]!;
    if (parent !== undefined) {
      const theirs = parent.offerHops[substream]!;
      return theirs < MAX_HOPS ? theirs + 1 : NO_HOPS;
    }
    return this.#context.clock.now() - lostMs < ORPHAN_MS ? hops : NO_HOPS;
  }

  /** When a piece of a part counts as late; at once where nobody pushes it. */
  lateAtMs(part: PartAssembly, substream: number): number {
    const { parent, lagMs, deviationMs } = this.#supplies[substream]!;
    if (parent === undefined) return part.knownMs;
    return part.knownMs + Math.min(Math.max(lagMs + 4 * deviationMs, MIN_WAIT_MS), MAX_WAIT_MS);
  }

  pushed(neighbour: Neighbour, part: PartAssembly, substream: number): void {
    const supply = this.#supplies[substream]!;
    if (supply.parent !== neighbour) return;
    const nowMs = this.#context.clock.now();
    const lagMs = Math.min(nowMs - part.knownMs, 2 * MAX_WAIT_MS);
    supply.deviationMs += (Math.abs(lagMs - supply.lagMs) - supply.deviationMs) * LAG_WEIGHT;
    supply.lagMs += (lagMs - supply.lagMs) * LAG_WEIGHT;
    supply.strikes = Math.max(0, supply.strikes - 0.2);
    neighbour.failures = Math.max(0, neighbour.failures - FORGIVEN_BY_PUSH);
    if (nowMs - part.firstHaveMs <= BEHIND_MS) {
      supply.behind = Math.max(0, supply.behind - 1);
      return;
    }
    supply.behind += 1;
    if (supply.behind < BEHIND_PARTS || supply.asked !== undefined) return;
    supply.behind = 0;
    // Who has the whole part before our parent sends its share gets it on another way, which cannot lead through us.
    const ahead = this.#best(substream, nowMs, (other) => (part.haveMask & other.bit) !== 0);
    if (ahead !== undefined && ahead !== neighbour) this.#ask(substream, ahead, nowMs);
  }

  /** A piece had to be asked for elsewhere. */
  late(part: PartAssembly, substream: number): void {
    const bit = 1 << substream;
    if ((part.lateMask & bit) !== 0) return;
    part.lateMask |= bit;
    const supply = this.#supplies[substream]!;
    if (supply.parent === undefined) return;
    supply.strikes += 1;
    if (supply.strikes < STRIKES) return;
    const nowMs = this.#context.clock.now();
    const { parent } = supply;
    parent.failures += 1;
    parent.deniedUntilMs = nowMs + DENIED_MS * 2 ** Math.min(Math.floor(parent.failures) - 1, MAX_DOUBLINGS);
    // Who has never sent anything will not do better in its other sub-streams.
    if (parent.piecesReceived === 0) this.left(parent);
    else {
      this.#lose(substream, nowMs);
      this.#tell();
    }
  }

  /** Takes `offer`, which also answers what we asked. */
  offered(neighbour: Neighbour, substreams: number, free: number, hops: readonly number[]): void {
    const nowMs = this.#context.clock.now();
    neighbour.offerFree = free;
    neighbour.offerHops = hops;
    for (let substream = 0; substream < SUBSTREAMS; substream += 1) {
      const supply = this.#supplies[substream]!;
      const isGranted = ((substreams >> substream) & 1) === 1;
      if (supply.asked === neighbour) {
        supply.asked = undefined;
        if (isGranted) this.#adopt(substream, neighbour, nowMs);
        else neighbour.deniedUntilMs = nowMs + DENIED_MS * (0.5 + this.#context.options.random());
      } else if (supply.parent === neighbour && !isGranted) {
        neighbour.deniedUntilMs = nowMs + DENIED_MS;
        this.#lose(substream, nowMs);
      }
    }
    this.tick();
  }

  /** It has gone, or sends nothing any more. */
  left(neighbour: Neighbour): void {
    const nowMs = this.#context.clock.now();
    for (let substream = 0; substream < SUBSTREAMS; substream += 1) {
      const supply = this.#supplies[substream]!;
      if (supply.asked === neighbour) supply.asked = undefined;
      if (supply.parent === neighbour) this.#lose(substream, nowMs);
    }
    this.tick();
  }

  /** Finds parents where there are none, and now and then a better one. */
  tick(): void {
    if (!this.#isRoot) {
      const nowMs = this.#context.clock.now();
      for (let substream = 0; substream < SUBSTREAMS; substream += 1) {
        const supply = this.#supplies[substream]!;
        if (supply.asked !== undefined && nowMs - supply.askedMs > ANSWER_MS + 2 * supply.asked.delayMs) {
          supply.asked.deniedUntilMs = nowMs + DENIED_MS;
          supply.asked = undefined;
        }
        if (supply.parent !== undefined || supply.asked !== undefined) continue;
        const best = this.#best(substream, nowMs);
        if (best !== undefined) this.#ask(substream, best, nowMs);
      }
      if (nowMs >= this.#nextImproveMs) this.#improve(nowMs);
    }
    this.#tell();
  }

  #improve(nowMs: number): void {
    this.#nextImproveMs = this.#improveAtMs();
    let gainMs = BETTER_BY_MS;
    let at = -1;
    let better: Neighbour | undefined;
    for (let substream = 0; substream < SUBSTREAMS; substream += 1) {
      const { parent, asked } = this.#supplies[substream]!;
      if (parent === undefined || asked !== undefined) continue;
      const best = this.#best(substream, nowMs, (other) => other !== parent, true);
      if (best === undefined) continue;
      const byMs = this.#costMs(parent, substream) - SHARED_MS - this.#costMs(best, substream);
      if (byMs <= gainMs) continue;
      gainMs = byMs;
      at = substream;
      better = best;
    }
    if (better !== undefined) this.#ask(at, better, nowMs);
  }

  #ask(substream: number, neighbour: Neighbour, nowMs: number): void {
    const supply = this.#supplies[substream]!;
    supply.asked = neighbour;
    supply.askedMs = nowMs;
    neighbour.offerFree = Math.max(0, neighbour.offerFree - 1);
  }

  #adopt(substream: number, neighbour: Neighbour, nowMs: number): void {
    const supply = this.#supplies[substream]!;
    // The old one pushes until the new one does, so that nothing falls between the two.
    supply.parent?.dropFromParents(1 << substream, nowMs);
    supply.parent = neighbour;
    supply.strikes = 0;
    supply.behind = 0;
    neighbour.parentMask |= 1 << substream;
  }

  #lose(substream: number, nowMs: number): void {
    const supply = this.#supplies[substream]!;
    if (supply.parent === undefined) return;
    supply.hops = this.hops(substream);
    supply.lostMs = nowMs;
    supply.parent.dropFromParents(1 << substream, nowMs);
    supply.parent = undefined;
    supply.strikes = 0;
  }

  #best(
    substream: number,
    nowMs: number,
    suits?: (neighbour: Neighbour) => boolean,
    evenFull = false,
  ): Neighbour | undefined {
    let best: Neighbour | undefined;
    let bestMs = Number.POSITIVE_INFINITY;
    const supply = this.#supplies[substream]!;
    const { random } = this.#context.options;
    for (const neighbour of this.#context.neighbours.list) {
      const hops = neighbour.offerHops[substream]!;
      if (!neighbour.isReady || !neighbour.uploads || hops >= MAX_HOPS || neighbour.hasChokedUs) continue;
      if (neighbour.offerFree <= 0 && !evenFull) continue;
      if (nowMs < neighbour.deniedUntilMs || neighbour === supply.parent) continue;
      // A child's supply comes from us, and so may that of who is further away.
      if (((neighbour.childMask >> substream) & 1) === 1) continue;
      if (hops > supply.hops && nowMs - supply.lostMs < ORPHAN_MS) continue;
      if (suits?.(neighbour) === false) continue;
      const costMs = this.#costMs(neighbour, substream) + random() * 10;
      if (costMs >= bestMs) continue;
      best = neighbour;
      bestMs = costMs;
    }
    return best;
  }

  #costMs(neighbour: Neighbour, substream: number): number {
    const { hash, uplinkBps, piecesReceived, broken } = neighbour;
    const own = ownSubstreams(hash, substreamsCarried(uplinkBps, this.#context.rate.bps));
    return (
      neighbour.offerHops[substream]! * HOP_MS +
      neighbour.delayMs +
      bitCount(neighbour.parentMask | this.#askedMask(neighbour)) * SHARED_MS +
      (piecesReceived === 0 ? STRANGER_MS : 0) +
      broken * BROKEN_MS -
      (((own >> substream) & 1) === 1 ? OWN_BONUS_MS : 0)
    );
  }

  #askedMask(neighbour: Neighbour): number {
    let mask = 0;
    for (let substream = 0; substream < SUBSTREAMS; substream += 1) {
      if (this.#supplies[substream]!.asked === neighbour) mask |= 1 << substream;
    }
    return mask;
  }

  /** Tells every neighbour what it is to push, where that is not what it was told. */
  #tell(): void {
    for (const neighbour of this.#context.neighbours.list) {
      const mask = neighbour.parentMask | this.#askedMask(neighbour);
      if (mask === neighbour.subscribedMask) continue;
      // One that was only asked may have begun to push by the time that it hears of this.
      neighbour.dropFromParents(neighbour.subscribedMask & ~mask, this.#context.clock.now());
      neighbour.subscribedMask = mask;
      this.#context.tell(neighbour, { kind: "subscribe", substreams: mask, of: SUBSTREAMS });
    }
  }
}
