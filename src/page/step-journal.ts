import type { Bytes } from "../model/bytes.ts";
import type { RenditionStart, Step, StepAnswer } from "../wire/messages.ts";

/** Date ranges that are kept for a worker that starts anew; those before are over by then. */
const MAX_DATE_RANGES = 256;

/** A step that was refused: it keeps its number, and is told to nobody again. */
interface NoStep {
  readonly kind: "none";
}

/** One step and what became of it. */
export interface Entry {
  readonly step: Step | NoStep;
  /** Set once the worker has it. */
  acknowledged: boolean;
  /** Set when it opened a segment: a new worker can start here. */
  segmentStart?: RenditionStart;
  settle(answer: StepAnswer | undefined, error?: Error): void;
}

/**
 * What a rendition sent of late: all that is not acknowledged, and behind it the acknowledged steps from the start of a
 * segment that lies at least `keepMs` back. A worker that was terminated has lost its rings; it is told these again.
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

  constructor(id: string, keepMs: number) {
    this.#keepMs = keepMs;
    this.#start = { id, firstMsn: 1, firstPartId: 0, discontinuitySequence: 0, initIndex: 0 };
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

  /** The worker has this step. */
  acknowledge(number: number, answer: StepAnswer): void {
    const entry = this.get(number);
    if (entry === undefined || entry.acknowledged) return;
    entry.acknowledged = true;
    if (answer.segmentStart !== undefined) entry.segmentStart = answer.segmentStart;
    this.#acknowledgedMs += durationOf(entry.step);
    this.#settled(entry);
    entry.settle(answer);
    this.#trim();
  }

  /** The worker refused this step for what it holds: it is not sent again. */
  refuse(number: number, error: Error): void {
    const entry = this.get(number);
    if (entry === undefined || entry.acknowledged) return;
    this.#entries[number - this.#first] = { ...entry, acknowledged: true, step: { kind: "none" } };
    this.#settled(entry);
    entry.settle(undefined, error);
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
  }

  /** Rejects all that waits. */
  fail(error: Error): void {
    for (const entry of this.#entries) if (!entry.acknowledged) entry.settle(undefined, error);
    this.#entries = [];
    this.#pending = 0;
    this.#pendingBytes = 0;
  }

  #settled(entry: Entry): void {
    this.#pending -= 1;
    this.#pendingBytes -= sizeOf(entry.step);
  }

  /** Forgets what lies before the last segment start that still leaves `keepMs` acknowledged behind it. */
  #trim(): void {
    let dropped = 0;
    let keptMs = this.#acknowledgedMs;
    let passedMs = 0;
    for (const [index, entry] of this.#entries.entries()) {
      if (!entry.acknowledged) break;
      if (index > 0 && entry.segmentStart !== undefined) {
        if (this.#acknowledgedMs - passedMs < this.#keepMs) break;
        dropped = index;
        keptMs = this.#acknowledgedMs - passedMs;
      }
      passedMs += durationOf(entry.step);
    }
    if (dropped === 0) return;
    for (const { step } of this.#entries.slice(0, dropped)) {
      if (step.kind === "init") this.#init = step.bytes;
      if (step.kind === "key") this.#keys = step;
      if (step.kind === "dateRange") this.#dateRanges = [...this.#dateRanges, step].slice(-MAX_DATE_RANGES);
    }
    this.#start = this.#entries[dropped]?.segmentStart ?? this.#start;
    this.#entries = this.#entries.slice(dropped);
    this.#first += dropped;
    this.#acknowledgedMs = keptMs;
  }
}

function durationOf(step: Step | NoStep): number {
  return step.kind === "part" || step.kind === "gap" ? step.durationMs : 0;
}

function sizeOf(step: Step | NoStep): number {
  return step.kind === "part" || step.kind === "init" ? step.bytes.byteLength : 0;
}
