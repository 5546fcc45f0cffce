import type { Clock } from "../../model/clock.ts";
import { partNumber, type SignedHeader } from "../../model/part-header.ts";
import type { SharedPart } from "../../swarm/swarm-types.ts";
import type { FeedPosition } from "./feed-position.ts";
import { isNone, isSame } from "./hex.ts";

/** What a part may wait for that comes before it, at most; then the hole is a gap. */
const MAX_WAITING_PARTS = 512;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** How long older parts than the first one may still come, before the first segment is chosen. */
const START_GRACE_MS = 600;
/** How long one without a hole behind it is waited for: a player that starts beside a hole keeps its distance. */
const START_PATIENCE_MS = 3_000;
/** With less than this no player begins, and what is before a hole may still join it. */
const START_MEDIA_MS = 2_000;
/** Longer holes are jumped over by a discontinuity. */
const MAX_GAP_MS = 20_000;

export interface RenditionFeedOptions {
  readonly clock: Clock;
  /** How long a hole may hold up what comes behind it. */
  readonly patienceMs: () => number;
  /** Where the page before stopped. */
  readonly last?: FeedPosition;
}

/** What comes next in a rendition. */
export type FeedStep =
  /** `fresh`: nothing before it is joined to it, as at the start, after a hole that is too long, and when the source starts anew. */
  | { readonly kind: "part"; readonly part: SharedPart; readonly fresh: boolean }
  | { readonly kind: "gap"; readonly durationMs: number; readonly position: FeedPosition };

/**
 * Puts the parts of one rendition in order. They come in any; each one that is signed names the header before it, and of one that is
 * not the origin's playlist tells what comes before. What has not come in time is a gap.
 */
export class RenditionFeed {
  readonly #options: RenditionFeedOptions;
  /** Whole parts that are not fed yet, by number; of the newest epoch alone. */
  readonly #waiting = new Map<number, SharedPart>();
  #waitingBytes = 0;
  /** What the origin lists beyond the last part that was fed, in order. */
  #listed: number[] = [];
  #epoch: string | undefined;
  #last: FeedPosition | undefined;
  #firstAtMs: number | undefined;
  #blockedAtMs: number | undefined;
  #missed = 0;
  /** Parts that nobody has. */
  readonly #missing = new Set<number>();

  constructor(options: RenditionFeedOptions) {
    this.#options = options;
    this.#last = options.last;
    this.#epoch = options.last?.epoch;
  }

  /** After the last part that was taken. */
  get last(): FeedPosition | undefined {
    return this.#last;
  }

  /** Parts that are there, or listed, and not fed. */
  get behind(): number {
    return Math.max(this.#listed.length, this.#waiting.size);
  }

  /** Parts that never came. */
  get missed(): number {
    return this.#missed;
  }

  /** The source says which epoch it is in; what is left of another one is dropped. */
  enter(epoch: string): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#waiting.clear();
    this.#waitingBytes = 0;
    this.#listed = [];
    this.#missing.clear();
    this.#firstAtMs = undefined;
    this.#blockedAtMs = undefined;
  }

