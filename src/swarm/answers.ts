import type { PartKey } from "../model/part-header.ts";
import type { PeerFrame } from "../wire/peer-frame.ts";
import type { Children } from "./children.ts";
import { HEADER_COPIES, MAX_WAITING, partId, substreamOf } from "./limits.ts";
import type { Neighbour } from "./neighbour.ts";
import type { PartAssembly } from "./part-assembly.ts";
import { Seeds } from "./seeds.ts";
import type { SwarmContext } from "./swarm-context.ts";
import type { UploadQueue } from "./upload-queue.ts";

type Request = Extract<PeerFrame, { readonly kind: "request" }>;

/** What was asked for is due when half of the time is over in which it is of use, and not later than this. */
const MAX_ANSWER_DUE_MS = 750;
/** What was subscribed to goes before what is asked for: with more than this before it, an answer would come late. */
const MAX_ANSWER_BACKLOG_MS = 500;
/** Who is there tells of every part that it gets. */
const SILENT_MS = 800;
/** What the publisher sends beyond its copies, as a share of one; and how much of it at once. */
const EXTRA_SHARE = 0.25;
const MAX_EXTRA_PIECES = 48;

export interface AnswersOptions {
  readonly context: SwarmContext;
  readonly children: Children;
  readonly uploads: UploadQueue;
}

/** Gives neighbours what they ask for, if it comes in time; the publisher, what nobody else has. */
export class Answers {
  readonly #context: SwarmContext;
  readonly #children: Children;
  readonly #uploads: UploadQueue;
  readonly #seeds: Seeds | undefined;
  /** Pieces that the publisher may yet send to who asks, beyond the copies that it pushes. */
  #extraPieces = MAX_EXTRA_PIECES;

  constructor({ context, children, uploads }: AnswersOptions) {
    this.#context = context;
    this.#children = children;
    this.#uploads = uploads;
    this.#seeds = context.options.source === true ? new Seeds(context, children) : undefined;
  }

  request(neighbour: Neighbour, { key, first, count, known, withinMs }: Request, mayServe: boolean): void {
    const part = this.#context.parts.get(partId(key));
    const signed = part?.signed;
    if (part !== undefined && signed !== undefined)
      // The header goes ahead of the first pieces: who has none of it got none of these.
      this.#seeds?.requested(neighbour, part, first, Math.min(first + (count || HEADER_COPIES), signed.pieces.length));
    if (
      part === undefined ||
      signed === undefined ||
      !mayServe ||
      !(count === 0 || this.#mayAnswer(neighbour, part, withinMs))
    ) {
      this.#context.tell(neighbour, { kind: "refuse", key });
      return;
    }
    if (!known) this.sendHeader(neighbour, part);
    const nowMs = this.#now;
    const end = Math.min(first + count, signed.pieces.length);
    for (let index = first; index < end; index += 1) {
      if (part.hasPiece(index)) {
        this.#extraPieces -= 1;
        this.#push(neighbour, part, index, nowMs + Math.min(withinMs / 2, MAX_ANSWER_DUE_MS));
      } else if ((part.waiting?.length ?? 0) < MAX_WAITING) {
        part.waiting ??= [];
        part.waiting.push({ slot: neighbour.slot, index, untilMs: nowMs + withinMs });
      }
    }
  }

  cancel(neighbour: Neighbour, key: PartKey): void {
    const part = this.#context.parts.get(partId(key));
    if (part === undefined) return;
    this.#uploads.drop(neighbour, part);
    if (part.waiting !== undefined) part.waiting = part.waiting.filter(({ slot }) => slot !== neighbour.slot);
  }

  /** A part came here whole: so many more pieces of it may be sent to who asks. */
  provided(part: PartAssembly): void {
    let unseeded = 0;
    for (let index = 0; index < part.pieceCount; index += 1) unseeded += this.#unseeded(substreamOf(part.key, index));
    this.#extraPieces = Math.min(this.#extraPieces + part.pieceCount * EXTRA_SHARE + unseeded, MAX_EXTRA_PIECES);
  }

  /** The header goes to a neighbour, and is noted to have gone there. */
  sendHeader(neighbour: Neighbour, part: PartAssembly): void {
    const { signed, hops } = part;
    if (signed === undefined) return;
    part.sentHeaderMask |= neighbour.bit;
    this.#context.tell(neighbour, { kind: "header", hops, signed });
  }

  get #now(): number {
    return this.#context.clock.now();
  }

  #push(neighbour: Neighbour, part: PartAssembly, index: number, dueMs: number): void {
    const bytes = part.piece(index);
    if (bytes === undefined) return;
    const frame = { kind: "piece", key: part.key, index, bytes } as const;
    if (!this.#uploads.push(neighbour, part, frame, dueMs)) {
      this.#context.tell(neighbour, { kind: "refuse", key: part.key });
    }
  }

  /** The publisher sends again only what nobody else has; everybody, only what comes in time. */
  #mayAnswer(neighbour: Neighbour, part: PartAssembly, withinMs: number): boolean {
    if (this.#uploads.backlogMs > Math.min(withinMs / 2, MAX_ANSWER_BACKLOG_MS)) return false;
    if (this.#context.options.source !== true) return true;
    if (this.#extraPieces < 1) return false;
    // Who comes back did not find it there, whatever those say that were said to have it.
    if ((part.sentAwayMask & neighbour.bit) !== 0 || !this.#isElsewhere(part, neighbour)) return true;
    part.sentAwayMask |= neighbour.bit;
    return false;
  }

  /** Whether another neighbour has it that is still there: one whose tab was closed may take long to be found gone. */
  #isElsewhere({ haveMask }: PartAssembly, asking: Neighbour): boolean {
    const sinceMs = this.#now - SILENT_MS;
    return this.#context.neighbours.list.some(
      (neighbour) => neighbour !== asking && (haveMask & neighbour.bit) !== 0 && neighbour.heardMs > sinceMs,
    );
  }

  /** Copies that the publisher would push, had somebody subscribed to them. */
  #unseeded(substream: number): number {
    return this.#seeds === undefined ? 0 : this.#children.unseeded(substream);
  }
}
