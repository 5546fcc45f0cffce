import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { MAX_SHARED_PART_BYTES, type PartKey, PIECE_SIZE_BYTES, type SignedHeader } from "../model/part-header.ts";
import type { PeerFrame } from "../wire/peer-frame.ts";
import type { Answers } from "./answers.ts";
import type { Audits } from "./audits.ts";
import type { Children } from "./children.ts";
import { Leaps } from "./leaps.ts";
import {
  HEADER_COPIES,
  MAX_EARLY_PIECES,
  MAX_PIECES,
  msnOf,
  partId,
  partIdOf,
  SUBSTREAMS,
  substreamOf,
} from "./limits.ts";
import { type Neighbour, pieceId } from "./neighbour.ts";
import type { Parents } from "./parents.ts";
import type { PartAssembly } from "./part-assembly.ts";
import { isSame, proveWhole, settle } from "./proving.ts";
import type { Pulls } from "./pulls.ts";
import type { SwarmContext } from "./swarm-context.ts";
import type { PartSource } from "./swarm-types.ts";
import type { UploadQueue } from "./upload-queue.ts";

type Frame<K extends PeerFrame["kind"]> = Extract<PeerFrame, { readonly kind: K }>;

/** What is pushed is due so long after it came. */
const PUSH_DUE_MS = 200;
/** Pieces that nobody asked for, from one neighbour: more are no race. */
const MAX_STRAYS = 4;
/** Parts of one `have` that are looked at. */
const MAX_HAVE_PARTS = 512;
/** A viewer of a publisher begins with the segment before the newest, so that its player has one to start in. */
const START_SEGMENTS_BACK = 1;
/** Parts of older segments are not looked for. */
const OLDEST_SEGMENTS_BACK = 3;
const DELAY_WEIGHT = 0.2;

export interface ExchangeOptions {
  readonly context: SwarmContext;
  readonly parents: Parents;
  readonly children: Children;
  readonly pulls: Pulls;
  readonly audits: Audits;
  readonly answers: Answers;
  readonly uploads: UploadQueue;
  readonly whole: (part: PartAssembly) => void;
  /** A peer told of a part for the first time. */
  readonly heard: (part: PartAssembly) => void;
  /** The origin gave something else than what the stream's key has signed. */
  readonly unprovenOrigin: (part: PartAssembly) => void;
  readonly init: (digest: Bytes, from: Neighbour | undefined) => void;
}

/** Takes headers and pieces, proves them, puts parts together, and passes each piece on as soon as it is proven. */
export class Exchange {
  readonly #context: SwarmContext;
  readonly #options: ExchangeOptions;
  /** Parts from here on are wanted; undefined until a playlist or a neighbour told where the stream is. */
  #start: number | undefined;
  readonly #leaps: Leaps;

