import { PIECE_SIZE_BYTES } from "../model/part-header.ts";
import { HEADER_COPIES, MAX_PIECES, MAX_REQUESTED, substreamOf } from "./limits.ts";
import { type Neighbour, pieceId } from "./neighbour.ts";
import type { Parents } from "./parents.ts";
import type { PartAssembly } from "./part-assembly.ts";
import type { Playhead } from "./playhead.ts";
import type { SwarmContext } from "./swarm-context.ts";

/** A part that is due so soon is asked for wherever it may be, even twice. */
const URGENT_MS = 700;
/** An answer takes a round trip or two, and this. */
const ANSWER_MS = 150;
const URGENT_ANSWER_MS = 80;
/** And of another one after this, or once an answer from so far could be there: a piece that comes twice costs less than a part of the origin. */
const HEDGE_MS = 100;
const HEDGE_ROUND_TRIPS = 1.25;
/** A pong that is long out says that a neighbour is gone, not that it is far. */
const MAX_ANSWER_MS = 700;
/** One that never sent anything may never do so. */
const STRANGER_MS = 100;
/** Headers are pushed ahead of pieces: one that is later than this is asked for. */
const HEADER_WAIT_MS = 150;
const HEADER_ANSWER_MS = 150;
/** Each piece that a neighbour still owes us costs this in choosing, each failure more. */
const OWED_MS = 12;
const BROKEN_MS = 150;
const PARENT_MS = 400;
/** The publisher's uplink is for seeding. */
const SOURCE_MS = 400;
/** Who only begins to have it must get the piece first. */
const PARTIAL_MS = 120;
/** A neighbour that refused is left alone for a while, longer with each time in a row. */
const BUSY_MS = 200;
const MAX_BUSY_TIMES = 8;
/** Requests that came to nothing, without one piece between: more than want of upload can explain. */
const MAX_BROKEN = 10;
const MAX_BROKEN_BY_STRANGER = 5;
/** An uplink can be full for a while; where there is an origin, to wait for the end of that costs no part. */
const BROKEN_FOR_MS = 3000;
/** Parts looked after at once: a viewer that has just come asks for the oldest first. */
const MAX_PARTS_AT_ONCE = 24;
const MIN_WITHIN_MS = 150;
const MAX_WITHIN_MS = 0xffff;
/** Who has just come can wait a little. */
const WITHIN_AT_START_MS = 1500;
const FIRST_WINDOW = 16;
const MIN_WINDOW = 4;
const MAX_WINDOW = 96;
const WIDEN = 0.25;
const NARROW_EVERY_MS = 400;

/** Asks for what nobody pushed in time, each piece of one neighbour that has it. */
export class Pulls {
  #isResting = false;
  readonly #context: SwarmContext;
  readonly #parents: Parents;
  readonly #playhead: Playhead;
  /** Pieces that may be under way at once: more would queue before a narrow downlink, and make late what is pushed. */
  #window = FIRST_WINDOW;
  #narrowedMs = Number.NEGATIVE_INFINITY;
  #isLineFull = false;
  /** Over a line that may be full a viewer fetches what it begins with: a piece that comes twice only holds up the next. */
  #isCatchingUp = false;

  constructor(context: SwarmContext, parents: Parents, playhead: Playhead) {
    this.#context = context;
    this.#parents = parents;
    this.#playhead = playhead;
  }

