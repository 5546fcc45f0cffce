import type { TracedKind } from "../model/inspection.ts";
import type { SyntheticSize } from "./media/synthetic-media.ts";

/** Which requests a fault is for: those of which all that is given here holds. */
export interface RequestMatch {
  /** What is asked for. */
  readonly kind?: Exclude<TracedKind, "stats" | "clip" | "other">;
  /** Id of the rendition; a Multivariant Playlist is of none. */
  readonly rendition?: string;
  /** Media sequence number: of the segment, of the segment that the part is in, or that a playlist was asked to wait for. */
  readonly msn?: number;
  /** Index of the part in its segment, as it is asked for or waited for. */
  readonly part?: number;
  /** From the so-manieth on, counted from 1, each page by itself. */
  readonly nth?: number;
}

/** When a fault begins. */
export interface FaultTiming {
  /** Time of the stream at which it begins, in ms since its start. Default: the start; of a fault that is added later, now. */
  readonly atMs?: number;
  /** Or with a request. Together with `atMs`: with the first that matches from then on. */
  readonly on?: RequestMatch;
}

/** When, and how often, a fault happens to answers. */
export interface AnswerFaultTiming extends FaultTiming {
  /** How long it lasts, in ms of the stream's time. Default: to the end. */
  readonly durationMs?: number;
  /** Requests of each page that it happens to. Default: one where `on.nth` is given, else all. */
  readonly times?: number;
}

/** Answers come later, by `ms` and up to `jitterMs` more. */
export interface LatencyFault extends AnswerFaultTiming {
  /** Tells faults apart. */
  readonly kind: "latency";
  /** At least so much later. */
  readonly ms: number;
  /** And so much more at most, drawn for each answer. Default 0. */
  readonly jitterMs?: number;
}

/** All answers that it happens to share one line of so many bits a second. */
export interface ThroughputFault extends AnswerFaultTiming {
  /** Tells faults apart. */
  readonly kind: "throughput";
  /** 1,000 at least. */
  readonly bitsPerSecond: number;
}

/** The answer is this status, without a body worth reading. */
export interface StatusFault extends AnswerFaultTiming {
  /** Tells faults apart. */
  readonly kind: "status";
  /** 400 to 599. */
  readonly status: number;
}

/** No answer, for as long as the fault lasts, or 60 s; then the connection breaks. */
export interface HangFault extends AnswerFaultTiming {
  /** Tells faults apart. */
  readonly kind: "hang";
}

/** The connection breaks: before the answer, or after a share of its body. */
export interface ResetFault extends AnswerFaultTiming {
  /** Tells faults apart. */
  readonly kind: "reset";
  /** From 0 to 1. Default 0: there is no answer at all. */
  readonly afterShare?: number;
}

/** Some bytes of the body are others. Default `on`: parts and segments. */
export interface CorruptFault extends AnswerFaultTiming {
  /** Tells faults apart. */
  readonly kind: "corrupt";
  /** How many of each body. Default 64. */
  readonly bytes?: number;
}

/** The body ends early, and looks whole. Default `on`: parts and segments. */
export interface TruncateFault extends AnswerFaultTiming {
  /** Tells faults apart. */
  readonly kind: "truncate";
  /** What is left of it, from 0 to 1. Default 0.5. */
  readonly share?: number;
}

/** Media Playlists stay as they were when it began, and are answered at once. */
export interface StalePlaylistFault extends AnswerFaultTiming {
  /** Tells faults apart. */
  readonly kind: "stale-playlist";
}

/** Media sequence numbers are others by `by`, in playlists and in what is asked with them. */
export interface SequenceJumpFault extends AnswerFaultTiming {
  /** Tells faults apart. */
  readonly kind: "sequence-jump";
  /** How many more; negative for fewer, down to a playlist that begins with 0. */
  readonly by: number;
}

/** Playlists say that segments and parts last `factor` times as long as they do. */
export interface WrongDurationFault extends AnswerFaultTiming {
  /** Tells faults apart. */
  readonly kind: "wrong-duration";
  /** From 0.01 to 100. */
  readonly factor: number;
}

