import type { Clock } from "../model/clock.ts";
import { EventHeap, type SimEvent } from "./event-heap.ts";

/** Width of one position of the wheel: a few events each even in a world of many thousands. A power of two, so that sums are exact. */
const BUCKET_MS = 1 / 16;
/** Positions of the wheel: 8 s, beyond which events wait in a heap of their own. */
const BUCKETS = 131_072;

/** A callback as an event; cancelled, it stays where it is and does nothing. */
class Timer implements SimEvent {
  atMs = 0;
  sequence = 0;
  next: SimEvent | undefined;
  #callback: (() => void) | undefined;

  constructor(callback: () => void) {
    this.#callback = callback;
  }

  fire(): void {
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.();
  }

  readonly cancel = (): void => {
    this.#callback = undefined;
  };
}

/**
 * Time that passes when it is told to. Events fire in the order of their times, and of their scheduling where those are equal: the same
 * calls give the same run. A timing wheel over a heap for what is due next, so that an event costs the same however many wait.
 */
export class VirtualClock implements Clock {
  readonly #epochMs: number;
  /** The last that was put into each bucket; the others hang on it. */
  readonly #wheel = new Array<SimEvent | undefined>(BUCKETS).fill(undefined);
  /** What is due in the present bucket, or was scheduled for earlier. */
  readonly #due = new EventHeap();
  readonly #far = new EventHeap();
  #nowMs = 0;
  /** Counted from 0, not folded onto the wheel. */
  #bucket = 0;
  #onWheel = 0;
  #sequence = 0;
  #fired = 0;

  /** @param epochMs what `wallMs()` is at 0. */
  constructor(epochMs = Date.UTC(2026, 0, 1)) {
    this.#epochMs = epochMs;
  }

  /** Events that have fired, cancelled ones included. */
  get fired(): number {
    return this.#fired;
  }

  now(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#epochMs + this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = new Timer(callback);
    this.schedule(timer, this.#nowMs + delayMs);
    return timer.cancel;
  }

  /** What is scheduled for the past is due now. */
  schedule(event: SimEvent, atMs: number): void {
    event.atMs = Math.max(atMs, this.#nowMs);
    event.sequence = this.#sequence++;
    this.#place(event);
  }

  #place(event: SimEvent): void {
    const bucket = Math.floor(event.atMs / BUCKET_MS);
    if (bucket <= this.#bucket) this.#due.push(event);
    else if (bucket >= this.#bucket + BUCKETS) this.#far.push(event);
    else {
      const at = bucket % BUCKETS;
      event.next = this.#wheel[at];
      this.#wheel[at] = event;
      this.#onWheel += 1;
    }
  }

  /** Lets time pass, and fires what is due in it. */
  advance(durationMs: number): void {
    this.runUntil(this.#nowMs + durationMs);
  }

  runUntil(endMs: number): void {
    for (let event = this.#next(endMs); event !== undefined; event = this.#next(endMs)) {
      this.#nowMs = event.atMs;
      this.#fired += 1;
      event.fire();
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }

  #next(endMs: number): SimEvent | undefined {
    const due = this.#due;
    while (due.size === 0) {
      if (this.#onWheel === 0) {
        const first = this.#far.first;
        if (first === undefined || first.atMs > endMs) return undefined;
        this.#bucket = Math.floor(first.atMs / BUCKET_MS);
      } else {
        if ((this.#bucket + 1) * BUCKET_MS > endMs) return undefined;
        this.#bucket += 1;
      }
      this.#turn();
    }
    return due.first!.atMs <= endMs ? due.pop() : undefined;
  }

  /** Takes up the bucket that time has come to, and onto the wheel what has come within its reach. */
  #turn(): void {
    const at = this.#bucket % BUCKETS;
    const last = this.#wheel[at];
    if (last !== undefined) {
      this.#wheel[at] = undefined;
      this.#onWheel -= this.#due.take(last);
    }
    const reachMs = (this.#bucket + BUCKETS) * BUCKET_MS;
    for (let first = this.#far.first; first !== undefined && first.atMs < reachMs; first = this.#far.first) {
      this.#place(this.#far.pop()!);
    }
  }
}
