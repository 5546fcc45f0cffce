import type { PeerFrame } from "../wire/peer-frame.ts";
import { isStrong, ownSubstreams, substreamsEasily } from "./capacity.ts";
import { ALL_SUBSTREAMS, MAX_DELAY_MS, NO_DELAY, SUBSTREAMS } from "./limits.ts";
import { bitCount, type Neighbour } from "./neighbour.ts";
import type { PartAssembly } from "./part-assembly.ts";
import { RootBeats } from "./root-beats.ts";
import type { SwarmContext } from "./swarm-context.ts";

/** All sub-streams from one parent fail together: each one more must be worth this. */
const SHARED_MS = 6;
const OWN_BONUS_MS = 10;
const STRANGER_MS = 30;
const BROKEN_MS = 80;
/** How often the time doubles that a parent which fell behind is not asked again; pushes in time make up for that. */
const MAX_DOUBLINGS = 5;
const FORGIVEN_BY_PUSH = 0.02;
/** A better parent must be better by this. */
const BETTER_BY_MS = 20;
const IMPROVE_EVERY_MS = 1000;
/** Who said no is not asked again for so long. */
const DENIED_MS = 3000;
/** An answer takes a round trip and this. */
const ANSWER_MS = 400;
/** Our children are told nothing while we look for another parent, for so long. */
const ORPHAN_MS = 2000;
/** Without a parent for so long, those are asked too that have nothing to offer. */
const NEEDY_MS = 500;
/** Parts in which a sub-stream came late, until its parent is replaced. */
const STRIKES = 2;
/** What a part counts that came late to the parent itself. */
const UPSTREAM_STRIKE = 0.25;
/** Parents say something for every part. */
const SILENT_MS = 600;
/** A push is behind when a neighbour had the whole part so long before. */
const BEHIND_MS = 120;
const BEHIND_PARTS = 4;
const LAG_WEIGHT = 0.1;
const FIRST_LAG_MS = 200;
const FIRST_DEVIATION_MS = 60;
const MIN_WAIT_MS = 120;
const MAX_WAIT_MS = 1200;
/** So long after a neighbour has the whole part, what is still missing of it is not on its way. */
const HAD_MS = 150;

/** Not every millisecond is news. */
const NEWS_MS = 12;
const NEWS_SHARE = 0.1;
/** Beats come once a second, through as many peers as there are on the way. */
const CUT_OFF_MS = 5000;

/** What neighbours are told of how we get each sub-stream; replaced whole when it changes. */
export interface Way {
  readonly delaysMs: readonly number[];
  readonly beats: readonly number[];
}

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
  /** How far from the source we are, or were when we lost the parent. */
  delayMs: number;
  /** The newest beat that we told of, and the least delay that we told with it: who is not better than both may get it from us. */
  feasibleBeat: number;
  feasibleMs: number;
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
  delayMs: NO_DELAY,
  feasibleBeat: -1,
  feasibleMs: NO_DELAY,
  lostMs: Number.NEGATIVE_INFINITY,
});

/** Who pushes which sub-stream to us: chosen by distance and delay, one for each, and replaced when it falls behind. */
export class Parents {
  readonly beats: RootBeats;
  readonly #context: SwarmContext;
  readonly #supplies = Array.from({ length: SUBSTREAMS }, noSupply);
  readonly #improveAtMs: () => number;
  #nextImproveMs: number;
  #way: Way = { delaysMs: new Array<number>(SUBSTREAMS).fill(NO_DELAY), beats: new Array<number>(SUBSTREAMS).fill(0) };
  /** Sub-streams that have a parent, and those of which one was asked. */
  #parentMask = 0;
  #askedMask = 0;
  /** Neighbours know what they are to push, as it is now. */
  #isTold = true;
  /** Nothing is subscribed to. */
  #isResting = false;
  /** Nobody pushes anything to the source, or to who fetches for all. */
  #isRoot: boolean;

  constructor(context: SwarmContext) {
    this.#context = context;
    this.#isRoot = context.options.source === true;
    this.beats = new RootBeats(context);
    this.#improveAtMs = () => context.clock.now() + IMPROVE_EVERY_MS * (0.5 + context.options.random());
    this.#nextImproveMs = this.#improveAtMs();
  }

  get isRoot(): boolean {
    return this.#isRoot;
  }

  get way(): Way {
    return this.#way;
  }

