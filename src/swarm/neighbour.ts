import type { PeerFrame, PeerId } from "../wire/peer-frame.ts";
import type { Audit } from "./audits.ts";
import { peerHash } from "./hash.ts";
import { MAX_INITS, MAX_REMEMBERED_REQUESTS, NO_DELAY, SUBSTREAMS } from "./limits.ts";
import type { Way } from "./parents.ts";
import type { NeighbourStats, PeerLink, PeerPort } from "./swarm-types.ts";
import { TokenBucket } from "./token-bucket.ts";
import { GUESSED_UPLINK_BPS } from "./uplink.ts";

/** Frames that are not media: what an honest neighbour sends in the worst case, several times over. */
const CONTROL_BURST = 600;
const CONTROL_PER_SECOND = 250;
const INITS_PER_SECOND = 1;
/** Late pieces of a sub-stream that was given up are no offence for so long. */
const FORMER_MS = 10_000;
/** What was asked for is welcome for so long. */
const REQUEST_REMEMBERED_MS = 15_000;
const PIECES_PER_PART = 1024;
const SLOW_ANSWER_MS = 300;

const NO_DELAYS: readonly number[] = new Array<number>(SUBSTREAMS).fill(NO_DELAY);
const NO_BEATS: readonly number[] = new Array<number>(SUBSTREAMS).fill(-1);

/** Numbers a piece. Parts that are 2^40 apart share numbers, which nobody holds at once. */
export const pieceId = (partId: number, index: number): number => (partId % 2 ** 40) * PIECES_PER_PART + index;

/** Takes what comes over the links of all neighbours. */
export interface NeighbourEvents {
  received(neighbour: Neighbour, frame: PeerFrame): void;
  malformed(neighbour: Neighbour): void;
  closed(neighbour: Neighbour): void;
}

/** What comes over one link, and whose it is. */
export class NeighbourPort implements PeerPort {
  readonly #neighbour: Neighbour;
  readonly #events: NeighbourEvents;

  constructor(neighbour: Neighbour, events: NeighbourEvents) {
    this.#neighbour = neighbour;
    this.#events = events;
  }

  received(frame: PeerFrame): void {
    this.#events.received(this.#neighbour, frame);
  }

  malformed(): void {
    this.#events.malformed(this.#neighbour);
  }

  closed(): void {
    this.#events.closed(this.#neighbour);
  }
}

/** Everything known of one peer that we have a link to. */
export class Neighbour {
  readonly slot: number;
  readonly bit: number;
  readonly link: PeerLink;
  readonly peer: PeerId;
  readonly hash: number;
  readonly sinceMs: number;
  readonly control: TokenBucket;
  /** Init segments that it may yet be given. */
  readonly inits: TokenBucket;

  /** The link has ended: its slot may be another's. */
  isGone = false;

  // What it said of itself.
  isReady = false;
  uploads = false;
  isSource = false;
  fetches = false;
  uplinkBps = GUESSED_UPLINK_BPS;

  // What it does for us.
  /** Sub-streams that it pushes to us. */
  parentMask = 0;
  /** Those that it was asked to push, and has not answered yet. */
  askedMask = 0;
  /** What we last told it to push. */
  subscribedMask = 0;
  subscribedMs = 0;
  /** Sub-streams it may still have pieces of on the way. */
  formerMask = 0;
  formerUntilMs = 0;
  offerFree = 0;
  offerDelaysMs: readonly number[] = NO_DELAYS;
  /** The source's last beat that came down to it in each sub-stream, and when that last grew. */
  beats: readonly number[] = NO_BEATS;
  readonly beatMs = new Array<number>(SUBSTREAMS).fill(0);
  /** It said no, or did badly: not asked to push that sub-stream until then. */
  readonly deniedUntilMs = new Array<number>(SUBSTREAMS).fill(0);
  hasChokedUs = false;
  /** Requests are not worth it until then. */
  busyUntilMs = 0;
  /** Pieces asked for that have not come. */
  outstanding = 0;
  /** Requests that came to nothing, since the last piece that came. */
  broken = 0;
  brokenSinceMs = 0;
  brokenMs = Number.NEGATIVE_INFINITY;
  /** Sub-streams that were taken from it because it fell behind. */
  failures = 0;
  refused = 0;
  piecesReceived = 0;
  /** When the last of them came. */
  pieceMs = Number.NEGATIVE_INFINITY;
  strays = 0;
  /** When it was last asked for the header of what it told of far ahead. */
  leapAskedMs = Number.NEGATIVE_INFINITY;
  /** What it is to show now, and when it was last asked to show something. */
  audit: Audit | undefined;
  auditedMs = Number.NEGATIVE_INFINITY;
  /** Audits that it passed, and what is left of those that it did not. */
  audits = 0;
  unkept = 0;
  /** It stands, and has never sent us anything: it is to show that it would. */
  isOnTrial = false;

