import { type Bytes, sameBytes } from "../model/bytes.ts";
import { type Neighbour, pieceId } from "./neighbour.ts";
import type { PartAssembly } from "./part-assembly.ts";
import type { SwarmContext } from "./swarm-context.ts";

/** Told of so many parts without sending a piece of any, it is looked whether it has them; of four times as many after each time that it had. */
const SILENT_PARTS = 8;
const SILENT_TIMES = 4;
/** No pull waits so long: who is only slow passes. */
const ANSWER_MS = 2000;
/** Of one that has said nothing since nothing is held to be missing: its page may stand still. */
const HEARD_WITHIN_MS = 1000;
/** Words that were not kept, each made good by one that was. */
const MAX_UNKEPT = 4;

/**
 * Holds peers to what they say that they have. Pulls alone would not find a liar: who does not answer is asked less and less, and who is not a
 * parent, and whose parts come from elsewhere, never. So a suspect is asked, one thing at a time, for a piece that is here by now.
 */
export class Audits {
  readonly #context: SwarmContext;

  constructor(context: SwarmContext) {
    this.#context = context;
  }

  /** A part is here, whole. Who said before that it has it does not know that it is, and so must send what it is asked for. */
  whole(part: PartAssembly): void {
    if (part.pieceCount === 0) return;
    const nowMs = this.#context.clock.now();
    const mask = part.haveMask & ~part.servedMask & ~part.conflictMask;
    for (const neighbour of this.#context.neighbours.list) {
      if ((mask & neighbour.bit) === 0 || !this.#isSuspect(neighbour, nowMs)) continue;
      const index = Math.floor(this.#context.options.random() * part.pieceCount);
      neighbour.audit = { id: part.id, index, askedMs: nowMs };
      neighbour.remember(pieceId(part.id, index), nowMs);
      const request = { key: part.key, first: index, count: 1, known: true, withinMs: ANSWER_MS };
      this.#context.tell(neighbour, { kind: "request", ...request });
    }
  }

  tick(nowMs: number): void {
    // A ban changes the list.
    for (const neighbour of [...this.#context.neighbours.list]) {
      const { audit } = neighbour;
      if (audit === undefined || nowMs - audit.askedMs < ANSWER_MS) continue;
      neighbour.audit = undefined;
      if (neighbour.hasChokedUs || nowMs - neighbour.heardMs > HEARD_WITHIN_MS) continue;
      neighbour.unkept += 1;
      if (neighbour.unkept >= MAX_UNKEPT) this.#context.ban(neighbour, "told of parts that it never sent");
    }
  }

  /** A piece came of a part that is here: true where it was asked for only to see whether it would. */
  answered(neighbour: Neighbour, part: PartAssembly, index: number, bytes: Bytes): boolean {
    const { audit } = neighbour;
    if (audit === undefined || audit.id !== part.id) return false;
    const ours = part.piece(audit.index);
    if (audit.index !== index || ours === undefined) return false;
    neighbour.audit = undefined;
    // In one process it may be the very same.
    const isShared = ours.buffer === bytes.buffer && ours.byteOffset === bytes.byteOffset;
    if (ours.byteLength !== bytes.byteLength || !(isShared || sameBytes(ours, bytes))) {
      this.#context.ban(neighbour, `piece ${index}: another one than the part has`);
      return true;
    }
    neighbour.unkept = Math.max(0, neighbour.unkept - 1);
    neighbour.claims = 0;
    neighbour.broken = 0;
    neighbour.audits += 1;
    neighbour.isOnTrial = false;
    return true;
  }

  /** It said that it cannot: that is no lie, and counts where refusals do. */
  refused(neighbour: Neighbour, part: PartAssembly): void {
    if (neighbour.audit?.id === part.id) neighbour.audit = undefined;
  }

  #isSuspect(neighbour: Neighbour, nowMs: number): boolean {
    const { isReady, uploads, isSource, hasChokedUs, audit, busyUntilMs, claims, broken, unkept, audits } = neighbour;
    if (!isReady || !uploads || isSource || hasChokedUs || audit !== undefined || nowMs < busyUntilMs) return false;
    return neighbour.isOnTrial || unkept > 0 || broken > 0 || claims >= SILENT_PARTS * SILENT_TIMES ** audits;
  }
}
