import { type Bytes, sameBytes } from "../model/bytes.ts";
import type { Children } from "./children.ts";
import { haveFrames } from "./have-frames.ts";
import { type Neighbour, pieceId } from "./neighbour.ts";
import type { PartAssembly } from "./part-assembly.ts";
import type { SwarmContext } from "./swarm-context.ts";

/** Who has sent nothing for so long is to show that it would; in so many times as long after each time that it did, up to the longest. */
const SILENT_MS = 3000;
const SILENT_TIMES = 4;
const LONGEST_SILENT_MS = 300_000;
/** A part is kept from who is to tell of it for so long at most: by then it has it too, or needs to know who else does. */
const UNTOLD_MS = 1000;
/** Chance that it is asked with the next part: who has just come is not to be asked by all of its neighbours at once. */
const ASK_CHANCE = 1 / 8;
/** What the publisher pushed to somebody so long ago is there. */
const PUSHED_MS = 1500;
/** No pull waits so long: who is only slow passes. */
const ANSWER_MS = 2000;
/** Of one that has said nothing since nothing is held to be missing: its page may stand still. */
const HEARD_WITHIN_MS = 1000;
/** Words that were not kept, each made good by one that was. */
const MAX_UNKEPT = 4;

/** What a neighbour is to show. */
export interface Audit {
  readonly id: number;
  /** The piece that it was asked for; undefined while it was not even told that the part is here, and is to tell of it itself. */
  readonly index: number | undefined;
  readonly sinceMs: number;
}

/**
 * Holds peers to what they say that they have. Pulls alone would not find out who lies or pollutes: who does not answer is asked less and less,
 * and who is no parent, and has every part later than others, never. So each neighbour that sends nothing is asked now and then, for a piece of
 * a part that is here; and does not know that it is, since it told of the part before, or was not told of ours. The publisher, to whom nobody
 * tells anything, asks those that it pushes to for what it has pushed.
 */
export class Audits {
  readonly #context: SwarmContext;
  readonly #children: Pick<Children, "deny">;

  constructor(context: SwarmContext, children: Pick<Children, "deny">) {
    this.#context = context;
    this.#children = children;
  }