  /** Nothing is to be asked for for now. */
  rest(on: boolean): void {
    if (on && !this.#isResting) for (const part of this.#context.parts.open) this.release(part);
    this.#isResting = on;
  }

  tick(): void {
    const nowMs = this.#context.clock.now();
    this.#count();
    const { isLineFull, isMostlySlow } = this.#context.neighbours;
    this.#isLineFull = isLineFull;
    this.#isCatchingUp = isMostlySlow && !this.#playhead.isPlaying;
    let left = MAX_PARTS_AT_ONCE;
    // A ban while asking changes the list.
    for (const part of [...this.#context.parts.open]) {
      if (!part.isWanted || part.isWhole) continue;
      this.part(part, nowMs);
      left -= 1;
      if (left === 0) break;
    }
  }

  /** What every neighbour owes us, from what is written in the parts: counting up and down alone would drift. */
  #count(): void {
    const { neighbours, parts } = this.#context;
    for (const neighbour of neighbours.list) neighbour.outstanding = 0;
    for (const part of parts.open) {
      const whole = part.wholeAskedOf < 0 ? undefined : neighbours.at(part.wholeAskedOf);
      if (whole !== undefined) whole.outstanding += this.#expectedPieces;
      for (let index = 0; index < part.pieceCount; index += 1) {
        const slot = part.hasPiece(index) ? -1 : part.askedOf(index);
        const asked = slot < 0 ? undefined : neighbours.at(slot);
        if (asked !== undefined) asked.outstanding += 1;
      }
    }
  }

  part(part: PartAssembly, nowMs: number): void {
    if (this.#isResting) return;
    const known = part.haveMask | part.headerMask;
    if (known === 0) return;
    if (part.signed === undefined) this.#askHeader(part, nowMs);
    else this.#askPieces(part, nowMs);
  }

  /** A neighbour said that it has not, or cannot. */
  refused(neighbour: Neighbour, part: PartAssembly, nowMs: number): void {
    neighbour.refused += 1;
    // Once, it may be out of upload; twice, it has not what it said. The publisher has all, and leaves to others what they have.
    if ((part.refusedMask & neighbour.bit) !== 0 && !neighbour.isSource) {
      part.haveMask &= ~neighbour.bit;
      part.headerMask &= ~neighbour.bit;
    }
    part.refusedMask |= neighbour.bit;
    if (part.wholeAskedOf === neighbour.slot) this.#releaseWhole(part);
    // An answer, if not the one that was hoped for: the next can be asked.
    if (part.headerAskedOf === neighbour.slot) {
      part.headerAskedOf = -1;
      part.headerAskedMs = Number.NEGATIVE_INFINITY;
    }
    neighbour.outstanding = Math.max(0, neighbour.outstanding - part.unask(neighbour.slot));
    neighbour.busyUntilMs = nowMs + BUSY_MS * Math.min(neighbour.refused, MAX_BUSY_TIMES);
    if (part.isWanted && !part.isWhole) this.part(part, nowMs);
  }

  /** A piece came that had been asked of somebody. */
  answered(part: PartAssembly, index: number): void {
    const slot = part.askedOf(index);
    if (slot < 0) return;
    const neighbour = this.#context.neighbours.at(slot);
    if (neighbour !== undefined) neighbour.outstanding = Math.max(0, neighbour.outstanding - 1);
    this.#window = Math.min(MAX_WINDOW, this.#window + WIDEN);
  }

  /** A piece came twice: what was asked for had been on its way. */
  wasted(): void {
    this.#window = Math.max(MIN_WINDOW, this.#window - 1);
  }

  /** The header came of a part that was asked for whole: its pieces follow from there. */
  begun(part: PartAssembly): void {
    const neighbour = part.wholeAskedOf < 0 ? undefined : this.#context.neighbours.at(part.wholeAskedOf);
    part.wholeAskedOf = -1;
    if (neighbour === undefined) return;
    const nowMs = this.#context.clock.now();
    for (let index = 0; index < part.pieceCount; index += 1) {
      part.setAsked(index, neighbour.slot, nowMs);
      neighbour.remember(pieceId(part.id, index), nowMs);
    }
    neighbour.outstanding += part.pieceCount - this.#expectedPieces;
  }

  /** What was asked for of this part is not needed any more. */
  release(part: PartAssembly): void {
    this.#releaseWhole(part);
    for (const neighbour of this.#context.neighbours.list) {
      const count = part.unask(neighbour.slot);
      if (count === 0) continue;
      neighbour.outstanding = Math.max(0, neighbour.outstanding - count);
      this.#context.tell(neighbour, { kind: "cancel", key: part.key });
    }
  }

  #askHeader(part: PartAssembly, nowMs: number): void {
    if (part.proving || part.isWhole) return;
    const asked = this.#context.neighbours.at(part.headerAskedOf);
    const waitMs = Math.min(HEADER_ANSWER_MS + 3 * (asked?.delayMs ?? 0), MAX_ANSWER_MS);
    if (nowMs - part.headerAskedMs < waitMs) return;
    part.headerAskedOf = -1;
    if (asked !== undefined) this.#broke(asked, part, nowMs);
    const pushed = this.#parents.of(substreamOf(part.key, 0)) !== undefined;
    if (pushed && nowMs - part.knownMs < HEADER_WAIT_MS && !this.#isUrgent(part, nowMs)) return;
    if (pushed && part.haveMask !== 0 && !part.isRumour) this.#headerIsLate(part);
    // A header that nobody pushed in time says that nothing of its part is being pushed.
    const wantsAll = part.haveMask !== 0 && this.#room >= this.#expectedPieces;
    const provider = this.#provider(part, undefined, nowMs, part.haveMask === 0);
    if (provider === undefined) return;
    part.headerAskedMs = nowMs;
    part.headerAskedOf = provider.slot;
    if (wantsAll) {
      this.#releaseWhole(part);
      part.wholeAskedOf = provider.slot;
      provider.outstanding += this.#expectedPieces;
      provider.remember(pieceId(part.id, MAX_PIECES), nowMs);
    }
    this.#context.tell(provider, {
      kind: "request",
      key: part.key,
      first: 0,
      count: wantsAll ? MAX_PIECES : 0,
      known: false,
      withinMs: this.#withinMs(part, nowMs),
    });
  }

