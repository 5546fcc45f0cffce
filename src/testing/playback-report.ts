import { FrameTimes } from "./frame-times.ts";
import type { OriginTrace } from "./origin-trace.ts";

/** A look at a video element. */
export interface PlaybackSample {
  /** Wall clock, in ms since the Unix epoch. */
  readonly atMs: number;
  /** `currentTime`. */
  readonly positionS: number;
  /** Media in hand from the position on, in ms. */
  readonly aheadMs: number;
  /** As the element tells. */
  readonly paused: boolean;
  /** As the element tells. */
  readonly ended: boolean;
  /** Of the picture, in pixels. */
  readonly width: number;
}

/** A picture that was shown, by the number that it shows. */
export interface ShownFrame {
  /** Wall clock, in ms since the Unix epoch. */
  readonly atMs: number;
  /** Its number. */
  readonly frame: number;
}

/** What a page saw of its video element. */
export interface PlaybackRecord {
  /** 20 a second, the newest 40,000. */
  readonly samples: readonly PlaybackSample[];
  /** About five a second, the newest 10,000. */
  readonly shown: readonly ShownFrame[];
  /** Of the element: `MediaError` codes and messages. */
  readonly errors: readonly string[];
}

/** The position stood still although it was to move. */
export interface Stall {
  /** Wall clock at which it began, in ms since the Unix epoch. */
  readonly atMs: number;
  /** How long it stood still. */
  readonly durationMs: number;
  /** Media in hand when it began: with some, it was the player or the machine and not the stream that was late. */
  readonly aheadMs: number;
}

/** How old one picture was. */
export interface LatencySample {
  /** Wall clock, in ms since the Unix epoch. */
  readonly atMs: number;
  /** From when the picture was made to when it was shown. */
  readonly latencyMs: number;
}

/** Below this nobody sees it, and samples could not tell. */
const MIN_STALL_MS = 150;
const FRAME_RATE = 30;
/** Nobody plays faster, and what moves further is a seek, but for what a sample that is late makes of it. */
const MAX_RATE = 2;
const LEAP_MS = 50;

/** Where the position stood still, from its first movement on. */
export function stallsOf({ samples }: Pick<PlaybackRecord, "samples">): readonly Stall[] {
  const stalls: Stall[] = [];
  let hasMoved = false;
  let moved: PlaybackSample | undefined;
  let stall: Stall | undefined;
  const close = (): void => {
    if (stall !== undefined && stall.durationMs >= MIN_STALL_MS) stalls.push(stall);
    stall = undefined;
  };
  for (const sample of samples) {
    const isMoving = moved === undefined || sample.positionS !== moved.positionS;
    if (isMoving || sample.paused || sample.ended) {
      if (moved !== undefined && isMoving) hasMoved = true;
      close();
      moved = sample;
      continue;
    }
    if (!hasMoved || moved === undefined) continue;
    stall = { atMs: moved.atMs, durationMs: sample.atMs - moved.atMs, aheadMs: stall?.aheadMs ?? sample.aheadMs };
  }
  close();
  return stalls;
}

/** How much was played from a time on: what was leapt over by a seek does not count. */
export function playedMs({ samples }: Pick<PlaybackRecord, "samples">, fromMs = 0): number {
  let played = 0;
  let last: PlaybackSample | undefined;
  for (const sample of samples) {
    if (sample.atMs < fromMs) continue;
    const movedMs = last === undefined ? 0 : (sample.positionS - last.positionS) * 1_000;
    const passedMs = last === undefined ? 0 : sample.atMs - last.atMs;
    if (movedMs > 0 && movedMs <= passedMs * MAX_RATE + LEAP_MS) played += movedMs;
    last = sample;
  }
  return played;
}

/** How old pictures were when they were shown, by the numbers in them; none with a clock by hand, as nobody knows when they are due. */
export function latenciesOf(
  { shown }: Pick<PlaybackRecord, "shown">,
  { frames, clock }: Pick<OriginTrace, "frames" | "clock">,
): readonly LatencySample[] {
  if (clock.speed === 0) return [];
  const times = new FrameTimes(frames);
  return shown.flatMap(({ atMs, frame }) => {
    const madeAtMs = times.madeAtMs(frame, FRAME_RATE);
    // Readings are of one moment; both sides of it count.
    const shownAtMs = clock.atMs + (atMs - clock.takenAtMs) * clock.speed;
    return madeAtMs === undefined ? [] : [{ atMs, latencyMs: (shownAtMs - madeAtMs) / clock.speed }];
  });
}

/** The picture that was shown at a time of the wall clock; undefined before the first that could be read. */
export function frameAt({ shown }: Pick<PlaybackRecord, "shown">, atMs: number): number | undefined {
  return shown.findLast((one) => one.atMs <= atMs)?.frame;
}

/** The value that so many of all are at most; undefined of none. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((left, right) => left - right);
  // Products of shares are a little off: 0.55 of 20 is more than 11.
  const count = Math.ceil(sorted.length * share - 1e-9);
  return sorted[Math.min(sorted.length, Math.max(1, count)) - 1];
}
