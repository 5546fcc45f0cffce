import type { PeerId, RootEntry } from "../wire/peer-frame.ts";
import { peerHash } from "./hash.ts";
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
/** Who could feed few children stands only where nobody else does. */
const WIDE_STREAMS = 12;
const NARROW_WAITS_MS = 15_000;
/** A member that did not fetch when it should have, so often, is left out for so long. */
const STRIKES = 2;
const STRIKES_OF_LIVING = 8;
const LEFT_OUT_MS = 20_000;
const MAX_LEFT_OUT = 64;
const MAX_DOUBLINGS = 6;
/** A new first member has so long to show that it feeds its neighbours; then those that get nothing do not pass on its beats. */
const PROVES_MS = 3000;
/** Who is known for so long has its place, whatever somebody claims who comes later. */
const SETTLED_MS = 5000;
/** Parts in a row that came from elsewhere too. */
const MAX_CONTESTED = 5;
/** The first one stands down when none of its neighbours has taken anything from it for so long. */
const FEEDS_NOBODY_MS = 5000;
const FEW_NEIGHBOURS = 3;
/** A swarm is small while a viewer has no more than this of the neighbours that it could have. */
const SMALL_SHARE = 0.6;
const STRANGER_MS = 4000;
/** A beat is the second from which on its member stands, and how many there were since. */
const BEATS = 2 ** 16;
const HASHES = 2 ** 32;

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
  #contested = 0;
  readonly #strikes = new Map<PeerId, number>();
  readonly #leftOutUntilMs = new Map<PeerId, number>();
  /** Where those stand that are or were members: one that comes back has its place again. */
  readonly #sinces = new Map<PeerId, number>();
  readonly #timesOut = new Map<PeerId, number>();
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
    if (first === undefined || first === this.#context.options.self) return;
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

  left(neighbour: Neighbour): void {
    for (const member of this.#members) {
      member.knownMask &= ~neighbour.bit;
      if (member.peer === neighbour.peer) member.isLost = true;
    }
  }

  tick(nowMs: number): void {
    const { self } = this.#context.options;
    for (const { peer, heardMs } of this.#members) {
      if (peer !== self && nowMs - heardMs > EXPIRES_MS) this.#leaveOut(peer, nowMs);
    }
    this.#watchFirst(nowMs);
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
    const { fetches, uploads, uplinkBps = 0, self } = this.#context.options;
    if (fetches !== true || uploads === false || this.#isLeftOut(self, nowMs)) return false;
    if (this.rank >= 0) return true;
    if (this.#members.length >= SIZE) {
      this.#freeSinceMs = undefined;
      return false;
    }
    this.#freeSinceMs ??= nowMs;
    const isWide = uplinkBps === 0 || uplinkBps >= WIDE_STREAMS * this.#context.rate.bps;
    const waitedMs = nowMs - Math.max(this.#freeSinceMs, this.#startedMs + SETTLE_MS) - (isWide ? 0 : NARROW_WAITS_MS);
    const { list, max } = this.#context.neighbours;
    const share = (list.length < max / 2 ? FEW_SHARE : MANY_SHARE) * 2 ** (waitedMs / DOUBLES_MS);
    return waitedMs >= 0 && this.#hash / HASHES < share;
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
    const since = this.#members.reduce((latest, member) => Math.max(latest, member.since + 1), wall);
    this.#join(this.#context.options.self, { hash: this.#hash, beat: since * BEATS, nowMs, knownMask: 0 });
  }

  #join(
    peer: PeerId,
    { hash, beat, nowMs, knownMask }: { hash: number; beat: number; nowMs: number; knownMask: number },
  ): void {
    if (this.#isLeftOut(peer, nowMs)) return;
    const claimed = Math.floor(beat / BEATS);
    let since = claimed;
    const isOld = this.#sinces.get(peer) === claimed;
    // Who stands itself goes by what each says: two that both put the other behind would both go first.
    const isMember = peer === this.#context.options.self || this.rank >= 0;
    for (const member of this.#members) {
      if (!isOld && !isMember && nowMs - member.joinedMs > SETTLED_MS && member.since >= since)
        since = member.since + 1;
    }
    if (this.#sinces.size >= MAX_LEFT_OUT) this.#sinces.clear();
    this.#sinces.set(peer, since);
    this.#members.push({ peer, hash, claimed, since, joinedMs: nowMs, beat, heardMs: nowMs, knownMask, isLost: false });
    this.#sort();
    if (this.#members.length > SIZE) this.#members.length = SIZE;
  }

  /**
   * Whether somebody else had fetched too what we fetched. Two that think that they go first see the same parts twice, and then both go by
   * what each says of itself.
   */
  contested(isContested: boolean): void {
    this.#contested = isContested ? this.#contested + 1 : 0;
    if (this.#contested < MAX_CONTESTED) return;
    this.#contested = 0;
    for (const member of this.#members) member.since = member.claimed;
    this.#sort();
  }

  #sort(): void {
    this.#members.sort((a, b) => a.since - b.since || a.hash - b.hash);
  }

  /**
   * A member's neighbours answer for it: who has never sent them a piece that proved does not become one, and who goes first but pushes
   * nothing to any of them is soon forgotten by all.
   */
  #vouches(neighbour: Neighbour, nowMs: number): boolean {
    const { list, max } = this.#context.neighbours;
    if (neighbour.piecesReceived === 0 && this.#context.counters.provenPieces > 0) {
      // Where everybody may know everybody, one may have fed all others so far.
      const isSmall = list.length <= max * SMALL_SHARE;
      if (!isSmall || neighbour.failures > 0 || nowMs - neighbour.sinceMs < STRANGER_MS) return false;
    }
    if (this.first !== neighbour.peer || nowMs - this.#firstSinceMs < PROVES_MS) return true;
    return nowMs - neighbour.pieceMs < PROVES_MS;
  }

  #watchFirst(nowMs: number): void {
    if (this.first === this.#first) return;
    this.#first = this.first;
    this.#firstSinceMs = nowMs;
  }

  /** Who fetches for others has children; who has neighbours but none that takes from it long enough stands down. */
  #watchChildren(nowMs: number): void {
    if (this.feeds || this.rank < 0 || this.#context.neighbours.list.length < FEW_NEIGHBOURS) this.#fedMs = nowMs;
    else if (this.rank === 0 && nowMs - this.#fedMs > FEEDS_NOBODY_MS)
      this.#leaveOut(this.#context.options.self, nowMs);
  }

  #isLeftOut(peer: PeerId, nowMs: number): boolean {
    return nowMs < (this.#leftOutUntilMs.get(peer) ?? 0);
  }

  /** For a while, and for longer each time: it may still beat, but does not do what it stands for. */
  #leaveOut(peer: PeerId, nowMs: number): void {
    if (this.#timesOut.size >= MAX_LEFT_OUT) this.#timesOut.clear();
    if (this.#leftOutUntilMs.size >= MAX_LEFT_OUT) this.#leftOutUntilMs.clear();
    const times = this.#timesOut.get(peer) ?? 0;
    this.#timesOut.set(peer, times + 1);
    this.#leftOutUntilMs.set(peer, nowMs + LEFT_OUT_MS * 2 ** Math.min(times, MAX_DOUBLINGS));
    this.#members = this.#members.filter((member) => member.peer !== peer);
  }

  #tellWanted(): void {
    const { listener, self } = this.#context.options;
    if (listener.wanted === undefined) return;
    const others = this.rank >= 0 ? this.members.filter((peer) => peer !== self) : [];
    const missing = others.filter((peer) => this.#context.neighbours.of(peer) === undefined);
    const said = missing.join();
    if (said === this.#wanted) return;
    this.#wanted = said;
    if (missing.length > 0) listener.wanted(missing);
  }
}
