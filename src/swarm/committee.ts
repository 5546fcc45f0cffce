import type { PeerId, RootEntry } from "../wire/peer-frame.ts";
import { peerHash } from "./hash.ts";
import { LeftOut } from "./left-out.ts";
import { DEFAULT_NEIGHBOURS } from "./limits.ts";
import type { Neighbour } from "./neighbour.ts";
import type { SwarmContext } from "./swarm-context.ts";

/** Members: one fetches, the others stand by. */
const SIZE = 3;
const BEAT_MS = 1000;
/** How often what is new of them is passed on. */
const GOSSIP_MS = 300;
/** A member whose beat has not grown for so long has gone. */
const EXPIRES_MS = 4000;
const LATE_BEAT_MS = 2500;
/** A neighbour that fetches says something for every part. */
const SILENT_MS = 600;
/** Who has just come may not know the members yet. */
const SETTLE_MS = 1500;
/**
 * Where a place is free, those whose hash is below a share of all may take it, and the share doubles: so that of a hundred thousand a few
 * stand at once, and of ten one does soon.
 */
const FEW_SHARE = 2 ** -4;
const MANY_SHARE = 2 ** -17;
const DOUBLES_MS = 500;
/** Nobody need be wider. */
const AMPLE_STREAMS = 100;
/**
 * All trees begin at the uplink of who fetches: the fewer streams it carries, the longer one waits for somebody wider to stand; less where nobody
 * stands, since anybody is better than none.
 */
const WIDTHS: readonly (readonly [streams: number, waitsMs: number])[] = [
  [AMPLE_STREAMS, 0],
  [40, 4000],
  [12, 9000],
];
const NARROW_WAITS_MS = 18_000;
const WAIT_SHARE_WITHOUT = 0.5;
/** Who stands by is a neighbour of who fetches: so much longer all others wait, and so long may the link be missing. */
const STRANGER_WAITS_MS = 10_000;
const UNLINKED_MS = 5000;
/** And makes way for them if a piece takes longer than this from there to its children. */
const MAX_SERVED_MS = 50;
const WIDER = 2;
const WIDER_NEIGHBOURS = 3;
/** A member that did not fetch when it should have, so often, is left out. */
const STRIKES = 2;
const STRIKES_OF_LIVING = 8;
/** Who has just come to go first has so long to begin. */
const BEGINS_MS = 1500;
/** Who went first fetches on for so long: all trees begin at it, and those of the next one have yet to grow. */
const HANDOVER_MS = 4000;
/** A new first member has so long to show that it feeds its neighbours; then those that get nothing do not pass on its beats. */
const PROVES_MS = 3000;
/** Who is known for so long has its place, whatever somebody claims who comes later. */
const SETTLED_MS = 5000;
/** Seconds in a row in which another one was seen to go first. */
const MAX_CONTESTED = 3;
/** And after so many, who still thinks that it goes first is one for whom its neighbours do not vouch. */
const MAX_UNHEEDED = 10;
/** The first one stands down when too few of its neighbours have taken anything from it for so long. */
const FEEDS_NOBODY_MS = 5000;
const FEW_NEIGHBOURS = 3;
/** So many of its neighbours are children of who fetches, and stay so: who gets nothing from its parent leaves it sooner. */
const FED_SHARE = 1 / 4;
const STAYS_MS = 2000;
/** A beat is the second from which on its member stands, and how many there were since. */
const BEATS = 2 ** 16;
/** Whatever second somebody makes up: behind it, a frame has no room for beats that grow. */
const LAST_SECOND = 2 ** 32 - 2 ** 10;
const HASHES = 2 ** 32;
const MAX_LAST_BEATS = 64;

interface Member {
  readonly peer: PeerId;
  readonly hash: number;
  /** Second from which on it says that it stands; and from which on it does for us, who may have been here and not know of it. */
  readonly claimed: number;
  since: number;
  readonly joinedMs: number;
  beat: number;
  /** When its beat last grew. */
  heardMs: number;
  /** Neighbours that have this beat from us, or we from them. */
  knownMask: number;
  /** It was a neighbour, and has gone: its beats may still be on their way round. */
  isLost: boolean;
}

/**
 * The few peers that ask the origin for the whole swarm, known to all of it by gossip. Each viewer knows a dozen others; without this, each
 * dozen would elect somebody. Who stands is decided by lowest hash, who goes first by who stood first: a change of the first member moves
 * the roots of all trees.
 */
