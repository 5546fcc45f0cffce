import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { type PartKey, partNumber, type SignedHeader } from "../model/part-header.ts";
import type { HaveRange } from "../wire/peer-frame.ts";
import { ANSWER_MS, MAX_PENDING, MAX_WAITING_BYTES, MAX_WAITING_PARTS } from "./carriage-limits.ts";
import type { CarriageSession } from "./carriage-session.ts";

export interface SentPart {
  readonly signed: SignedHeader;
  readonly bytes: Bytes;
}

interface Pending {
  readonly part: SentPart;
  readonly atMs: number;
  readonly giveUp: AbortController;
}

/**
 * Sends parts over one session after another, each until the other side has answered that it has it. A side that does not
 * keep up loses the oldest of what waits for it.
 */
export class PartSender {
  readonly #clock: Clock;
  #session: CarriageSession | undefined;
  #waiting: SentPart[] = [];
  /** In the order in which they were sent. */
  readonly #pending = new Map<string, Pending>();
  #lost = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Parts that were never taken. */
  get lost(): number {
    return this.#lost;
  }

  /** Parts that are not answered yet, with those that wait. */
  get unanswered(): number {
    return this.#pending.size + this.#waiting.length;
  }

  push(part: SentPart): void {
    this.#waiting.push(part);
    this.#limit();
    this.#pump();
  }

  /** From now on over this session. What was not answered in the one before is sent again. */
  attach(session: CarriageSession): void {
    this.detach();
    this.#session = session;
    this.#pump();
  }

  detach(): void {
    this.#session = undefined;
    const unanswered = [...this.#pending.values()].map(({ part, giveUp }) => {
      giveUp.abort();
      return part;
    });
    this.#pending.clear();
    this.#waiting = [...unanswered, ...this.#waiting];
    this.#limit();
  }

  /** The other side has these. */
  answered(rendition: number, ranges: readonly HaveRange[]): void {
    const isTaken = ({ signed: { header } }: SentPart): boolean =>
      header.rendition === rendition && isWithin(header, ranges);
    for (const [id, { part }] of this.#pending) if (isTaken(part)) this.#pending.delete(id);
    this.#waiting = this.#waiting.filter((part) => !isTaken(part));
    this.#pump();
  }

  /** The other side will not have it. */
  refused(key: PartKey): void {
    if (this.#pending.delete(idOf(key))) this.#lost += 1;
    this.#pump();
  }

  #pump(): void {
    const session = this.#session;
    if (session === undefined) return;
    const nowMs = this.#clock.now();
    for (const [id, { atMs, giveUp }] of this.#pending) {
      if (nowMs - atMs < ANSWER_MS) break;
      giveUp.abort();
      this.#pending.delete(id);
      this.#lost += 1;
    }
    while (this.#pending.size < MAX_PENDING) {
      const part = this.#waiting.shift();
      if (part === undefined) return;
      const giveUp = new AbortController();
      this.#pending.set(idOf(part.signed.header), { part, atMs: nowMs, giveUp });
      // What fails is not answered: it comes again with the next session, or is given up.
      session.send({ kind: "part", ...part }, giveUp.signal).catch(() => undefined);
    }
  }

  #limit(): void {
    let sizeBytes = this.#waiting.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
    while (this.#waiting.length > MAX_WAITING_PARTS || sizeBytes > MAX_WAITING_BYTES) {
      sizeBytes -= this.#waiting.shift()?.bytes.byteLength ?? 0;
      this.#lost += 1;
    }
  }
}

export function isWithin(key: Pick<PartKey, "msn" | "part">, ranges: readonly HaveRange[]): boolean {
  const number = partNumber(key);
  return ranges.some(({ first, last }) => number >= partNumber(first) && number <= partNumber(last));
}

const idOf = (key: PartKey): string => `${key.rendition} ${partNumber(key)}`;
