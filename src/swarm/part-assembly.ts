import type { Bytes } from "../model/bytes.ts";
import { type PartKey, PIECE_SIZE_BYTES, type SignedHeader } from "../model/part-header.ts";
import type { FetchReason, PartSource } from "./swarm-types.ts";

/** A piece that came before the header it can be held against. */
export interface EarlyPiece {
  readonly slot: number;
  readonly index: number;
  readonly bytes: Bytes;
}

/** Somebody who asked for a piece that is on its way here. */
export interface Waiting {
  readonly slot: number;
  readonly index: number;
  readonly untilMs: number;
}

/** A part, from the first word of it until it leaves the window. Neighbours are bits of masks. */
export class PartAssembly {
  readonly id: number;
  readonly key: PartKey;
  /** When a playlist, a header or a neighbour that has it first told of it. */
  knownMs: number;
  /** Only neighbours that have never sent anything told of it: nobody may have made it yet. */
  isRumour = false;
  /** Proven. */
  signed: SignedHeader | undefined;
  /** Is being proven: another one that comes meanwhile waits in `spare`. */
  proving = false;
  spare: { readonly slot: number; readonly signed: SignedHeader; readonly hops: number } | undefined;
  /** Whole and proven. */
  bytes: Bytes | undefined;
  wholeMs = 0;
  source: PartSource | undefined;
  hops = 0;
  /** Neighbours that have it whole, and those to which it has begun to come. */
  haveMask = 0;
  headerMask = 0;
  /** Neighbours that sent pieces of it, of use or not. */
  servedMask = 0;
  /** Neighbours that got the header from us. */
  sentHeaderMask = 0;
  /** When a neighbour first had it whole. */
  firstHaveMs = Number.POSITIVE_INFINITY;
  /** The player or the page waits for it. */
  isWanted = false;
  deadlineMs = Number.POSITIVE_INFINITY;
  missed = false;
  fetching: AbortController | undefined;
  fetchReason: FetchReason | undefined;
  fetchedMs = 0;
  fetchFailures = 0;
  missing = 0;
  /** Neighbours whose pieces of this part do not count: they hold another header of it. */
  conflictMask = 0;
  /** Neighbours that refused it once. */
  refusedMask = 0;
  /** Slot that was asked for all of it, before its header was here; or -1. */
  wholeAskedOf = -1;
  headerAskedOf = -1;
  headerAskedMs = Number.NEGATIVE_INFINITY;
  /** Sub-streams whose parent was found late in this part. */
  lateMask = 0;
  early: EarlyPiece[] | undefined;
  waiting: Waiting[] | undefined;
  /** At the publisher: neighbours that were to get it elsewhere. */
  sentAwayMask = 0;
  #pieces: (Bytes | undefined)[] = [];
  /** Slot that each missing piece was asked of, and when. Made when the first is. */
  #askedSlots: Int8Array | undefined;
  #askedMs: Float64Array | undefined;
  /** For each piece, the neighbours that it was sent to, or is about to be: links lose nothing, so that once is enough. */
  #sentMasks: number[] | undefined;
  /** Pieces that are being held against the header. */
  #checking: Set<number> | undefined;

  constructor(id: number, key: PartKey, knownMs: number) {
    this.id = id;
    this.key = key;
    this.knownMs = knownMs;
  }

  /** Whether anybody told of it but a playlist. */
  get isHeard(): boolean {
    return this.signed !== undefined || this.proving || (this.haveMask | this.headerMask) !== 0;
  }

  get isWhole(): boolean {
    return this.bytes !== undefined;
  }

  get pieceCount(): number {
    return this.signed?.pieces.length ?? 0;
  }

  /** Somebody tells of it. A rumour is as old as the last who told it, so that it makes nobody late who sends the part as soon as it is made. */
  heardOf(nowMs: number, isRumour = false): void {
    if (!this.isRumour) return;
    this.isRumour = isRumour;
    this.knownMs = nowMs;
  }

  /** Takes the proven header: from here on pieces can be taken. */
  begin(signed: SignedHeader): void {
    this.signed = signed;
    this.#pieces = new Array<Bytes | undefined>(signed.pieces.length).fill(undefined);
    this.missing = signed.pieces.length;
    this.#sentMasks = undefined;
  }

  pieceBytes(index: number): number {
    const sizeBytes = this.signed?.header.sizeBytes ?? 0;
    return Math.min(PIECE_SIZE_BYTES, sizeBytes - index * PIECE_SIZE_BYTES);
  }

  hasPiece(index: number): boolean {
    return this.bytes !== undefined || this.#pieces[index] !== undefined;
  }

  /** A view of the piece, or undefined while it is not here. */
  piece(index: number): Bytes | undefined {
    if (this.bytes === undefined) return this.#pieces[index];
    const first = index * PIECE_SIZE_BYTES;
    return this.bytes.subarray(first, Math.min(first + PIECE_SIZE_BYTES, this.bytes.byteLength));
  }