export class Committee {
  readonly #context: SwarmContext;
  readonly #hash: number;
  readonly #startedMs: number;
  /** The first one fetches. */
  #members: Member[] = [];
  #first: PeerId | undefined;
  #firstSinceMs = 0;
  #fedMs = 0;
  #actsUntilMs = 0;
  /** When the first one was last a neighbour. */
  #linkedMs = 0;
  /** Its beat has ended: it does what it stands for until the others have noticed. */
  #isResigning = false;
  #contested = 0;
  #contestedMs = Number.NEGATIVE_INFINITY;
  readonly #strikes = new Map<PeerId, number>();
  readonly #leftOut = new LeftOut();
  /** The last beats of those that fell silent: what still goes round does not bring them back, and a newer one does. */
  readonly #lastBeats = new Map<PeerId, number>();
  /** When a place became free; undefined while there is none. */
  #freeSinceMs: number | undefined;
  #beatMs = Number.NEGATIVE_INFINITY;
  #gossipMs: number;
  #wanted = "";

  constructor(context: SwarmContext) {
    this.#context = context;
    this.#hash = peerHash(context.options.self);
    this.#startedMs = context.clock.now();
    this.#gossipMs = this.#startedMs + context.options.random() * GOSSIP_MS;
  }

  get members(): readonly PeerId[] {
    return this.#members.map(({ peer }) => peer);
  }

  get first(): PeerId | undefined {
    return this.#members[0]?.peer;
  }

  /** 0 for who fetches, 1 for who stands by first; -1 for everybody else. */
  get rank(): number {
    return this.#members.findIndex(({ peer }) => peer === this.#context.options.self);
  }

  /** Whether we fetch for all: as the first one, or since the next one has only just come to be it. */
  get acts(): boolean {
    return this.rank === 0 || this.#context.clock.now() < this.#actsUntilMs;
  }

  /** When the one that goes first came to do so. */
  get firstSinceMs(): number {
    return this.#firstSinceMs;
  }

  /** Whether anybody takes sub-streams from us. */
  get feeds(): boolean {
    return this.#context.neighbours.list.some(({ childMask }) => childMask !== 0);
  }

  get isKnown(): boolean {
    return this.#members.length > 0;
  }

