import type { Bytes } from "../model/bytes.ts";
import type { Persistence } from "../model/stats.ts";
import type { RenditionStart, Step, StepAnswer } from "../wire/messages.ts";

/** Date ranges that are kept for a worker that starts anew; those before are over by then. */
const MAX_DATE_RANGES = 256;
/** Acknowledged steps that may wait for the disk. Beyond, acknowledgements are held back until it has caught up. */
const MAX_UNKEPT_STEPS = 256;
const MAX_UNKEPT_BYTES = 32 * 1024 * 1024;

/** One step and what became of it. One that was refused is none any more, and keeps its number. */
export interface Entry {
  readonly step: Step;
  /** Set once the worker has it. */
  acknowledged: boolean;
  /** Set when it opened a segment: a new worker can start here. */
  segmentStart?: RenditionStart;
  settle(answer: StepAnswer | undefined, error?: Error): void;
}

/**
 * What a rendition sent of late: all that is not acknowledged, or not on disk where the worker keeps it there; and behind it the
 * acknowledged steps from the start of a segment that lies at least `keepMs` back. A worker that was terminated has lost its
 * rings: it is told what it lacks again, or all of these where it knows nothing.
 *
 * A disk that lags holds back the acknowledgements, never the steps: viewers have the media, and a producer that waits for
 * `part()` slows down.
 */
export class StepJournal {
  readonly #keepMs: number;
  #entries: Entry[] = [];
  /** Number of the first entry in this session. */
  #first = 0;
  #start: RenditionStart;
  /** The init segment in effect before the first entry. */
  #init: Bytes | undefined;
  /** The keys in effect there, and the date ranges that were published before. */
  #keys: Step | undefined;
  #dateRanges: readonly Step[] = [];
  #acknowledgedMs = 0;
  #pendingBytes = 0;
  #pending = 0;
  #persistence: Persistence = "memory";
  /** Steps below this number are on disk. */
  #keptNumber = 0;
  /** Acknowledged steps from that number on. */
  #unkept = 0;
  #unkeptBytes = 0;
  /** Acknowledgements that wait for the disk, in order. */
  #heldBack: (() => void)[] = [];

  constructor(id: string, keepMs: number) {
    this.#keepMs = keepMs;
    this.#start = { id, firstMsn: 1, firstPartId: 0, discontinuitySequence: 0, initIndex: 0 };
  }

  /** The steps before `number` were another page's. A worker that forgets all of it starts this rendition at `start`. */
  follow(number: number, start: RenditionStart): void {
    this.#first = number;
    this.#keptNumber = number;
    this.#start = start;
  }

  /** The init segment in effect before the first entry, for a worker that forgets all before that. */
  rememberInit(bytes: Bytes): void {
    this.#init ??= bytes;
  }

  /** Where a new worker starts this rendition. */
  get start(): RenditionStart {
    return this.#start;
  }