  /** Takes a proven piece; false if it was there. */
  put(index: number, bytes: Bytes): boolean {
    if (this.hasPiece(index)) return false;
    this.#pieces[index] = bytes;
    this.missing -= 1;
    return true;
  }

  /** Notes that a piece goes to a neighbour; false if it went there before. */
  markSent(index: number, bit: number): boolean {
    this.#sentMasks ??= new Array<number>(this.pieceCount).fill(0);
    const mask = this.#sentMasks[index] ?? 0;
    if ((mask & bit) !== 0) return false;
    this.#sentMasks[index] = mask | bit;
    return true;
  }

  get indices(): readonly number[] {
    return Array.from({ length: this.pieceCount }, (_, index) => index);
  }

  /** The pieces that were sent to a neighbour. */
  sentTo(bit: number): readonly number[] {
    return this.indices.filter((index) => ((this.#sentMasks?.[index] ?? 0) & bit) !== 0);
  }

  /** It was not sent after all. */
  unmarkSent(index: number, bit: number): void {
    if (this.#sentMasks !== undefined) this.#sentMasks[index] = this.#sentMasks[index]! & ~bit;
  }

  isChecking(index: number): boolean {
    return this.#checking?.has(index) === true;
  }

  setChecking(index: number, on: boolean): void {
    if (on) {
      this.#checking ??= new Set();
      this.#checking.add(index);
    } else this.#checking?.delete(index);
  }

  /** Makes it whole: of its pieces, or of `bytes` that came at once. */
  finish(source: PartSource, nowMs: number, bytes = joined(this.#pieces as Bytes[])): Bytes {
    this.bytes = bytes;
    this.source = source;
    this.wholeMs = nowMs;
    this.missing = 0;
    this.#pieces = [];
    this.#askedSlots = undefined;
    this.#askedMs = undefined;
    this.#checking = undefined;
    this.early = undefined;
    this.spare = undefined;
    return bytes;
  }

  /** Slot that a missing piece was last asked of, or -1. */
  askedOf(index: number): number {
    return this.#askedSlots?.[index] ?? -1;
  }

  askedMs(index: number): number {
    return this.#askedMs?.[index] ?? Number.NEGATIVE_INFINITY;
  }

  setAsked(index: number, slot: number, nowMs: number): void {
    if (this.#askedSlots === undefined || this.#askedMs === undefined) {
      this.#askedSlots = new Int8Array(this.pieceCount).fill(-1);
      this.#askedMs = new Float64Array(this.pieceCount).fill(Number.NEGATIVE_INFINITY);
    }
    this.#askedSlots[index] = slot;
    this.#askedMs[index] = nowMs;
  }

  /** What was asked of a neighbour is asked of nobody now; returns how many pieces. */
  unask(slot: number): number {
    let count = 0;
    const slots = this.#askedSlots;
    if (slots === undefined) return count;
    for (let index = 0; index < slots.length; index += 1) {
      if (slots[index] !== slot) continue;
      slots[index] = -1;
      if (!this.hasPiece(index)) count += 1;
    }
    return count;
  }

  /** A neighbour has gone: its slot may be another's soon. */
  forget(slot: number): void {
    const keep = ~(1 << slot);
    this.haveMask &= keep;
    this.headerMask &= keep;
    this.sentHeaderMask &= keep;
    this.conflictMask &= keep;
    this.servedMask &= keep;
    this.sentAwayMask &= keep;
    this.refusedMask &= keep;
    this.unask(slot);
    if (this.#sentMasks !== undefined) {
      for (let index = 0; index < this.#sentMasks.length; index += 1) this.unmarkSent(index, 1 << slot);
    }
    if (this.waiting !== undefined) this.waiting = this.waiting.filter((waiting) => waiting.slot !== slot);
    if (this.early !== undefined) this.early = this.early.filter((piece) => piece.slot !== slot);
    if (this.spare?.slot === slot) this.spare = undefined;
    if (this.headerAskedOf === slot) this.headerAskedOf = -1;
    if (this.wholeAskedOf === slot) this.wholeAskedOf = -1;
  }
}

/** The pieces as one. Views that lie one after another in one buffer are not copied. */
function joined(pieces: readonly Bytes[]): Bytes {
  const first = pieces[0];
  if (first === undefined) return new Uint8Array(0);
  let sizeBytes = 0;
  let adjacent = true;
  for (const piece of pieces) {
    adjacent &&= piece.buffer === first.buffer && piece.byteOffset === first.byteOffset + sizeBytes;
    sizeBytes += piece.byteLength;
  }
  // A piece of its own message lies in a buffer of its own, so this holds for parts that never were in pieces.
  if (adjacent) return new Uint8Array(first.buffer, first.byteOffset, sizeBytes);
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}
