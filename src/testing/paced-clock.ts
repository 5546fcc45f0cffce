import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";

/** Real time, faster or slower by a factor, or by hand alone. */
export type ClockPace = "real" | "manual" | { readonly speed: number };

/** Where the stream's time stands, so that somebody else's clock can go on from there. */
export interface ClockReading {
  /** Time of the stream, in ms since its start. */
  readonly atMs: number;
  /** Wall clock of the machine at that moment. */
  readonly takenAtMs: number;
  /** Stream time per real time; 0 by hand. */
  readonly speed: number;
}

const MAX_SPEED = 100;
/** Most that one call may let pass. */
const MAX_ADVANCE_MS = 24 * 3_600_000;
/** A browser's timers take no more. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** @throws RelayError `invalid-option` */
export function speedOf(pace: ClockPace): number {
  if (pace === "real") return 1;
  if (pace === "manual") return 0;
  const speed: unknown = typeof pace === "object" && pace !== null ? pace.speed : undefined;
  if (typeof speed === "number" && speed > 0 && speed <= MAX_SPEED) return speed;
  throw new RelayError(
    "invalid-option",
    `clock: expected "real", "manual" or { speed } above 0 and at most ${MAX_SPEED}, got ${JSON.stringify(pace)}`,
  );
}

/** What a reading comes to at another moment. */
export function timeAt({ atMs, takenAtMs, speed }: ClockReading, wallMs: number): number {
  return atMs + Math.max(0, wallMs - takenAtMs) * speed;
}

/**
 * Time of a stream over another clock: it passes at a pace of its own, and leaps when it is told to. What is due in a leap comes in the order of
 * its time, and sees that time; so media is the same at any pace.
 */
export class PacedClock implements Clock {
  readonly #base: Clock;
  readonly #speed: number;
  readonly #startedAtMs: number;
  readonly #baseStartMs: number;
  #leapsMs = 0;
  /** While a timer fires: the time that it was due at, which may be over. */
  #firingMs: number | undefined;
  readonly #timers = new Map<number, { readonly dueMs: number; readonly callback: () => void }>();
  #timerCount = 0;
  #cancelAlarm = (): void => undefined;

  constructor(base: Clock, pace: ClockPace = "real") {
    this.#base = base;
    this.#speed = speedOf(pace);
    this.#startedAtMs = base.wallMs();
    this.#baseStartMs = base.now();
  }

  /** Time of the stream, in ms since its start. */
  now(): number {
    return this.#firingMs ?? this.#passed;
  }

  /** Wall clock of the stream: that of the machine at its start, and its own time since. */
  wallMs(): number {
    return this.#startedAtMs + this.now();
  }

  get reading(): ClockReading {
    return { atMs: this.#passed, takenAtMs: this.#base.wallMs(), speed: this.#speed };
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = this.#timerCount;
    this.#timerCount += 1;
    this.#timers.set(timer, { dueMs: this.now() + Math.max(0, delayMs), callback });
    this.#setAlarm();
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Lets time pass at once, and fires what is due in it. @throws RelayError `invalid-option` */
  advance(durationMs: number): void {
    if (!(durationMs >= 0 && durationMs <= MAX_ADVANCE_MS)) {
      throw new RelayError(
        "invalid-option",
        `advance: expected 0 to ${MAX_ADVANCE_MS} ms, got ${String(durationMs).slice(0, 40)}`,
      );
    }
    this.#leapsMs += durationMs;
    this.#fire();
  }

  /** Fires nothing more. */
  stop(): void {
    this.#timers.clear();
    this.#cancelAlarm();
  }

  get #passed(): number {
    return (this.#base.now() - this.#baseStartMs) * this.#speed + this.#leapsMs;
  }

  #fire(): void {
    // A callback that leaps further is served by the run that it is called from.
    if (this.#firingMs !== undefined) return;
    for (;;) {
      const next = this.#next();
      if (next === undefined || next[1].dueMs > this.#passed) break;
      const [timer, { dueMs, callback }] = next;
      this.#timers.delete(timer);
      this.#firingMs = dueMs;
      try {
        callback();
      } finally {
        this.#firingMs = undefined;
      }
    }
    this.#setAlarm();
  }

  #next(): [number, { readonly dueMs: number; readonly callback: () => void }] | undefined {
    let first: [number, { readonly dueMs: number; readonly callback: () => void }] | undefined;
    for (const entry of this.#timers) if (first === undefined || entry[1].dueMs < first[1].dueMs) first = entry;
    return first;
  }

  #setAlarm(): void {
    this.#cancelAlarm();
    const next = this.#next();
    if (next === undefined || this.#speed === 0) return;
    const delayMs = Math.max(0, (next[1].dueMs - this.#passed) / this.#speed);
    this.#cancelAlarm = this.#base.after(Math.min(delayMs, MAX_TIMER_MS), () => this.#fire());
  }
}