  /** The worker starts this rendition here: after what a producer before left, if there was one. */
  startAt(start: RenditionStart): void {
    // A worker that goes on where it was told knows no more than we do.
    if (start.firstMsn === this.#start.firstMsn && start.firstPartId === this.#start.firstPartId) return;
    this.#start = start;
  }

  /** Steps that are not acknowledged. */
  get pending(): number {
    return this.#pending;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Acknowledgements that wait for the disk. */
  get heldBack(): number {
    return this.#heldBack.length;
  }

  /** Acknowledged steps of which the worker is yet to say that they are on disk. */
  get unkept(): number {
    return this.#persistence === "disk" ? this.#unkept : 0;
  }

  /** Adds a step and returns its number. */
  add(entry: Entry): number {
    this.#entries.push(entry);
    this.#pending += 1;
    this.#pendingBytes += sizeOf(entry.step);
    return this.#first + this.#entries.length - 1;
  }

  /** The entry with this number, if it is still kept. */
  get(number: number): Entry | undefined {
    return this.#entries[number - this.#first];
  }

  /** Every kept entry from this number on, with its number. */
  *from(number: number): Generator<readonly [number, Entry]> {
    for (let index = Math.max(0, number - this.#first); index < this.#entries.length; index++) {
      const entry = this.#entries[index];
      if (entry !== undefined) yield [this.#first + index, entry];
    }
  }

  /** The worker has this step. Returns it, if that is news. */
  acknowledge(number: number, answer: StepAnswer): Step | undefined {
    const entry = this.get(number);
    if (entry === undefined || entry.acknowledged) return undefined;
    entry.acknowledged = true;
    if (answer.segmentStart !== undefined) entry.segmentStart = answer.segmentStart;
    this.#acknowledgedMs += durationOf(entry.step);
    this.#settled(entry);
    if (number >= this.#keptNumber) this.#countUnkept(entry, 1);
    if (this.#lags) this.#heldBack.push(() => entry.settle(answer));
    else entry.settle(answer);
    this.#trim();
    return entry.step;
  }

  /** The worker refused this step for what it holds: it is not sent again. */
  refuse(number: number, error: Error): void {
    const entry = this.get(number);
    if (entry === undefined || entry.acknowledged) return;
    const refused: Entry = { ...entry, acknowledged: true, step: { kind: "none" } };
    this.#entries[number - this.#first] = refused;
    this.#settled(entry);
    if (number >= this.#keptNumber) this.#countUnkept(refused, 1);
    entry.settle(undefined, error);
  }

  /** Number of the first entry. */
  get first(): number {
    return this.#first;
  }

  /** Number of the next step. */
  get next(): number {
    return this.#first + this.#entries.length;
  }

  /** Where the worker keeps what it has. In memory, what is acknowledged waits for nothing more. */
  persistIn(persistence: Persistence): void {
    this.#persistence = persistence;
    // Nothing is forgotten here: a worker that knows nothing is about to be told all of it.
    this.#letGo();
  }

  /** Every step below this number is on disk. */
  keep(number: number): void {
    const end = Math.min(number, this.#first + this.#entries.length);
    for (; this.#keptNumber < end; this.#keptNumber++) {
      const entry = this.get(this.#keptNumber);
      if (entry?.acknowledged === true) this.#countUnkept(entry, -1);
    }
    this.#letGo();
    this.#trim();
  }

  /** Starts a new session, for a worker that knows nothing: numbers begin at 0 again, and the init segment comes first. */
  restart(): void {
    this.#first = 0;
    this.#entries = this.#entries.filter((entry) => entry.step.kind !== "none");
    this.#acknowledgedMs = 0;
    for (const entry of this.#entries) {
      if (entry.acknowledged) this.#acknowledgedMs += durationOf(entry.step);
    }
    const before: Step[] = [...this.#dateRanges];
    if (this.#keys !== undefined) before.unshift(this.#keys);
    if (this.#init !== undefined) before.unshift({ kind: "init", bytes: this.#init });
    this.#init = undefined;
    this.#keys = undefined;
    this.#dateRanges = [];
    this.#entries.unshift(...before.map((step) => ({ step, acknowledged: true, settle: () => undefined })));
    this.#keptNumber = 0;
    this.#unkept = 0;
    this.#unkeptBytes = 0;
    for (const entry of this.#entries) if (entry.acknowledged) this.#countUnkept(entry, 1);
  }

  /** Rejects all that waits. */
  fail(error: Error): void {
    for (const entry of this.#entries) if (!entry.acknowledged) entry.settle(undefined, error);
    // These are in the ring, and were published.
    this.#persistence = "memory";
    this.#letGo();
    this.#entries = [];
    this.#pending = 0;
    this.#pendingBytes = 0;
  }

  get #lags(): boolean {
    if (this.#persistence === "memory") return false;
    return this.#unkept > MAX_UNKEPT_STEPS || this.#unkeptBytes > MAX_UNKEPT_BYTES;
  }

  #letGo(): void {
    if (this.#heldBack.length === 0 || this.#lags) return;
    const heldBack = this.#heldBack;
    this.#heldBack = [];
    for (const settle of heldBack) settle();
  }

  #countUnkept({ step }: Entry, sign: 1 | -1): void {
    this.#unkept += sign;
    this.#unkeptBytes += sign * sizeOf(step);
  }

  #settled(entry: Entry): void {
    this.#pending -= 1;
    this.#pendingBytes -= sizeOf(entry.step);
  }

  /** Forgets what lies before the last segment start that still leaves `keepMs` acknowledged behind it, if it is on disk. */
  #trim(): void {
    let dropped = 0;
    let keptMs = this.#acknowledgedMs;
    let passedMs = 0;
    const end = this.#persistence === "disk" ? this.#keptNumber - this.#first : this.#entries.length;
    for (const [index, entry] of this.#entries.entries()) {
      if (!entry.acknowledged) break;
      if (index > 0 && entry.segmentStart !== undefined) {
        if (index > end || this.#acknowledgedMs - passedMs < this.#keepMs) break;
        dropped = index;
        keptMs = this.#acknowledgedMs - passedMs;
      }
      passedMs += durationOf(entry.step);
    }
    if (dropped === 0) return;
    for (const [index, entry] of this.#entries.slice(0, dropped).entries()) {
      const { step } = entry;
      // In memory mode it goes without having been on disk.
      if (this.#first + index >= this.#keptNumber) this.#countUnkept(entry, -1);
      if (step.kind === "init") this.#init = step.bytes;
      if (step.kind === "key") this.#keys = step;
      if (step.kind === "dateRange") this.#dateRanges = [...this.#dateRanges, step].slice(-MAX_DATE_RANGES);
    }
    this.#start = this.#entries[dropped]?.segmentStart ?? this.#start;
    this.#entries = this.#entries.slice(dropped);
    this.#first += dropped;
    this.#acknowledgedMs = keptMs;
    this.#keptNumber = Math.max(this.#keptNumber, this.#first);
  }
}

function durationOf(step: Step): number {
  return step.kind === "part" || step.kind === "gap" ? step.durationMs : 0;
}

function sizeOf(step: Step): number {
  return step.kind === "part" || step.kind === "init" ? step.bytes.byteLength : 0;
}