  /** Whether the first one shows no sign of life where it should. */
  get isFirstSuspect(): boolean {
    const first = this.#members[0];
    if (first === undefined || first.peer === this.#context.options.self) return false;
    const nowMs = this.#context.clock.now();
    const neighbour = this.#context.neighbours.of(first.peer);
    if (neighbour !== undefined) return nowMs - neighbour.heardMs > SILENT_MS;
    return first.isLost || nowMs - first.heardMs > LATE_BEAT_MS;
  }

  heard(neighbour: Neighbour, entries: readonly RootEntry[]): void {
    const nowMs = this.#context.clock.now();
    for (const { peer, beat } of entries) {
      if (peer === this.#context.options.self) continue;
      if (peer === neighbour.peer && !this.#vouches(neighbour, nowMs)) continue;
      const known = this.#members.find((member) => member.peer === peer);
      if (known === undefined) this.#join(peer, { hash: peerHash(peer), beat, nowMs, knownMask: neighbour.bit });
      else if (beat > known.beat) {
        known.beat = beat;
        known.heardMs = nowMs;
        known.knownMask = neighbour.bit;
      } else if (beat === known.beat) known.knownMask |= neighbour.bit;
    }
  }

  /** The one that fetches did not, and another had to. */
  failed(): void {
    const { first } = this;
    // Where our own line is full, that says nothing of anybody.
    if (first === undefined || first === this.#context.options.self || this.#context.neighbours.isLineFull) return;
    if (first !== this.#first || this.#context.clock.now() - this.#firstSinceMs < BEGINS_MS) return;
    const strikes = (this.#strikes.get(first) ?? 0) + 1;
    this.#strikes.set(first, strikes);
    // One that shows life is rather far away than gone.
    if (strikes < (this.isFirstSuspect ? STRIKES : STRIKES_OF_LIVING)) return;
    this.#strikes.clear();
    this.#leaveOut(first, this.#context.clock.now());
  }

  worked(): void {
    if (this.#strikes.size > 0) this.#strikes.clear();
  }

  /** It ends, by its own word: who stands by goes on at once. */
  bye({ peer }: Neighbour): void {
    if (this.#members.some((member) => member.peer === peer)) this.#leaveOut(peer, this.#context.clock.now());
  }

  left(neighbour: Neighbour): void {
    for (const member of this.#members) {
      member.knownMask &= ~neighbour.bit;
      if (member.peer === neighbour.peer) member.isLost = true;
    }
  }

  /** `servedMs`: how long a piece takes from here to our children. */
  tick(nowMs: number, servedMs = 0): void {
    const { self } = this.#context.options;
    for (const { peer, beat, heardMs } of this.#members) {
      if (nowMs - heardMs <= EXPIRES_MS) continue;
      if (peer !== self) this.#fellSilent(peer, beat, nowMs);
      else if (this.#isResigning) this.#leaveOut(peer, nowMs);
    }
    this.#watchFirst(nowMs);
    if (this.#isNear) this.#linkedMs = nowMs;
    if (this.rank < 0) this.#isResigning = false;
    else this.#isResigning ||= this.#makesWay(nowMs, servedMs);
    this.#watchChildren(nowMs);
    if (nowMs - this.#beatMs >= BEAT_MS && this.#stands(nowMs)) this.#beat(nowMs);
    if (nowMs < this.#gossipMs) return;
    this.#gossipMs = nowMs + GOSSIP_MS;
    for (const neighbour of this.#context.neighbours.list) if (neighbour.isReady) this.tell(neighbour);
    this.#tellWanted();
  }

  /** Tells a neighbour what it does not know yet. */
  tell(neighbour: Neighbour): void {
    let entries: RootEntry[] | undefined;
    for (const member of this.#members) {
      if ((member.knownMask & neighbour.bit) !== 0) continue;
      member.knownMask |= neighbour.bit;
      entries ??= [];
      entries.push({ peer: member.peer, beat: member.beat });
    }
    if (entries !== undefined) this.#context.tell(neighbour, { kind: "roots", entries });
  }

  #stands(nowMs: number): boolean {
    const { fetches, uploads, self } = this.#context.options;
    if (fetches !== true || uploads === false || this.#leftOut.has(self, nowMs)) return false;
    if (this.rank >= 0) return !this.#isResigning;
    if (this.#members.length >= SIZE) {
      this.#freeSinceMs = undefined;
      return false;
    }
    this.#freeSinceMs ??= nowMs;
    const { list } = this.#context.neighbours;
    const streams = this.#context.uplink.bps / this.#context.rate.bps;
    const [, widthMs] = WIDTHS.find(([least]) => streams >= least) ?? [0, NARROW_WAITS_MS];
    const waitsMs = widthMs * (this.isKnown ? 1 : WAIT_SHARE_WITHOUT) + (this.#isNear ? 0 : STRANGER_WAITS_MS);
    const waitedMs = nowMs - Math.max(this.#freeSinceMs, this.#startedMs + SETTLE_MS) - waitsMs;
    // Who is a neighbour of the first one is one of a few.
    const isFew = list.length < DEFAULT_NEIGHBOURS / 2 || (this.isKnown && this.#isNear);
    const chance = (isFew ? FEW_SHARE : MANY_SHARE) * 2 ** (waitedMs / DOUBLES_MS);
    return waitedMs >= 0 && this.#hash / HASHES < chance;
  }

  /** Whether nobody goes first, or one to whom we have a link: then we see at once when it goes, and may know those that it feeds. */
  get #isNear(): boolean {
    const { first } = this;
    if (first === undefined || first === this.#context.options.self) return true;
    return this.#context.neighbours.of(first)?.isReady === true;
  }

  /** Whether others should stand in our place. */
  #makesWay(nowMs: number, servedMs: number): boolean {
    if (this.#context.neighbours.isLineFull) return true;
    const { rank } = this;
    if (rank > 0 && nowMs - this.#linkedMs > UNLINKED_MS) return true;
    if (this.#members.length < SIZE || (rank === 0 && servedMs <= MAX_SERVED_MS)) return false;
    if (rank === SIZE - 1) return this.#widerNeighbours >= WIDER_NEIGHBOURS;
    // The last one makes way for whoever comes, the others for the next: so that they do not all go at once.
    const next = this.#context.neighbours.of(this.#members[rank + 1]!.peer);
    return next !== undefined && this.#isWider(next);
  }

  /** Neighbours that could stand and have a multiple of our uplink; none where ours is ample. */
  get #widerNeighbours(): number {
    let count = 0;
    for (const neighbour of this.#context.neighbours.list) {
      if (neighbour.fetches && neighbour.uploads && this.#isWider(neighbour)) count += 1;
    }
    return count;
  }

  #isWider({ uplinkBps }: Neighbour): boolean {
    const { uplink, rate } = this.#context;
    return uplink.bps <= AMPLE_STREAMS * rate.bps && uplinkBps > WIDER * uplink.bps;
  }

  #beat(nowMs: number): void {
    this.#beatMs = nowMs;
    const own = this.#members.find(({ peer }) => peer === this.#context.options.self);
    if (own !== undefined) {
      own.beat += 1;
      own.heardMs = nowMs;
      own.knownMask = 0;
      return;
    }
    // Behind all that are known, even if this clock is slow.
    const wall = Math.floor(this.#context.clock.wallMs() / 1000);
    const last = this.#members.reduce((latest, member) => Math.max(latest, member.since + 1), wall);
    const since = Math.min(last, LAST_SECOND);
    this.#join(this.#context.options.self, { hash: this.#hash, beat: since * BEATS, nowMs, knownMask: 0 });
  }

  #join(
    peer: PeerId,
    { hash, beat, nowMs, knownMask }: { hash: number; beat: number; nowMs: number; knownMask: number },
  ): void {
    if (this.#leftOut.has(peer, nowMs) || beat <= (this.#lastBeats.get(peer) ?? -1)) return;
    const claimed = Math.floor(beat / BEATS);
    let since = claimed;
    for (const member of this.#members) {
      if (nowMs - member.joinedMs > SETTLED_MS && member.since >= since) since = member.since + 1;
    }
    this.#members.push({ peer, hash, claimed, since, joinedMs: nowMs, beat, heardMs: nowMs, knownMask, isLost: false });
    this.#sort();
    if (this.#members.length > SIZE) this.#members.length = SIZE;
  }

  /**
   * Told while beats go round that are not ours though we go first. Each puts the other behind itself, as one who came later; now both go by
   * what each says of itself. Who is not heeded even then gives up; who is does not, since an attacker too may give itself as a root.
   */
  contested(nowMs: number, isHeeded = false): void {
    if (nowMs - this.#contestedMs < BEAT_MS) return;
    this.#contested = nowMs - this.#contestedMs < 3 * BEAT_MS ? this.#contested + 1 : 1;
    this.#contestedMs = nowMs;
    if (this.#contested === MAX_CONTESTED) {
      for (const member of this.#members) member.since = member.claimed;
      this.#sort();
    } else if (this.#contested > MAX_UNHEEDED && !isHeeded) {
      this.#contested = 0;
      this.#leaveOut(this.#context.options.self, nowMs);
    }
  }

  #sort(): void {
    this.#members.sort((a, b) => a.since - b.since || a.hash - b.hash);
  }

  /**
   * A member's neighbours answer for it: who has never sent them a piece that proved does not become one, and who goes first but pushes
   * nothing to any of them is soon forgotten by all.
   */
  #vouches(neighbour: Neighbour, nowMs: number): boolean {
    // Also by who has just come and has nothing yet: attackers that all others have banned find those first.
    neighbour.isOnTrial = !neighbour.hasShown;
    if (neighbour.isOnTrial) return false;
    if (this.first !== neighbour.peer || nowMs - this.#firstSinceMs < PROVES_MS) return true;
    return nowMs - neighbour.pieceMs < PROVES_MS;
  }

  #watchFirst(nowMs: number): void {
    if (this.first === this.#first) return;
    if (this.#first === this.#context.options.self && this.first !== undefined) this.#actsUntilMs = nowMs + HANDOVER_MS;
    this.#first = this.first;
    this.#firstSinceMs = nowMs;
    this.#linkedMs = nowMs;
  }

  /** Who fetches for others has children; who has neighbours but hardly one that goes on taking from it stands down. */
  #watchChildren(nowMs: number): void {
    const { list } = this.#context.neighbours;
    const stays = ({ childMask, childSinceMs }: Neighbour): boolean =>
      childMask !== 0 && nowMs - childSinceMs > STAYS_MS;
    const isFew = list.length < FEW_NEIGHBOURS;
    if (this.rank !== 0 || isFew || list.filter(stays).length >= list.length * FED_SHARE) this.#fedMs = nowMs;
    else if (nowMs - this.#fedMs > FEEDS_NOBODY_MS) this.#leaveOut(this.#context.options.self, nowMs);
  }

  #leaveOut(peer: PeerId, nowMs: number): void {
    this.#leftOut.add(peer, nowMs);
    this.#remove(peer, nowMs);
  }

  /** It has gone; or we are where its beats do not come to, and will hear of it again. */
  #fellSilent(peer: PeerId, beat: number, nowMs: number): void {
    if (this.#lastBeats.size >= MAX_LAST_BEATS) this.#lastBeats.clear();
    this.#lastBeats.set(peer, beat);
    this.#remove(peer, nowMs);
  }

  #remove(peer: PeerId, nowMs: number): void {
    this.#members = this.#members.filter((member) => member.peer !== peer);
    this.#freeSinceMs = nowMs;
    // Not with the next tick: who goes first now looks at once for what the former one left unfinished.
    this.#watchFirst(nowMs);
  }

  #tellWanted(): void {
    const { listener, self } = this.#context.options;
    if (listener.wanted === undefined) return;
    // Who stands by is to have the neighbours of who fetches: they all wait for it when that one goes.
    const isNear = this.first !== undefined && (this.#context.neighbours.of(this.first)?.parentMask ?? 0) !== 0;
    const others = this.rank >= 0 || isNear ? this.members.filter((peer) => peer !== self) : [];
    const missing = others.filter((peer) => this.#context.neighbours.of(peer) === undefined);
    const said = missing.join();
    if (said === this.#wanted) return;
    this.#wanted = said;
    if (missing.length > 0) listener.wanted(missing);
  }
}