  /** The parents of its first sub-streams should have pushed it. */
  #headerIsLate(part: PartAssembly): void {
    for (let index = 0; index < HEADER_COPIES; index += 1) this.#parents.late(part, substreamOf(part.key, index));
  }

  #releaseWhole(part: PartAssembly): void {
    const former = part.wholeAskedOf < 0 ? undefined : this.#context.neighbours.at(part.wholeAskedOf);
    part.wholeAskedOf = -1;
    if (former !== undefined) former.outstanding = Math.max(0, former.outstanding - this.#expectedPieces);
  }

  /** How many pieces a part has, before its header is there. */
  get #expectedPieces(): number {
    const { bps, partMs } = this.#context.rate;
    return Math.max(1, Math.ceil((bps * partMs) / 8000 / PIECE_SIZE_BYTES));
  }

  get #room(): number {
    return this.#window - this.#context.neighbours.list.reduce((sum, { outstanding }) => sum + outstanding, 0);
  }

  #askPieces(part: PartAssembly, nowMs: number): void {
    const isUrgent = this.#isUrgent(part, nowMs);
    const count = part.pieceCount;
    let run: { neighbour: Neighbour; first: number; count: number } | undefined;
    for (let index = 0; index < count; index += 1) {
      // First what is due, since that also finds what will not come, and makes room.
      if (!this.#isDue(part, index, nowMs, isUrgent) || this.#room < 1) continue;
      const evenPartial = isUrgent || this.#isVeryLate(part, index, nowMs);
      const substream = substreamOf(part.key, index);
      const hedged = part.askedOf(index) < 0 ? undefined : pieceId(part.id, index);
      const neighbour = this.#provider(part, substream, nowMs, evenPartial, hedged);
      if (neighbour === undefined) continue;
      part.setAsked(index, neighbour.slot, nowMs);
      neighbour.outstanding += 1;
      neighbour.remember(pieceId(part.id, index), nowMs);
      if (run !== undefined && run.neighbour === neighbour && run.first + run.count === index) run.count += 1;
      else {
        if (run !== undefined) this.#request(part, run, nowMs);
        run = { neighbour, first: index, count: 1 };
      }
    }
    if (run !== undefined) this.#request(part, run, nowMs);
  }

  #isDue(part: PartAssembly, index: number, nowMs: number, isUrgent: boolean): boolean {
    if (part.hasPiece(index) || part.isChecking(index)) return false;
    const substream = substreamOf(part.key, index);
    // What is pushed waits before our own line: another one would wait behind it, and make all that follows later.
    if (this.#isLineFull && this.#parents.of(substream) !== undefined) return false;
    const asked = this.#context.neighbours.at(part.askedOf(index));
    if (asked !== undefined) {
      const waitMs = Math.min((isUrgent ? URGENT_ANSWER_MS : ANSWER_MS) + 3 * asked.delayMs, MAX_ANSWER_MS);
      const waitedMs = nowMs - part.askedMs(index);
      const hedgeMs = Math.max(HEDGE_MS, HEDGE_ROUND_TRIPS * 2 * asked.delayMs);
      if (waitedMs < waitMs) return isUrgent && !this.#isCatchingUp && waitedMs >= hedgeMs;
      part.setAsked(index, -1, nowMs);
      this.#broke(asked, part, nowMs);
      return true;
    }
    const isLate = nowMs >= this.#parents.lateAtMs(part, substream);
    if (isLate && part.haveMask !== 0) this.#parents.late(part, substream);
    return isLate || isUrgent;
  }

  #isVeryLate(part: PartAssembly, index: number, nowMs: number): boolean {
    const substream = substreamOf(part.key, index);
    if (this.#parents.of(substream) === undefined) return true;
    return nowMs >= this.#parents.lateAtMs(part, substream) + PARTIAL_MS;
  }

  #broke(neighbour: Neighbour, part: PartAssembly, nowMs: number): void {
    neighbour.outstanding = Math.max(0, neighbour.outstanding - 1);
    // One that never sent anything says nothing of our downlink.
    if (neighbour.piecesReceived > 0 && nowMs - this.#narrowedMs > NARROW_EVERY_MS) {
      this.#narrowedMs = nowMs;
      this.#window = Math.max(MIN_WINDOW, this.#window / 2);
    }
    // What was asked for at once fails at once, and counts once.
    if (nowMs - neighbour.brokenMs < ANSWER_MS) return;
    neighbour.brokenMs = nowMs;
    // Who only began to have it may wait for it as we do; and from where the way is longer than anybody waits, an audit's answer may yet come.
    if ((part.haveMask & neighbour.bit) !== 0 && 2 * neighbour.delayMs < MAX_ANSWER_MS) {
      if (neighbour.broken === 0) neighbour.brokenSinceMs = nowMs;
      neighbour.broken += 1;
    }
    part.haveMask &= ~neighbour.bit;
    part.headerMask &= ~neighbour.bit;
    const most = neighbour.hasShown ? MAX_BROKEN : MAX_BROKEN_BY_STRANGER;
    const leastMs = this.#context.options.fetches === true ? BROKEN_FOR_MS : 0;
    if (neighbour.broken >= most && nowMs - neighbour.brokenSinceMs >= leastMs) {
      this.#context.ban(neighbour, "told of parts that it never sent");
    }
  }

  /** Who is asked: of those that have it, the one that will send it first. */
  #provider(
    part: PartAssembly,
    substream: number | undefined,
    nowMs: number,
    evenPartial: boolean,
    /** A piece that is on its way from somebody: only who was not asked for it yet is of use. */
    hedged?: number,
  ): Neighbour | undefined {
    const parent = substream === undefined ? undefined : this.#parents.of(substream);
    let best: Neighbour | undefined;
    let bestMs = Number.POSITIVE_INFINITY;
    const mask = (part.haveMask | (evenPartial ? part.headerMask : 0)) & ~part.conflictMask;
    for (const neighbour of this.#context.neighbours.list) {
      if ((mask & neighbour.bit) === 0 || neighbour.hasChokedUs || nowMs < neighbour.busyUntilMs) continue;
      if (neighbour.outstanding >= MAX_REQUESTED) continue;
      if (hedged !== undefined && neighbour.askedFor(hedged)) continue;
      const costMs =
        2 * neighbour.delayMs +
        neighbour.outstanding * OWED_MS +
        (neighbour.piecesReceived === 0 ? STRANGER_MS : 0) +
        neighbour.broken * BROKEN_MS +
        (neighbour === parent ? PARENT_MS : 0) +
        (neighbour.isSource ? SOURCE_MS : 0) +
        ((part.haveMask & neighbour.bit) === 0 ? PARTIAL_MS : 0) +
        this.#context.options.random() * 20;
      if (costMs >= bestMs) continue;
      best = neighbour;
      bestMs = costMs;
    }
    return best;
  }

  #request(part: PartAssembly, run: { neighbour: Neighbour; first: number; count: number }, nowMs: number): void {
    this.#context.tell(run.neighbour, {
      kind: "request",
      key: part.key,
      first: run.first,
      count: run.count,
      known: true,
      withinMs: this.#withinMs(part, nowMs),
    });
  }

  #isUrgent(part: PartAssembly, nowMs: number): boolean {
    // Before it plays nothing is due; but what did not come in the time that it was asked for in is not to be waited for.
    if (!this.#playhead.isPlaying) return nowMs - part.knownMs > WITHIN_AT_START_MS;
    return part.deadlineMs - nowMs < URGENT_MS;
  }

  #withinMs(part: PartAssembly, nowMs: number): number {
    if (!this.#playhead.isPlaying) return WITHIN_AT_START_MS;
    return Math.min(Math.max(Math.round(part.deadlineMs - nowMs), MIN_WITHIN_MS), MAX_WITHIN_MS);
  }
}