  // What we do for it.
  /** Sub-streams that we push to it, and those it asked for. */
  childMask = 0;
  wantsMask = 0;
  childSinceMs = 0;
  /** It kept to itself what the publisher pushed to it, so often: it gets nothing pushed until then. */
  seedFailures = 0;
  seedDeniedUntilMs = 0;
  isChoked = false;
  chokedMs = 0;
  /** What the last offer to it said, so that the same is not said again. */
  readonly told: { substreams: number; isFree: boolean; way: Way | undefined } = {
    substreams: 0,
    isFree: false,
    way: undefined,
  };

  roundTripMs: number | undefined;
  pingToken = 0;
  /** About when it was last pinged; and when exactly, while the answer has not come. */
  pingSentMs = 0;
  pingedMs: number | undefined;
  heardMs: number;
  receivedBytes = 0;
  sentBytes = 0;
  /** Of these, what had left as the uplink was last measured; and whether the link held something then. */
  leftBytes = 0;
  isHolding = false;
  partDelayMs: number | undefined;
  /** When each piece was asked for that may still come. */
  #requested: Map<number, number> | undefined;

  constructor(link: PeerLink, slot: number, nowMs: number) {
    this.link = link;
    this.peer = link.peer;
    this.hash = peerHash(link.peer);
    this.slot = slot;
    this.bit = 1 << slot;
    this.sinceMs = nowMs;
    this.heardMs = nowMs;
    this.control = new TokenBucket(CONTROL_BURST, CONTROL_PER_SECOND, nowMs);
    this.inits = new TokenBucket(MAX_INITS, INITS_PER_SECOND, nowMs);
  }

  takeHello(hello: Extract<PeerFrame, { readonly kind: "hello" }>): void {
    this.isReady = true;
    this.uploads = hello.uploads;
    this.isSource = hello.source;
    this.fetches = hello.fetches;
  }

  /** A neighbour that was not measured yet counts as one at some distance. */
  get delayMs(): number {
    return (this.roundTripMs ?? 120) / 2;
  }

  /** Its last answer was so long out that it may have found a full line. */
  get isSlow(): boolean {
    return this.roundTripMs !== undefined && this.roundTripMs > SLOW_ANSWER_MS;
  }

  /** An answer that is still out says so much already. */
  roundTripIsAtLeast(tookMs: number): void {
    if (tookMs > (this.roundTripMs ?? SLOW_ANSWER_MS)) this.roundTripMs = tookMs;
  }

  remember(piece: number, nowMs: number): void {
    this.#requested ??= new Map();
    for (const [oldest, askedMs] of this.#requested) {
      if (this.#requested.size < MAX_REMEMBERED_REQUESTS && nowMs - askedMs < REQUEST_REMEMBERED_MS) break;
      this.#requested.delete(oldest);
    }
    this.#requested.set(piece, nowMs);
  }

  /** Whether the piece was asked for, not too long ago. It stays so: what was asked for again may come twice. */
  askedFor(piece: number): boolean {
    return this.#requested?.has(piece) === true;
  }

  /** It has sent something that proved: before that, it may have none of what it tells of. */
  get hasShown(): boolean {
    return this.piecesReceived > 0 || this.audits > 0;
  }

  /** We have told it to push these no more. */
  noLonger(mask: number, nowMs: number): void {
    if (mask === 0) return;
    this.formerMask = nowMs < this.formerUntilMs ? this.formerMask | mask : mask;
    this.formerUntilMs = nowMs + FORMER_MS;
  }

  /** Whether a piece of this sub-stream may come from it without having been asked for. */
  mayPush(substream: number, nowMs: number): boolean {
    const mask = this.parentMask | this.subscribedMask | (nowMs < this.formerUntilMs ? this.formerMask : 0);
    return ((mask >> substream) & 1) === 1;
  }

  get stats(): NeighbourStats {
    return {
      peer: this.peer,
      roundTripMs: this.roundTripMs,
      receivedBytes: this.receivedBytes,
      sentBytes: this.sentBytes,
      partDelayMs: this.partDelayMs,
      parentOf: bitCount(this.parentMask),
      childOf: bitCount(this.childMask),
    };
  }
}

export function bitCount(mask: number): number {
  let count = 0;
  for (let left = mask; left !== 0; left &= left - 1) count += 1;
  return count;
}
