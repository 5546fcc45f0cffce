import { type InitSegment, parseInitSegment } from "../media/init-segment.ts";
import { parsePart } from "../media/media-part.ts";
import type { Bytes } from "../model/bytes.ts";
import type { RelayError } from "../model/errors.ts";
import { MAX_PARTS_PER_SEGMENT } from "../model/part-header.ts";

/** Groups whose objects are told from duplicates; what is older is too late to be played. */
const MAX_GROUPS = 64;
/** Groups whose parts are put together at once. */
const MAX_OPEN = 4;
/** Encoders round: what begins so close to the end of what was before follows it. */
const JOIN_TOLERANCE_MS = 15;
/** What overlaps by more is on a timeline of its own, as is what comes next and leaves out so much. */
const MAX_OVERLAP_MS = 50;
const MAX_LEAP_MS = 1_000;
/** Rounding is no reason to begin another part. */
const ROUNDING_MS = 0.05;
/** Parts that wait for what comes before them. */
const MAX_WAITING = 256;
/** A timeline that jumps by more than this is another one. */
const MAX_HOLE_MS = 20_000;
/** Group numbers go beyond what positions hold only by mistake. */
const MAX_GROUP = 2 ** 42;

/** One object, as its boxes tell. */
export interface MeasuredObject {
  readonly group: number;
  readonly index: number;
  readonly bytes: Bytes;
  /** Decode time of its first sample. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly independent: boolean;
}

/** A part made of one or more objects of one group. */
export interface MeasuredPart extends Omit<MeasuredObject, "group" | "index"> {
  /** Number of the group. */
  readonly msn: number;
  /** Index of its first object. */
  readonly part: number;
  readonly lastObject: { readonly group: number; readonly index: number };
}

/** @throws RelayError `malformed-part`, `track-mismatch` */
export function measure(group: number, index: number, bytes: Bytes, init: InitSegment): MeasuredObject {
  const { startMs, durationMs, independent } = parsePart(bytes, init);
  return { group, index, bytes, startMs, durationMs, independent };
}

export interface MeasuredTrackOptions {
  readonly init: Bytes;
  /** Objects are put together until a part lasts this long. */
  readonly partTargetMs: number;
  /** The next part, in order; `torn`: on a timeline of its own. */
  readonly next: (part: MeasuredPart, torn: boolean) => void;
  /** What would come next is lost: the part after it follows. */
  readonly lost: (position: { readonly msn: number; readonly part: number }) => void;
  readonly refused: (error: RelayError) => void;
  /** Group numbers have begun anew: all that was said of numbers is void. */
  readonly restarted: () => void;
}

interface OpenPart {
  readonly objects: MeasuredObject[];
  durationMs: number;
  /** Looks without another object. */
  idle: number;
}

/**
 * Makes parts of a track whose publisher says nothing of them but the media itself. Objects may be single frames, whole parts or whole
 * groups. Which part comes next is told by the media's own timeline, since group numbers need not be consecutive: what begins where the
 * last one ended follows it.
 */
export class MeasuredTrack {
  readonly #options: MeasuredTrackOptions;
  #init: InitSegment;
  /** By group: the object that comes next. */
  readonly #next = new Map<number, number>();
  readonly #open = new Map<number, OpenPart>();
  /** Parts that are there and not told as the next, in order. */
  #waiting: MeasuredPart[] = [];
  /** Looks since what waits could not be joined. */
  #blocked = 0;
  #last: MeasuredPart | undefined;
  #newestGroup = -1;
  /** Groups that have ended: true where all of it has come, false where what is missing will not come. */
  readonly #ended = new Map<number, boolean>();

  constructor(options: MeasuredTrackOptions) {
    this.#options = options;
    this.#init = parseInitSegment(options.init);
  }

  get newestGroup(): number {
    return this.#newestGroup;
  }

