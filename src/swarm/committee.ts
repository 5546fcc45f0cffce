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
/** Who has just come may not know the members yet. */
const SETTLE_MS = 1500;
/** Who could feed few children stands only where nobody else does. */
const NARROW_SETTLE_MS = 6000;
const WIDE_STREAMS = 3;
/** A member that did not fetch when it should have, so often, is left out for so long. */
const STRIKES = 3;
const LEFT_OUT_MS = 30_000;
const MAX_LEFT_OUT = 64;
/** A beat that jumps further than time allows is made up. */
const MAX_BEAT_AHEAD = 100_000_000;

interface Member {
  readonly peer: PeerId;
  readonly hash: number;
  beat: number;
  /** When its beat last grew. */
  heardMs: number;
  /** Neighbours that have this beat from us, or we from them. */
  knownMask: number;
}

/**
 * The few peers that ask the origin for the whole swarm, known to all of it by gossip: those with the lowest hashes of those that stand. Each
 * viewer knows a dozen others; without this, each dozen would elect somebody.
 */
export class Committee {
  readonly #context: SwarmContext;
  readonly #hash: number;
  readonly #startedMs: number;
  /** By hash, the lowest first. */
  #members: Member[] = [];
  readonly #strikes = new Map<PeerId, number>();
  readonly #leftOutUntilMs = new Map<PeerId, number>();
  /** Last beat of those that have gone: it still goes round, and must not bring them back. */
  readonly #lastBeats = new Map<PeerId, number>();
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

  get isKnown(): boolean {
    return this.#members.length > 0;
  }

  /** 0 for who fetches, 1 for who stands by first; -1 for everybody else. */
  get rank(): number {
    return this.#members.findIndex(({ peer }) => peer === this.#context.options.self);
  }

  heard(neighbour: Neighbour, entries: readonly RootEntry[]): void {
    const nowMs = this.#context.clock.now();
    for (const { peer, beat } of entries) {
      if (peer === this.#context.options.self || beat > MAX_BEAT_AHEAD) continue;
      const known = this.#members.find((member) => member.peer === peer);
      if (known === undefined) {
        if (beat <= (this.#lastBeats.get(peer) ?? -1)) continue;
        this.#join({ peer, hash: peerHash(peer), beat, heardMs: nowMs, knownMask: neighbour.bit });
      } else if (beat > known.beat) {
        known.beat = beat;
        known.heardMs = nowMs;
        known.knownMask = neighbour.bit;
      } else if (beat === known.beat) known.knownMask |= neighbour.bit;
    }
  }

  /** The one that fetches did not, and another had to. */
  failed(): void {
    const first = this.#members[0];
    if (first === undefined || first.peer === this.#context.options.self) return;
    const strikes = (this.#strikes.get(first.peer) ?? 0) + 1;
    this.#strikes.set(first.peer, strikes);
    if (strikes < STRIKES) return;
    this.#strikes.clear();
    if (this.#leftOutUntilMs.size >= MAX_LEFT_OUT) this.#leftOutUntilMs.clear();
    this.#leftOutUntilMs.set(first.peer, this.#context.clock.now() + LEFT_OUT_MS);
    this.#members = this.#members.filter((member) => member !== first);
  }

  worked(): void {
    if (this.#strikes.size > 0) this.#strikes.clear();
  }

  left(neighbour: Neighbour): void {
    for (const member of this.#members) member.knownMask &= ~neighbour.bit;
  }

  tick(nowMs: number): void {
    const { self } = this.#context.options;
    this.#remove(({ peer, heardMs }) => peer !== self && nowMs - heardMs > EXPIRES_MS);
    if (nowMs - this.#beatMs >= BEAT_MS && this.#stands(nowMs)) this.#beat(nowMs);
    if (nowMs < this.#gossipMs) return;
    this.#gossipMs = nowMs + GOSSIP_MS;
    for (const neighbour of this.#context.neighbours.list) if (neighbour.isReady) this.tell(neighbour);
    this.#tellWanted();
  }

  /** Tells a neighbour what it does not know yet. */
  tell(neighbour: Neighbour): void {
    const entries: RootEntry[] = [];
    for (const member of this.#members) {
      if ((member.knownMask & neighbour.bit) !== 0) continue;
      member.knownMask |= neighbour.bit;
      entries.push({ peer: member.peer, beat: member.beat });
    }
    if (entries.length > 0) this.#context.tell(neighbour, { kind: "roots", entries });
  }

  #stands(nowMs: number): boolean {
    const { fetches, uploads, uplinkBps = 0 } = this.#context.options;
    if (fetches !== true || uploads === false) return false;
    const isWide = uplinkBps === 0 || uplinkBps >= WIDE_STREAMS * this.#context.rate.bps;
    if (nowMs - this.#startedMs < (isWide ? SETTLE_MS : NARROW_SETTLE_MS)) return false;
    return isWide || this.#members.length === 0 || this.rank >= 0;
  }

  #beat(nowMs: number): void {
    this.#beatMs = nowMs;
    const { self } = this.#context.options;
    const own = this.#members.find(({ peer }) => peer === self);
    // Beats are seconds of this peer's life: a peer that comes back under its name must not start below what is known of it.
    const beat = Math.floor(this.#context.clock.wallMs() / BEAT_MS) % MAX_BEAT_AHEAD;
    if (own === undefined) this.#join({ peer: self, hash: this.#hash, beat, heardMs: nowMs, knownMask: 0 });
    else {
      own.beat = Math.max(own.beat + 1, beat);
      own.heardMs = nowMs;
      own.knownMask = 0;
    }
  }

  #remove(isGone: (member: Member) => boolean): void {
    if (!this.#members.some(isGone)) return;
    for (const { peer, beat } of this.#members.filter(isGone)) {
      if (this.#lastBeats.size >= MAX_LEFT_OUT) this.#lastBeats.clear();
      this.#lastBeats.set(peer, beat);
    }
    this.#members = this.#members.filter((member) => !isGone(member));
  }

  #join(member: Member): void {
    const outUntilMs = this.#leftOutUntilMs.get(member.peer);
    if (outUntilMs !== undefined && this.#context.clock.now() < outUntilMs) return;
    const at = this.#members.findIndex(({ hash }) => hash > member.hash);
    if (at < 0) this.#members.push(member);
    else this.#members.splice(at, 0, member);
    if (this.#members.length > SIZE) this.#members.length = SIZE;
  }

  #tellWanted(): void {
    const { listener, self } = this.#context.options;
    if (listener.wanted === undefined) return;
    const isMember = this.rank >= 0;
    const others = isMember ? this.members.filter((peer) => peer !== self) : [];
    const missing = others.filter((peer) => this.#context.neighbours.of(peer) === undefined);
    const said = missing.join();
    if (said === this.#wanted) return;
    this.#wanted = said;
    if (missing.length > 0) listener.wanted(missing);
  }
}