  constructor(options: ExchangeOptions) {
    this.#context = options.context;
    this.#options = options;
    this.#leaps = new Leaps(options.context, {
      proven: (neighbour, frame) => this.header(neighbour, frame),
      failed: (neighbour, thrown) => this.#blame(neighbour, thrown, "header"),
    });
  }

  /** Where the stream is has yet to be told again. */
  restart(): void {
    this.#start = undefined;
  }

  announce(key: PartKey): PartAssembly | undefined {
    const id = partId(key);
    if (this.#start === undefined || id < this.#start) this.#start = id;
    const part = this.#context.parts.openPart(key, this.#now, "playlist");
    if (part === undefined) return undefined;
    this.#context.parts.proven(part);
    part.heardOf(this.#now);
    part.isWanted = true;
    return part;
  }

  have(neighbour: Neighbour, { rendition, ranges }: Frame<"have">): void {
    let left = MAX_HAVE_PARTS;
    for (const { first, last } of ranges) {
      // Nobody can tell from the ends how many parts lie in segments between them.
      const from = first.msn === last.msn ? first.part : 0;
      for (let part = from; part <= last.part && left > 0; part += 1, left -= 1) {
        this.#hasPart(neighbour, { rendition, msn: last.msn, part });
      }
    }
    const last = ranges.at(-1)?.last;
    if (last === undefined || this.#follows) return;
    this.#startAt(last.msn);
    this.#leaps.told(neighbour, { rendition, ...last });
  }

  header(neighbour: Neighbour, { hops, signed }: Frame<"header">): void {
    const { parts } = this.#context;
    const part = parts.openPart(signed.header, this.#now, "header");
    if (part === undefined) {
      if (!this.#follows) this.#leaps.header(neighbour, { kind: "header", hops, signed });
      return;
    }
    if (!part.isHeard) this.#options.heard(part);
    part.heardOf(this.#now);
    part.headerMask |= neighbour.bit;
    if (part.signed !== undefined) {
      if (!isSame(part.signed, signed)) this.#conflict(neighbour, part, signed);
    } else if (part.proving) part.spare ??= { slot: neighbour.slot, signed, hops };
    else this.#prove(neighbour, part, { signed, hops });
  }

  piece(neighbour: Neighbour, { key, index, bytes }: Frame<"piece">): void {
    const nowMs = this.#now;
    neighbour.receivedBytes += bytes.byteLength;
    this.#context.counters.peerBytes += bytes.byteLength;
    const substream = substreamOf(key, index);
    const id = partId(key);
    const isAsked = neighbour.askedFor(pieceId(id, index)) || neighbour.askedFor(pieceId(id, MAX_PIECES));
    if (!isAsked && !neighbour.mayPush(substream, nowMs)) {
      this.#context.counters.wastedBytes += bytes.byteLength;
      neighbour.strays += 1;
      if (neighbour.strays > MAX_STRAYS) this.#context.ban(neighbour, "sent pieces that nobody asked for");
      return;
    }
    const part = this.#context.parts.openPart(key, nowMs);
    if (part !== undefined) {
      part.servedMask |= neighbour.bit;
      if (this.#options.audits.answered(neighbour, part, index, bytes)) return;
    }
    if (
      part === undefined ||
      part.hasPiece(index) ||
      part.isChecking(index) ||
      (part.conflictMask & neighbour.bit) !== 0
    ) {
      this.#context.counters.wastedBytes += bytes.byteLength;
      this.#options.pulls.wasted();
      return;
    }
    if (part.signed === undefined) this.#early(neighbour, part, index, bytes);
    else this.#check(neighbour, part, index, bytes);
  }

  refuse(neighbour: Neighbour, key: PartKey): void {
    const part = this.#context.parts.get(partId(key));
    if (part === undefined) return;
    this.#options.audits.refused(neighbour, part);
    this.#options.pulls.refused(neighbour, part, this.#now);
  }

  /** A whole part of our own, or of the origin: that one is held against the key as a peer's would be. */
  provide(signed: SignedHeader, bytes: Bytes, source: Exclude<PartSource, "peer">): void {
    const part = this.#context.parts.openPart(signed.header, this.#now, "playlist");
    if (part === undefined || part.isWhole) return;
    if (source === "own") {
      this.#provideProven(part, signed, bytes, source);
      return;
    }
    settle(
      () => proveWhole(this.#context.options.proof, { signed, bytes, known: part.signed }),
      () => this.#provideProven(part, signed, bytes, source),
      () => this.#options.unprovenOrigin(part),
    );
  }

  get #now(): number {
    return this.#context.clock.now();
  }

  /** Whether playlists tell what is wanted. */
  get #follows(): boolean {
    return this.#context.options.fetches === true || this.#context.options.source === true;
  }

  #startAt(msn: number): void {
    if (this.#start !== undefined) return;
    this.#start = partIdOf(Math.max(msn - START_SEGMENTS_BACK, 0), 0, 0);
    for (const part of this.#context.parts.open) if (part.id >= this.#start) part.isWanted = true;
  }

  #hasPart(neighbour: Neighbour, key: PartKey): void {
    const { parts } = this.#context;
    const id = partId(key);
    let part = parts.get(id);
    if (part === undefined) {
      if (parts.newest >= 0 && key.msn < msnOf(parts.newest) - OLDEST_SEGMENTS_BACK) return;
      part = parts.openPart(key, this.#now);
      if (part === undefined) return;
      part.isRumour = !neighbour.hasShown;
    } else if ((part.haveMask & neighbour.bit) === 0) part.heardOf(this.#now, !neighbour.hasShown);
    // Also one that was first heard of by a header that did not prove.
    if (!this.#follows && this.#start !== undefined && id >= this.#start) part.isWanted = true;
    if (!part.isHeard) this.#options.heard(part);
    part.haveMask |= neighbour.bit;
    if (part.isWhole) this.#options.audits.told(neighbour, part);
    else if (part.isWanted) this.#options.pulls.part(part, this.#now);
    // What a stranger claims makes nobody late.
    if (neighbour.hasShown && part.firstHaveMs === Number.POSITIVE_INFINITY) part.firstHaveMs = this.#now;
  }

  #prove(neighbour: Neighbour, part: PartAssembly, { signed, hops }: { signed: SignedHeader; hops: number }): void {
    const { sizeBytes, gap } = signed.header;
    const fits = sizeBytes <= MAX_SHARED_PART_BYTES && signed.pieces.length === Math.ceil(sizeBytes / PIECE_SIZE_BYTES);
    if (!fits || gap !== (sizeBytes === 0)) {
      this.#context.ban(neighbour, `told of a part of ${sizeBytes} bytes in ${signed.pieces.length} pieces`);
      return;
    }
    part.proving = true;
    settle(
      () => this.#context.options.proof.header(signed),
      () => {
        part.proving = false;
        if (part.signed === undefined && this.#isLive(part))
          this.#begin(part, { signed, hops: hops + 1, from: neighbour });
      },
      (thrown) => {
        part.proving = false;
        part.headerMask &= ~neighbour.bit;
        this.#blame(neighbour, thrown, "header");
        const { spare } = part;
        part.spare = undefined;
        const other = spare === undefined ? undefined : this.#context.neighbours.at(spare.slot);
        if (spare !== undefined && other !== undefined && part.signed === undefined && this.#isLive(part)) {
          this.#prove(other, part, spare);
        }
      },
    );
  }

  /** A second header at one position. The stream's key signs but one: what proves is the publisher's own doing, or unsigned. */
  #conflict(neighbour: Neighbour, part: PartAssembly, signed: SignedHeader): void {
    part.headerMask &= ~neighbour.bit;
    part.haveMask &= ~neighbour.bit;
    part.conflictMask |= neighbour.bit;
    settle(
      () => this.#context.options.proof.header(signed),
      () => {
        if (signed.signature.byteLength > 0) this.#context.ban(neighbour, "sent a second header for one part");
      },
      (thrown) => this.#blame(neighbour, thrown, "second header"),
    );
  }

  #begin(
    part: PartAssembly,
    { signed, hops, from }: { signed: SignedHeader; hops: number; from: Neighbour | undefined },
  ): void {
    const { header } = signed;
    const { parts, rate } = this.#context;
    part.begin(signed);
    part.spare = undefined;
    part.hops = hops;
    const isFirst = parts.newest < 0;
    parts.proven(part);
    rate.part(header.rendition, header.sizeBytes, header.durationMs);
    if (!this.#follows) {
      // What was told before anything proved may have been made up.
      if (isFirst && this.#start !== undefined && part.id < this.#start) this.#start = undefined;
      this.#startAt(header.msn);
      this.#wantBefore(part);
    }
    if (this.#start !== undefined && part.id >= this.#start) part.isWanted = true;
    this.#options.init(header.initDigest, from);
    this.#announceBegun(part);
    this.#options.pulls.begun(part);
    const { early } = part;
    part.early = undefined;
    for (const { slot, index, bytes } of early ?? []) {
      const neighbour = this.#context.neighbours.at(slot);
      if (neighbour !== undefined && !part.hasPiece(index)) this.#check(neighbour, part, index, bytes);
    }
    if (header.sizeBytes === 0) this.#whole(part, "peer");
    else if (from !== undefined && part.isWanted && !part.isWhole) this.#options.pulls.part(part, this.#now);
  }

  /** The parts before it in its segment are there too, even if nobody happened to tell of them. */
  #wantBefore({ key }: PartAssembly): void {
    if (this.#start === undefined) return;
    for (let before = key.part - 1; before >= 0; before -= 1) {
      const id = partIdOf(key.msn, before, key.rendition);
      if (id < this.#start || this.#context.parts.get(id) !== undefined) return;
      const part = this.#context.parts.openPart({ ...key, part: before }, this.#now);
      if (part !== undefined) part.isWanted = true;
    }
  }

  /** The header goes ahead of the first pieces, on their sub-streams. */
  #announceBegun(part: PartAssembly): void {
    let mask = 0;
    for (let index = 0; index < Math.min(HEADER_COPIES, SUBSTREAMS); index += 1)
      mask |= 1 << substreamOf(part.key, index);
    const told = part.haveMask | part.headerMask | part.sentHeaderMask;
    for (const child of this.#options.children.list) {
      if ((child.childMask & mask) !== 0 && (told & child.bit) === 0) this.#options.answers.sendHeader(child, part);
    }
  }

  #early(neighbour: Neighbour, part: PartAssembly, index: number, bytes: Bytes): void {
    part.headerMask |= neighbour.bit;
    part.early ??= [];
    if (part.early.length < MAX_EARLY_PIECES && bytes.byteLength <= PIECE_SIZE_BYTES) {
      part.early.push({ slot: neighbour.slot, index, bytes });
    }
  }

  #check(neighbour: Neighbour, part: PartAssembly, index: number, bytes: Bytes): void {
    const { signed } = part;
    if (signed === undefined) return;
    if (index >= signed.pieces.length || bytes.byteLength !== part.pieceBytes(index)) {
      this.#context.ban(neighbour, `sent a piece ${index} of ${bytes.byteLength} bytes that the part has not`);
      return;
    }
    part.setChecking(index, true);
    settle(
      () => this.#context.options.proof.piece(signed, index, bytes),
      () => {
        part.setChecking(index, false);
        // Another header may have taken the place, or the part come whole from the origin.
        if (part.signed !== signed || part.hasPiece(index) || !this.#isLive(part)) return;
        this.#accept(neighbour, part, index, bytes);
      },
      (thrown) => {
        part.setChecking(index, false);
        this.#blame(neighbour, thrown, `piece ${index}`);
      },
    );
  }

  #accept(neighbour: Neighbour, part: PartAssembly, index: number, bytes: Bytes): void {
    const { parents, pulls } = this.#options;
    neighbour.piecesReceived += 1;
    this.#context.counters.pieceMs = this.#now;
    neighbour.pieceMs = this.#now;
    neighbour.broken = 0;
    neighbour.refused = 0;
    pulls.answered(part, index);
    parents.pushed(neighbour, part, substreamOf(part.key, index));
    part.put(index, bytes);
    this.#relay(part, index, bytes);
    if (part.missing > 0) return;
    const delayMs = this.#now - part.knownMs;
    neighbour.partDelayMs = (neighbour.partDelayMs ?? delayMs) * (1 - DELAY_WEIGHT) + delayMs * DELAY_WEIGHT;
    this.#whole(part, "peer");
  }

  /** Passes a piece on, as soon as it is proven, to who subscribed to its sub-stream and who asked for it. */
  #relay(part: PartAssembly, index: number, bytes: Bytes): void {
    const substream = substreamOf(part.key, index);
    const dueMs = this.#now + PUSH_DUE_MS;
    let frame: Frame<"piece"> | undefined;
    let sentMask = part.haveMask;
    for (const child of this.#options.children.list) {
      if (((child.childMask >> substream) & 1) === 0 || (sentMask & child.bit) !== 0) continue;
      frame ??= { kind: "piece", key: part.key, index, bytes };
      sentMask |= child.bit;
      this.#options.uploads.push(child, part, frame, dueMs);
    }
    if (part.waiting === undefined) return;
    for (const { slot, index: wanted, untilMs } of part.waiting) {
      const neighbour = wanted === index ? this.#context.neighbours.at(slot) : undefined;
      if (neighbour === undefined || this.#now > untilMs || (sentMask & neighbour.bit) !== 0) continue;
      frame ??= { kind: "piece", key: part.key, index, bytes };
      this.#options.uploads.push(neighbour, part, frame, this.#now);
    }
    part.waiting = part.waiting.filter((waiting) => waiting.index !== index);
  }

  #provideProven(part: PartAssembly, signed: SignedHeader, bytes: Bytes, source: "origin" | "own"): void {
    if (part.isWhole || !this.#isLive(part)) return;
    if (part.signed !== undefined && !isSame(part.signed, signed)) {
      // What peers told of cannot be this stream's: their pieces do not count, and who holds them is not asked.
      part.conflictMask |= part.headerMask | part.haveMask;
      part.signed = undefined;
    }
    if (part.signed === undefined) this.#begin(part, { signed, hops: 0, from: undefined });
    part.hops = 0;
    if (part.isWhole) return;
    this.#options.pulls.release(part);
    for (let index = 0; index < signed.pieces.length; index += 1) {
      const first = index * PIECE_SIZE_BYTES;
      const piece = bytes.subarray(first, Math.min(first + PIECE_SIZE_BYTES, bytes.byteLength));
      if (part.put(index, piece)) this.#relay(part, index, piece);
    }
    this.#options.answers.provided(part);
    this.#whole(part, source, bytes);
  }

  #whole(part: PartAssembly, source: PartSource, bytes?: Bytes): void {
    part.finish(source, this.#now, bytes);
    this.#context.parts.whole(part, this.#now);
    this.#options.whole(part);
    const { msn, part: at, rendition } = part.key;
    const position = { msn, part: at };
    const frame: Frame<"have"> = {
      kind: "have",
      rendition,
      hops: part.hops,
      ranges: [{ first: position, last: position }],
    };
    const skipped = part.haveMask | this.#options.audits.whole(part);
    for (const neighbour of this.#context.neighbours.list) {
      if (neighbour.isReady && !neighbour.isSource && (skipped & neighbour.bit) === 0)
        this.#context.tell(neighbour, frame);
    }
  }

  /** Whether it is still looked after: a check may end long after the part was given up. */
  #isLive(part: PartAssembly): boolean {
    return this.#context.parts.get(part.id) === part;
  }

  #blame(neighbour: Neighbour, thrown: unknown, what: string): void {
    const error = RelayError.from(thrown);
    // What is stale may be an honest peer's that is behind; what failed for another reason proves nothing.
    if (error.code === "unproven") this.#context.ban(neighbour, `${what}: ${error.message}`);
  }
}