  /**
   * Reckons anew how we get each sub-stream; `servesMs` is what a child waits on top of it. What is told changes only where it has changed
   * enough to matter.
   */
  refreshWay(servesMs: (substream: number) => number): void {
    if (this.#isRoot) this.beats.beat();
    const { delaysMs: toldMs, beats: toldBeats } = this.#way;
    const delaysMs: number[] = [];
    const beats: number[] = [];
    let isNews = false;
    for (let substream = 0; substream < SUBSTREAMS; substream += 1) {
      const ownMs = this.delayMs(substream);
      const delayMs = ownMs === NO_DELAY ? NO_DELAY : ownMs + servesMs(substream);
      const beat = this.#isRoot ? this.beats.newest : (this.of(substream)?.beats[substream] ?? toldBeats[substream]!);
      const byMs = Math.abs(delayMs - toldMs[substream]!);
      if (byMs > Math.max(NEWS_MS, toldMs[substream]! * NEWS_SHARE) || beat !== toldBeats[substream]) isNews = true;
      delaysMs.push(delayMs);
      beats.push(beat);
    }
    if (!isNews) return;
    this.#way = { delaysMs, beats };
    for (let substream = 0; substream < SUBSTREAMS; substream += 1) {
      const supply = this.#supplies[substream]!;
      const beat = beats[substream]!;
      if (beat > supply.feasibleBeat) supply.feasibleMs = NO_DELAY;
      supply.feasibleBeat = Math.max(beat, supply.feasibleBeat);
      if (beat === supply.feasibleBeat) supply.feasibleMs = Math.min(supply.feasibleMs, delaysMs[substream]!);
    }
  }

  setRoot(on: boolean): void {
    if (on === this.#isRoot) return;
    this.#isRoot = on;
    this.beats.changed(on);
    const nowMs = this.#context.clock.now();
    for (let substream = 0; substream < SUBSTREAMS; substream += 1) {
      const supply = this.#supplies[substream]!;
      if (on) {
        this.#unask(substream);
        if (supply.parent !== undefined) supply.parent.parentMask = 0;
        supply.parent = undefined;
        this.#parentMask = 0;
        supply.delayMs = 0;
      } else {
        supply.lostMs = nowMs;
        supply.delayMs = 0;
      }
    }
    this.#tell();
  }

  /** Nobody is to push anything for now. */
  rest(on: boolean): void {
    if (on === this.#isResting) return;
    this.#isResting = on;
    if (on && !this.#isRoot) {
      const nowMs = this.#context.clock.now();
      for (let substream = 0; substream < SUBSTREAMS; substream += 1) {
        this.#unask(substream);
        this.#lose(substream, nowMs);
      }
    }
    this.tick();
  }

  of(substream: number): Neighbour | undefined {
    return this.#supplies[substream]!.parent;
  }

  /** How far we are from the source; `NO_DELAY` where the sub-stream does not come. */
  delayMs(substream: number): number {
    if (this.#isRoot) return 0;
    const { parent, delayMs, lostMs } = this.#supplies[substream]!;
    if (parent !== undefined) {
      const theirsMs = parent.offerDelaysMs[substream]!;
      return theirsMs < MAX_DELAY_MS ? theirsMs + parent.delayMs : NO_DELAY;
    }
    return this.#context.clock.now() - lostMs < ORPHAN_MS ? delayMs : NO_DELAY;
  }

  /** When a piece of a part counts as late; at once where nobody pushes it. */
  lateAtMs(part: PartAssembly, substream: number): number {
    const { parent, lagMs, deviationMs } = this.#supplies[substream]!;
    if (parent === undefined) return part.knownMs;
    const usualMs = Math.min(Math.max(lagMs + 3 * deviationMs, MIN_WAIT_MS), MAX_WAIT_MS);
    return Math.min(part.knownMs + usualMs, part.firstHaveMs + HAD_MS);
  }

  pushed(neighbour: Neighbour, part: PartAssembly, substream: number): void {
    const supply = this.#supplies[substream]!;
    if (supply.parent !== neighbour) return;
    const nowMs = this.#context.clock.now();
    const lagMs = Math.min(nowMs - part.knownMs, 1.5 * MAX_WAIT_MS);
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
    const ahead = this.#best(substream, nowMs, (other) => other.hasShown && (part.haveMask & other.bit) !== 0);
    if (ahead !== undefined && ahead !== neighbour) this.#ask(substream, ahead, nowMs);
  }

  /** A piece had to be asked for elsewhere. */
  late(part: PartAssembly, substream: number): void {
    const bit = 1 << substream;
    if ((part.lateMask & bit) !== 0) return;
    part.lateMask |= bit;
    const supply = this.#supplies[substream]!;
    if (supply.parent === undefined) return;
    const nowMs = this.#context.clock.now();
    // Where somebody further up fails, those below him must not all look for another way: his own children do.
    const isAtFault = (part.haveMask & supply.parent.bit) !== 0 || nowMs - supply.parent.heardMs > SILENT_MS;
    supply.strikes += isAtFault ? 1 : UPSTREAM_STRIKE;
    if (supply.strikes < STRIKES) return;
    // With nobody to take its place it is better than none: what it owes is asked for, piece by piece.
    if (this.#best(substream, nowMs, undefined, true) === undefined) return;
    const { parent } = supply;
    parent.deniedUntilMs[substream] = nowMs + DENIED_MS * 2 ** Math.min(parent.failures, MAX_DOUBLINGS);
    parent.failures += 1;
    this.#lose(substream, nowMs);
    this.tick();
  }

  /** Takes `offer`, which also answers what we asked. */
  offered(
    neighbour: Neighbour,
    { asked, substreams, free, uplinkBps, delaysMs, beats }: Extract<PeerFrame, { readonly kind: "offer" }>,
  ): void {
    const nowMs = this.#context.clock.now();
    // The publisher has few places, and one has become free.
    if (neighbour.isSource && free > 0 && neighbour.offerFree === 0) neighbour.deniedUntilMs.fill(0);
    neighbour.offerFree = free;
    neighbour.uplinkBps = uplinkBps;
    neighbour.offerDelaysMs = delaysMs;
    this.beats.heard(beats, this.#isRoot);
    for (let substream = 0; substream < SUBSTREAMS; substream += 1) {
      const beat = beats[substream]!;
      if (beat > neighbour.beats[substream]!) neighbour.beatMs[substream] = nowMs;
    }
    neighbour.beats = beats;
    for (let substream = 0; substream < SUBSTREAMS; substream += 1) {
      // An offer that was under way as we asked is no answer.
      if (((asked >> substream) & 1) === 0) continue;
      const supply = this.#supplies[substream]!;
      const isGranted = ((substreams >> substream) & 1) === 1;
      if (supply.asked === neighbour) {
        this.#unask(substream);
        if (isGranted && this.#isFeasible(substream, neighbour)) this.#adopt(substream, neighbour);
        else neighbour.deniedUntilMs[substream] = nowMs + DENIED_MS * (0.5 + this.#context.options.random());
      } else if (supply.parent === neighbour && !isGranted) {
        neighbour.deniedUntilMs[substream] = nowMs + DENIED_MS;
        this.#lose(substream, nowMs);
      } else if (supply.parent === neighbour && this.#isCutOff(substream, neighbour)) this.#lose(substream, nowMs);
    }
    // Two of ours may have overtaken each other.
    if (asked !== neighbour.subscribedMask && nowMs - neighbour.subscribedMs > ANSWER_MS + 2 * neighbour.delayMs) {
      neighbour.subscribedMs = nowMs;
      this.#context.tell(neighbour, { kind: "subscribe", substreams: neighbour.subscribedMask, of: SUBSTREAMS });
    }
    this.tick();
  }

  /** It has gone, or sends nothing any more. */
  left(neighbour: Neighbour): void {
    const nowMs = this.#context.clock.now();
    for (let substream = 0; substream < SUBSTREAMS; substream += 1) {
      const supply = this.#supplies[substream]!;
      if (supply.asked === neighbour) this.#unask(substream);
      if (supply.parent === neighbour) this.#lose(substream, nowMs);
    }
    this.tick();
  }

  /** Finds parents where there are none, and now and then a better one. */
  tick(): void {
    if (!this.#isRoot && !this.#isResting) {
      const nowMs = this.#context.clock.now();
      const unsettled = (ALL_SUBSTREAMS & ~this.#parentMask) | this.#askedMask;
      for (let substream = 0; substream < SUBSTREAMS; substream += 1) {
        if (((unsettled >> substream) & 1) === 0) continue;
        const supply = this.#supplies[substream]!;
        if (supply.asked !== undefined && nowMs - supply.askedMs > ANSWER_MS + 2 * supply.asked.delayMs) {
          supply.asked.deniedUntilMs[substream] = nowMs + DENIED_MS;
          this.#unask(substream);
        }
        if (supply.parent !== undefined || supply.asked !== undefined) continue;
        // By now nobody gets it from us any more; and who lied of its beats must not rule out all others.
        if (nowMs - supply.lostMs > ORPHAN_MS) supply.feasibleBeat = -1;
        const best =
          this.#best(substream, nowMs) ??
          (nowMs - supply.lostMs > NEEDY_MS ? this.#best(substream, nowMs, undefined, true) : undefined);
        if (best !== undefined) this.#ask(substream, best, nowMs);
      }
      if (nowMs >= this.#nextImproveMs) this.#improve(nowMs);
    }
    if (!this.#isTold) this.#tell();
  }

  /** Whether it would do others good to have us near the source, even in the place of somebody else. */
  get #isStrong(): boolean {
    const { options, uplink, rate } = this.#context;
    return options.uploads !== false && isStrong(uplink.bps, rate.bps);
  }

  #improve(nowMs: number): void {
    this.#nextImproveMs = this.#improveAtMs();
    let gainMs = BETTER_BY_MS;
    let at = -1;
    let better: Neighbour | undefined;
    for (let substream = 0; substream < SUBSTREAMS; substream += 1) {
      const { parent, asked } = this.#supplies[substream]!;
      if (parent === undefined || asked !== undefined) continue;
      // A parent that does its work is not left for a promise.
      const best = this.#best(substream, nowMs, (other) => other !== parent && other.hasShown, this.#isStrong);
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
    neighbour.askedMask |= 1 << substream;
    this.#askedMask |= 1 << substream;
    neighbour.offerFree = Math.max(0, neighbour.offerFree - 1);
    this.#isTold = false;
  }

  #unask(substream: number): void {
    const supply = this.#supplies[substream]!;
    if (supply.asked === undefined) return;
    supply.asked.askedMask &= ~(1 << substream);
    supply.asked = undefined;
    this.#askedMask &= ~(1 << substream);
    this.#isTold = false;
  }

  #adopt(substream: number, neighbour: Neighbour): void {
    const supply = this.#supplies[substream]!;
    // The old one pushes until the new one does, so that nothing falls between the two.
    if (supply.parent !== undefined) supply.parent.parentMask &= ~(1 << substream);
    supply.parent = neighbour;
    supply.strikes = 0;
    supply.behind = 0;
    neighbour.parentMask |= 1 << substream;
    this.#parentMask |= 1 << substream;
    this.#isTold = false;
  }

  #lose(substream: number, nowMs: number): void {
    const supply = this.#supplies[substream]!;
    if (supply.parent === undefined) return;
    supply.delayMs = this.delayMs(substream);
    supply.lostMs = nowMs;
    supply.parent.parentMask &= ~(1 << substream);
    supply.parent = undefined;
    this.#parentMask &= ~(1 << substream);
    supply.strikes = 0;
    this.#isTold = false;
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
      const delayMs = neighbour.offerDelaysMs[substream]!;
      if (!neighbour.isReady || !neighbour.uploads || delayMs >= MAX_DELAY_MS || neighbour.hasChokedUs) continue;
      if (neighbour.offerFree <= 0 && !evenFull) continue;
      if (nowMs < neighbour.deniedUntilMs[substream]! || neighbour === supply.parent) continue;
      // A child's supply comes from us, and so may that of who is further away than we are.
      if (((neighbour.childMask >> substream) & 1) === 1 || !this.#isFeasible(substream, neighbour)) continue;
      if (this.#isCutOff(substream, neighbour)) continue;
      if (suits?.(neighbour) === false) continue;
      const costMs = this.#costMs(neighbour, substream) + random() * 10;
      if (costMs >= bestMs) continue;
      best = neighbour;
      bestMs = costMs;
    }
    return best;
  }

  /**
   * Whether its way to the source cannot lead through us: it has a newer beat than any that we passed on, or was nearer with the same one
   * than we ever were (the condition of RFC 8966, section 3.5.1, with the source's beats for sequence numbers).
   */
  #isFeasible(substream: number, { beats, offerDelaysMs }: Neighbour): boolean {
    const { feasibleBeat, feasibleMs } = this.#supplies[substream]!;
    const beat = beats[substream]!;
    return beat > feasibleBeat || (beat === feasibleBeat && offerDelaysMs[substream]! < feasibleMs);
  }

  /** Whether the source's beats reach it no more, whatever it says of its distance. */
  #isCutOff(substream: number, { beatMs, offerDelaysMs }: Neighbour): boolean {
    return offerDelaysMs[substream]! >= MAX_DELAY_MS || this.#context.clock.now() - beatMs[substream]! > CUT_OFF_MS;
  }

  #costMs(neighbour: Neighbour, substream: number): number {
    const { hash, uplinkBps, piecesReceived, broken, failures } = neighbour;
    const own = ownSubstreams(hash, substreamsEasily(uplinkBps, this.#context.rate.bps));
    return (
      neighbour.offerDelaysMs[substream]! +
      neighbour.delayMs +
      bitCount(neighbour.parentMask | neighbour.askedMask) * SHARED_MS +
      (piecesReceived === 0 ? STRANGER_MS : 0) +
      (broken + failures) * BROKEN_MS -
      (((own >> substream) & 1) === 1 ? OWN_BONUS_MS : 0)
    );
  }

  /** Tells every neighbour what it is to push, where that is not what it was told. */
  #tell(): void {
    this.#isTold = true;
    for (const neighbour of this.#context.neighbours.list) {
      const mask = neighbour.parentMask | neighbour.askedMask;
      if (mask === neighbour.subscribedMask) continue;
      neighbour.noLonger(neighbour.subscribedMask & ~mask, this.#context.clock.now());
      neighbour.subscribedMask = mask;
      neighbour.subscribedMs = this.#context.clock.now();
      this.#context.tell(neighbour, { kind: "subscribe", substreams: mask, of: SUBSTREAMS });
    }
  }
}