  /** A part is here, whole. Returns, as a mask, the neighbour that is not to be told of it: it is looked whether that one tells of it. */
  whole(part: PartAssembly): number {
    if (part.pieceCount === 0 || this.#isSource) return 0;
    const { clock, neighbours } = this.#context;
    const nowMs = clock.now();
    const isFree = neighbours.list.every(({ audit }) => audit === undefined);
    let longest: Neighbour | undefined;
    for (const neighbour of neighbours.list) {
      if (((part.servedMask | part.conflictMask) & neighbour.bit) !== 0 || !mayBeAsked(neighbour, nowMs)) continue;
      if (isSuspect(neighbour)) {
        if ((part.haveMask & neighbour.bit) !== 0) this.#ask(neighbour, part, nowMs);
      } else if (
        isFree &&
        isSilent(neighbour, nowMs) &&
        (longest === undefined || shownMs(neighbour) < shownMs(longest))
      )
        longest = neighbour;
    }
    // One by one: what they send is here already, and takes room on the line.
    return longest === undefined || this.#context.options.random() >= ASK_CHANCE
      ? 0
      : this.#begin(longest, part, nowMs);
  }

  /** A neighbour said that it has a part that is here, whole. */
  told(neighbour: Neighbour, part: PartAssembly): void {
    const { audit } = neighbour;
    if (audit?.id === part.id && audit.index === undefined) this.#ask(neighbour, part, this.#context.clock.now());
  }

  tick(nowMs: number): void {
    if (this.#isSource) this.#askChildren(nowMs);
    // A ban changes the list.
    for (const neighbour of [...this.#context.neighbours.list]) {
      const { audit } = neighbour;
      if (audit === undefined) continue;
      if (audit.index === undefined) {
        if (nowMs - audit.sinceMs >= UNTOLD_MS) this.#tellAfterAll(neighbour, audit.id);
        continue;
      }
      // The way there and back may be long where our own line is full.
      if (nowMs - audit.sinceMs < ANSWER_MS + 4 * neighbour.delayMs) continue;
      neighbour.audit = undefined;
      if (neighbour.hasChokedUs || nowMs - neighbour.heardMs > HEARD_WITHIN_MS) continue;
      neighbour.unkept += 1;
      // What the publisher gives to one that keeps it is lost to all.
      if (this.#isSource) this.#children.deny(neighbour);
      if (neighbour.unkept >= MAX_UNKEPT) this.#context.ban(neighbour, "told of parts that it never sent");
    }
  }

  /** A piece came of a part that is here: true where it was asked for only to see whether it would. */
  answered(neighbour: Neighbour, part: PartAssembly, index: number, bytes: Bytes): boolean {
    const { audit, unkept, hasShown } = neighbour;
    const isInTime = audit?.id === part.id && audit.index === index;
    const ours = part.piece(index);
    // Late, it makes good all the same: a line may have been full, of what others ask for, or ours.
    const isLate = part.isWhole && (unkept > 0 || !hasShown) && (part.conflictMask & neighbour.bit) === 0;
    if (ours === undefined || !(isInTime || isLate)) return false;
    if (isInTime) neighbour.audit = undefined;
    // In one process it may be the very same.
    const isShared = ours.buffer === bytes.buffer && ours.byteOffset === bytes.byteOffset;
    if (ours.byteLength !== bytes.byteLength || !(isShared || sameBytes(ours, bytes))) {
      this.#context.ban(neighbour, `piece ${index}: another one than the part has`);
      return true;
    }
    neighbour.unkept = Math.max(0, neighbour.unkept - 1);
    neighbour.broken = 0;
    neighbour.refused = 0;
    neighbour.audits += 1;
    neighbour.isOnTrial = false;
    return true;
  }

  /** It said that it cannot: that is no lie, and counts where refusals do. */
  refused(neighbour: Neighbour, part: PartAssembly): void {
    if (neighbour.audit?.id === part.id) neighbour.audit = undefined;
  }

  get #isSource(): boolean {
    return this.#context.options.source === true;
  }

  #askChildren(nowMs: number): void {
    const pushed = this.#context.parts.kept.findLast(({ wholeMs }) => nowMs - wholeMs >= PUSHED_MS);
    if (pushed === undefined) return;
    for (const neighbour of this.#context.neighbours.list) {
      if (neighbour.childMask === 0 || !mayBeAsked(neighbour, nowMs)) continue;
      if (isSuspect(neighbour) || isSilent(neighbour, nowMs))
        this.#ask(neighbour, pushed, nowMs, pushed.sentTo(neighbour.bit));
    }
  }

  /** Returns the neighbour's bit where it is not to be told of the part. */
  #begin(neighbour: Neighbour, part: PartAssembly, nowMs: number): number {
    if ((part.haveMask & neighbour.bit) !== 0) {
      this.#ask(neighbour, part, nowMs);
      return 0;
    }
    // Who has a part of the origin, or made it, may be the only one of whom others hear of it.
    if (part.source !== "peer") return 0;
    neighbour.audit = { id: part.id, index: undefined, sinceMs: nowMs };
    return neighbour.bit;
  }

  #ask(neighbour: Neighbour, part: PartAssembly, nowMs: number, pieces: readonly number[] = part.indices): void {
    const index = pieces[Math.floor(this.#context.options.random() * pieces.length)];
    if (index === undefined) return;
    neighbour.audit = { id: part.id, index, sinceMs: nowMs };
    neighbour.auditedMs = nowMs;
    neighbour.remember(pieceId(part.id, index), nowMs);
    const request = { key: part.key, first: index, count: 1, known: true, withinMs: ANSWER_MS };
    this.#context.tell(neighbour, { kind: "request", ...request });
  }

  #tellAfterAll(neighbour: Neighbour, id: number): void {
    neighbour.audit = undefined;
    const part = this.#context.parts.get(id);
    if (part === undefined) return;
    for (const frame of haveFrames([part])) this.#context.tell(neighbour, frame);
  }
}

function mayBeAsked(
  { isReady, uploads, isSource, hasChokedUs, audit, busyUntilMs }: Neighbour,
  nowMs: number,
): boolean {
  return isReady && uploads && !isSource && !hasChokedUs && audit === undefined && nowMs >= busyUntilMs;
}

function isSuspect({ isOnTrial, unkept, broken }: Neighbour): boolean {
  return isOnTrial || unkept > 0 || broken > 0;
}

function isSilent(neighbour: Neighbour, nowMs: number): boolean {
  const mostMs = Math.min(SILENT_MS * SILENT_TIMES ** neighbour.audits, LONGEST_SILENT_MS);
  return nowMs - shownMs(neighbour) >= mostMs;
}

/** When it last showed what it has, or was to. */
const shownMs = ({ sinceMs, pieceMs, auditedMs }: Neighbour): number => Math.max(sinceMs, pieceMs, auditedMs);