/** Everything of one rendition is answered 404. */
export interface RenditionLostFault extends AnswerFaultTiming {
  /** Tells faults apart. */
  readonly kind: "rendition-lost";
  /** Its id. */
  readonly rendition: string;
}

/** Nothing comes from the producer for a while. */
export interface StallFault extends FaultTiming {
  /** Tells faults apart. */
  readonly kind: "stall";
  /** How long, in ms of the stream's time. */
  readonly durationMs: number;
  /** What was missed comes at once when it is over; else media goes on where it stopped, later by that much. Default true. */
  readonly catchUp?: boolean;
}

/** Parts that never come, and that no playlist speaks of: media has a hole. */
export interface PartLostFault extends FaultTiming {
  /** Tells faults apart. */
  readonly kind: "part-lost";
  /** How many, one after the other. Default 1. */
  readonly count?: number;
  /** Of this rendition. Default: of all of them. */
  readonly rendition?: string;
}

/** Parts that never come, and that playlists list with GAP=YES. */
export interface GapFault extends FaultTiming {
  /** Tells faults apart. */
  readonly kind: "gap";
  /** How many, one after the other. Default 1. */
  readonly count?: number;
  /** Of this rendition. Default: of all of them. */
  readonly rendition?: string;
}

/** Times of media leap ahead with the next key frame, and playlists say so. */
export interface DiscontinuityFault extends FaultTiming {
  /** Tells faults apart. */
  readonly kind: "discontinuity";
  /** Whole seconds. Default 100,000. */
  readonly leapMs?: number;
}

/** Pictures are of another size from the next key frame on: another init segment, after a discontinuity. */
export interface InitChangeFault extends FaultTiming {
  /** Tells faults apart. */
  readonly kind: "init-change";
  /** One for each video rendition, in their order. */
  readonly video: readonly SyntheticSize[];
}

/** Media comes `rate` times as fast as time goes, for a while or to the end: 0.95 is a producer that falls behind by 5 %. */
export interface ClockDriftFault extends FaultTiming {
  /** Tells faults apart. */
  readonly kind: "clock-drift";
  /** From 0.5 to 2. */
  readonly rate: number;
  /** How long it lasts, in ms of the stream's time. Default: to the end. */
  readonly durationMs?: number;
}

/** The stream ends: ENDLIST. */
export interface EndFault extends FaultTiming {
  /** Tells faults apart. */
  readonly kind: "end";
}

/** The producer starts again: a stream that is live goes on after a discontinuity, one that has ended is live again. */
export interface RestartFault extends FaultTiming {
  /** Tells faults apart. */
  readonly kind: "restart";
}

/** The Service Worker is ended by the browser, with all that it had in memory. Needs `host: "worker"`, in Chromium. */
export interface WorkerKilledFault extends FaultTiming {
  /** Tells faults apart. */
  readonly kind: "worker-killed";
}

/** Faults that happen to answers. */
export type AnswerFault =
  | LatencyFault
  | ThroughputFault
  | StatusFault
  | HangFault
  | ResetFault
  | CorruptFault
  | TruncateFault
  | StalePlaylistFault
  | SequenceJumpFault
  | WrongDurationFault
  | RenditionLostFault;

/** Faults that happen to what is published. */
export type ProducerFault =
  | StallFault
  | PartLostFault
  | GapFault
  | DiscontinuityFault
  | InitChangeFault
  | ClockDriftFault
  | EndFault
  | RestartFault
  | WorkerKilledFault;

/**
 * Something that goes wrong on purpose. All of them may be given a time (`atMs`), or a request that they happen with (`on`).
 *
 * @example
 * ```ts
 * const faults: OriginFault[] = [
 *   { kind: "latency", ms: 200, jitterMs: 300 }, // every answer, from the start on
 *   { kind: "status", status: 503, on: { kind: "media" }, atMs: 5_000, durationMs: 2_000 },
 *   { kind: "corrupt", on: { kind: "part", rendition: "v0", nth: 10 } }, // one part, the tenth that a page asks for
 *   { kind: "stall", atMs: 8_000, durationMs: 3_000 },
 * ];
 * ```
 */
export type OriginFault = AnswerFault | ProducerFault;