  /** Parts that wait for what comes before them. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** What follows is encoded so. @throws RelayError `malformed-init` */
  setInit(init: Bytes): void {
    const parsed = parseInitSegment(init);
    for (const group of [...this.#open.keys()]) this.#close(group);
    this.#init = parsed;
  }

  object(group: number, index: number, bytes: Bytes): void {
    if (group > MAX_GROUP || index >= MAX_PARTS_PER_SEGMENT || bytes.byteLength <= 8) return;
    if (group < this.#newestGroup - MAX_GROUPS) {
      this.#options.restarted();
      return;
    }
    // A group is received again from its start after a subscription was lost.
    if (index < (this.#next.get(group) ?? 0)) return;
    this.#next.set(group, index + 1);
    if (group > this.#newestGroup) this.#newGroup(group);
    let object: MeasuredObject;
    try {
      object = measure(group, index, bytes, this.#init);
    } catch (thrown) {
      this.#options.refused(thrown as RelayError);
      return;
    }
    this.#add(object);
  }

  /** `whole`: all of it has come. Else what is missing of it will not. */
  groupEnded(group: number, whole: boolean): void {
    if (!this.#next.has(group)) return;
    this.#ended.set(group, whole);
    if (!this.#isSound) this.#close(group);
    this.#look();
  }

  /** Time has passed: one part target. What was begun and does not go on is a part. `patience`: how many of these a hole is waited for. */
  tick(patience: number): void {
    for (const [group, open] of this.#open) if (open.idle++ >= 1) this.#close(group);
    this.#blocked += 1;
    this.#look(patience);
  }

  get #isSound(): boolean {
    return this.#init.primary.kind === "audio";
  }

  #newGroup(group: number): void {
    this.#newestGroup = group;
    for (const known of this.#next.keys()) if (known < group - MAX_GROUPS) this.#next.delete(known);
    for (const known of this.#ended.keys()) if (known < group - MAX_GROUPS) this.#ended.delete(known);
    for (const oldest of [...this.#open.keys()].slice(0, -MAX_OPEN)) this.#close(oldest);
  }

  #add(object: MeasuredObject): void {
    const { partTargetMs } = this.#options;
    // Groups of sound may hold one frame each: they are put together. Pictures are not, since a group opens with one that stands alone.
    const lane = this.#isSound ? 0 : object.group;
    const before = this.#open.get(lane);
    const end = before?.objects.at(-1);
    if (before !== undefined && end !== undefined) {
      const isJoined = Math.abs(object.startMs - endOf(end)) <= JOIN_TOLERANCE_MS;
      if (!isJoined || before.durationMs + object.durationMs > partTargetMs + ROUNDING_MS) this.#close(lane);
    }
    const open = this.#open.get(lane) ?? { objects: [], durationMs: 0, idle: 0 };
    open.objects.push(object);
    open.durationMs += object.durationMs;
    open.idle = 0;
    this.#open.set(lane, open);
    // Another one like it does not fit.
    if (open.durationMs + object.durationMs > partTargetMs + ROUNDING_MS) this.#close(lane);
  }

  #close(lane: number): void {
    const open = this.#open.get(lane);
    const first = open?.objects[0];
    if (open === undefined || first === undefined) return;
    this.#open.delete(lane);
    const { group, index, startMs, independent } = first;
    const bytes = open.objects.length === 1 ? first.bytes : joined(open.objects.map((object) => object.bytes));
    const lastObject = open.objects.at(-1) ?? first;
    const part = { msn: group, part: index, bytes, startMs, durationMs: open.durationMs, independent, lastObject };
    const last = this.#last;
    if (last !== undefined && !isAfter(part, last)) return;
    this.#waiting.push(part);
    this.#waiting.sort((left, right) => left.msn - right.msn || left.part - right.part);
    this.#look();
  }

  /** Tells what comes next, as far as that is known. */
  #look(patience = Number.POSITIVE_INFINITY): void {
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined) {
        this.#blocked = 0;
        return;
      }
      const last = this.#last;
      const holeMs = last === undefined ? 0 : next.startMs - endOf(last);
      const isNext = last === undefined || this.#isNext(next, last);
      const isTorn = holeMs < -MAX_OVERLAP_MS || holeMs > (isNext ? MAX_LEAP_MS : MAX_HOLE_MS);
      if (last !== undefined && !isNext && !isTorn && holeMs > JOIN_TOLERANCE_MS) {
        const isHopeless = this.#ended.get(last.msn) === false && next.msn > last.msn;
        if (!isHopeless && this.#blocked < patience && this.#waiting.length < MAX_WAITING) return;
        const { group, index } = last.lastObject;
        this.#options.lost({ msn: group, part: Math.min(index + 1, MAX_PARTS_PER_SEGMENT - 1) });
      }
      this.#blocked = 0;
      this.#waiting.shift();
      this.#last = next;
      this.#options.next(next, last !== undefined && isTorn);
    }
  }

  /** Whether the numbers leave no room for anything between the two. */
  #isNext({ msn, part }: MeasuredPart, { lastObject }: MeasuredPart): boolean {
    if (msn === lastObject.group) return part === lastObject.index + 1;
    return msn === lastObject.group + 1 && part === 0 && this.#ended.get(lastObject.group) === true;
  }
}

function endOf({ startMs, durationMs }: { readonly startMs: number; readonly durationMs: number }): number {
  return startMs + durationMs;
}

function isAfter({ msn, part }: MeasuredPart, { lastObject }: MeasuredPart): boolean {
  return msn > lastObject.group || (msn === lastObject.group && part > lastObject.index);
}

function joined(pieces: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}