  /** The origin lists this part; what it lists comes in order. */
  list(number: number): void {
    const newest = this.#listed.at(-1) ?? this.#lastNumber;
    if (newest !== undefined && number <= newest) return;
    this.#listed.push(number);
    if (this.#listed.length > MAX_WAITING_PARTS) this.#listed.shift();
  }

  /** This part will not come. */
  miss(number: number): void {
    const last = this.#lastNumber;
    if (last === undefined || number <= last || this.#missing.size >= MAX_WAITING_PARTS) return;
    this.#missing.add(number);
  }

  /** Takes a whole part, unless it is old. */
  add(part: SharedPart): void {
    const { header } = part.signed;
    if (this.#epoch === undefined) this.#epoch = header.epoch;
    if (header.epoch !== this.#epoch) return;
    const number = partNumber(header);
    const last = this.#lastNumber;
    if ((last !== undefined && number <= last) || this.#waiting.has(number)) return;
    this.#waiting.set(number, part);
    this.#waitingBytes += part.bytes.byteLength;
    this.#firstAtMs ??= this.#options.clock.now();
  }

  /** What can be fed now; undefined while it has to be waited for. */
  take(): FeedStep | undefined {
    return this.#isJoined ? this.#takeNext() : this.#takeFirst();
  }

  /** What was fed last is no part of what comes. */
  forget(): void {
    this.#last = undefined;
    this.#blockedAtMs = undefined;
  }

  /** When `take()` may give something although nothing new has come. */
  get dueAtMs(): number | undefined {
    if (this.#waiting.size === 0) return undefined;
    if (this.#blockedAtMs !== undefined) return this.#blockedAtMs + this.#options.patienceMs();
    if (this.#isJoined || this.#firstAtMs === undefined) return undefined;
    const now = this.#options.clock.now();
    return [START_GRACE_MS, START_PATIENCE_MS].map((ms) => (this.#firstAtMs ?? now) + ms).find((dueMs) => dueMs > now);
  }

  /** Whether what comes next follows something that was fed. */
  get #isJoined(): boolean {
    return this.#last !== undefined && this.#last.epoch === this.#epoch;
  }

  get #lastNumber(): number | undefined {
    return this.#isJoined && this.#last !== undefined ? partNumber(this.#last) : undefined;
  }

  #takeFirst(): FeedStep | undefined {
    const starts = ({ header }: SignedHeader): boolean => header.independent && !header.gap;
    const first = this.#lowest(starts);
    if (first === undefined) {
      this.#shed();
      return undefined;
    }
    if (this.#listed[0] === partNumber(first.key)) return this.#feed(first, true);
    const waitedMs = this.#options.clock.now() - (this.#firstAtMs ?? 0);
    if (waitedMs < START_GRACE_MS) return undefined;
    const run = this.#run;
    const at = run.findIndex(({ signed }) => starts(signed));
    const whole = run[at];
    const isEnough = whole === first || lengthMs(run.slice(at)) >= START_MEDIA_MS;
    if ((whole === undefined || !isEnough) && waitedMs < START_PATIENCE_MS) return undefined;
    return this.#feed(whole ?? first, true);
  }

  /** Of what waits, the newest parts with no hole between them. */
  get #run(): readonly SharedPart[] {
    const waiting = [...this.#waiting].sort(([left], [right]) => left - right).map(([, part]) => part);
    let from = waiting.length - 1;
    for (; from > 0; from--) {
      const [before, part] = [waiting[from - 1], waiting[from]];
      if (before === undefined || part === undefined || !this.#follows(part.signed, positionOf(before))) break;
    }
    return waiting.slice(Math.max(0, from));
  }

  #takeNext(): FeedStep | undefined {
    const head = this.#lowest(() => true);
    const last = this.#last;
    if (head === undefined || last === undefined) {
      this.#blockedAtMs = undefined;
      return undefined;
    }
    if (this.#follows(head.signed, last)) return this.#feed(head, false);
    const now = this.#options.clock.now();
    this.#blockedAtMs ??= now;
    const isFull = this.#waiting.size > MAX_WAITING_PARTS || this.#waitingBytes > MAX_WAITING_BYTES;
    if (!isFull && !this.#isLost(last) && now - this.#blockedAtMs < this.#options.patienceMs()) return undefined;
    return this.#skipTo(head, last);
  }

  /** Whether what would come next is known not to come. */
  #isLost(last: FeedPosition): boolean {
    if (this.#missing.size === 0) return false;
    const next = this.#listed.find((listed) => listed > partNumber(last));
    const opens = partNumber({ msn: last.msn + 1, part: 0 });
    const candidates = next === undefined ? [partNumber(last) + 1, opens] : [next];
    return candidates.some((number) => this.#missing.has(number));
  }

  #follows({ header }: SignedHeader, last: FeedPosition): boolean {
    // What came from the origin without a header names nothing, and is named by nothing.
    if (!isNone(header.previous) && !isNone(last.digest)) return isSame(header.previous, last.digest);
    const number = partNumber(header);
    const next = this.#listed.find((listed) => listed > partNumber(last));
    if (next !== undefined) return number === next;
    return number === partNumber(last) + 1;
  }

  /** Gives up what lies between the last part and `head`. */
  #skipTo(head: SharedPart, last: FeedPosition): FeedStep | undefined {
    const { header } = head.signed;
    const holeMs = header.programDateTimeMs - last.endWallMs;
    this.#blockedAtMs = undefined;
    this.#missed += this.#holes(head, last);
    if (holeMs > MAX_GAP_MS || holeMs < -MAX_GAP_MS) {
      this.#last = undefined;
      return this.#takeFirst();
    }
    // Whatever the head names now stands before it.
    const position = { ...last, ...before(header), digest: header.previous, endWallMs: header.programDateTimeMs };
    this.#last = position;
    this.#trimListed();
    return { kind: "gap", durationMs: Math.max(1, holeMs), position };
  }

  /** How many parts are missing, as far as that can be told. */
  #holes({ signed: { header } }: SharedPart, last: FeedPosition): number {
    const from = partNumber(last);
    const to = partNumber(header);
    const listed = this.#listed.filter((number) => number > from && number < to).length;
    if (listed > 0) return listed;
    return header.msn === last.msn ? header.part - last.part - 1 : Math.max(1, header.part);
  }

  #feed(part: SharedPart, fresh: boolean): FeedStep {
    const { header } = part.signed;
    this.#last = positionOf(part);
    this.#blockedAtMs = undefined;
    const number = partNumber(header);
    for (const [waiting, { bytes }] of this.#waiting) {
      if (waiting > number) continue;
      this.#waiting.delete(waiting);
      this.#waitingBytes -= bytes.byteLength;
    }
    this.#trimListed();
    return { kind: "part", part, fresh };
  }

  #trimListed(): void {
    const last = this.#lastNumber;
    if (last === undefined) return;
    this.#listed = this.#listed.filter((number) => number > last);
    for (const number of this.#missing) if (number <= last) this.#missing.delete(number);
  }

  /** Nothing that waits can be started with: the oldest of it goes. */
  #shed(): void {
    if (this.#waiting.size <= MAX_WAITING_PARTS && this.#waitingBytes <= MAX_WAITING_BYTES) return;
    const oldest = this.#lowest(() => true);
    if (oldest === undefined) return;
    this.#waiting.delete(partNumber(oldest.key));
    this.#waitingBytes -= oldest.bytes.byteLength;
  }

  #lowest(suits: (signed: SignedHeader) => boolean): SharedPart | undefined {
    let lowest: SharedPart | undefined;
    let lowestNumber = Number.POSITIVE_INFINITY;
    for (const [number, part] of this.#waiting) {
      if (number >= lowestNumber || !suits(part.signed)) continue;
      lowest = part;
      lowestNumber = number;
    }
    return lowest;
  }
}

function positionOf({ signed: { header, digest } }: SharedPart): FeedPosition {
  const { epoch, msn, part, programDateTimeMs, durationMs, initDigest } = header;
  return { epoch, msn, part, endWallMs: programDateTimeMs + durationMs, digest, init: initDigest };
}

/** The last position that there may have been before a part. */
function before({ msn, part }: { readonly msn: number; readonly part: number }): { msn: number; part: number } {
  return part > 0 ? { msn, part: part - 1 } : { msn: msn - 1, part: 1023 };
}

function lengthMs(parts: readonly SharedPart[]): number {
  return parts.reduce((sum, { signed }) => sum + signed.header.durationMs, 0);
}
