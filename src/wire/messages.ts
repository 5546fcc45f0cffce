import type { Bytes } from "../model/bytes.ts";
import type { DateRangeOptions } from "../model/date-range.ts";
import { RelayError, type RelayErrorCode } from "../model/errors.ts";
import { count, type Fields, isFields } from "../model/fields.ts";
import { checkName, type Msn, type PartId, type PartPosition } from "../model/ids.ts";
import type { MediaKey } from "../model/media-key.ts";
import type { StreamOptions } from "../model/options.ts";
import type { MediaSource, Persistence, RelayStats, StreamStats, StreamSummary } from "../model/stats.ts";
import { type DiagnosticAnswers, type DiagnosticAsk, type FaultOrder, faultOf } from "./diagnostics.ts";
import { epochOf, stepNumbers } from "./fields.ts";
import type { StorageAnswers, StorageAsk } from "./storage-asks.ts";

/**
 * Version of the messages between a page and the worker. Both sides refuse another version with `version-mismatch`,
 * so that a page of one release and a worker of another cannot misread each other.
 */
export const WIRE_VERSION = 5;

/** Where a rendition starts, or goes on after the worker that held it was terminated. */
export interface RenditionStart {
  readonly id: string;
  readonly firstMsn: Msn;
  readonly firstPartId: PartId;
  readonly discontinuitySequence: number;
  readonly initIndex: number;
  /** PROGRAM-DATE-TIME of its first segment, where that is known: a list that is built again has the same dates. */
  readonly programDateTimeMs?: number;
}

/**
 * One step of a rendition. Steps are numbered from 0 in each session and applied once each, in order: a step that comes
 * again is acknowledged again, and one that comes too early is refused with the number that is expected.
 */
export type Step =
  | { readonly kind: "init"; readonly bytes: Bytes }
  | {
      readonly kind: "part";
      readonly bytes: Bytes;
      /** As the producer says; the samples are measured, and win. */
      readonly durationMs: number;
      readonly independent: boolean;
      /** Wall clock of the first sample, in ms since the Unix epoch. */
      readonly programDateTimeMs?: number;
      /** What is there already follows at once: a player that comes now is to begin with the last of it. */
      readonly more?: boolean;
      /** Where its bytes came from. Default `page`. */
      readonly source?: MediaSource;
      /**
       * What its producer notes with it, of no meaning to the worker: the last one is told to a page that takes the stream over.
       */
      readonly mark?: string;
    }
  | { readonly kind: "gap"; readonly durationMs: number; readonly mark?: string }
  | { readonly kind: "discontinuity" }
  /** What encrypts the parts that follow. */
  | { readonly kind: "key"; readonly keys: readonly MediaKey[] }
  /** Sent to every rendition. */
  | { readonly kind: "dateRange"; readonly range: DateRangeOptions }
  /** In the place of one that was refused, for a worker that has yet to pass its number. */
  | { readonly kind: "none" };

/** A step of a rendition by its number. */
export interface StepNumber {
  readonly rendition: string;
  readonly number: number;
}

/** The last note of a producer in one rendition. */
export interface Mark {
  readonly rendition: string;
  readonly mark: string;
}

/** What a page may ask of the worker. */
export type Ask =
  | { readonly type: "hello" }
  | {
      readonly type: "open";
      readonly stream: string;
      /** Made anew by each publisher; part of every media URI, so that none is ever reused (rule 28). */
      readonly epoch: string;
      /**
       * One more than the session that the page is in, and it goes on in that one where the worker still knows it, from memory or
       * from disk. Any other is a new one, and steps are numbered anew.
       */
      readonly session: number;
      readonly options: StreamOptions;
      readonly starts: readonly RenditionStart[];
      /** Any page that names this may take the stream over. Absent: this page alone writes it. */
      readonly key?: string;
    }
  /**
   * Goes on in the session that another page has left, with the step that is expected next. Steps of that page are refused from now
   * on: those that were still on their way would take the numbers of ours.
   */
  | { readonly type: "takeOver"; readonly stream: string; readonly key: string; readonly options: StreamOptions }
  | {
      readonly type: "step";
      readonly stream: string;
      readonly epoch: string;
      readonly session: number;
      readonly rendition: string;
      readonly number: number;
      readonly step: Step;
    }
  | {
      readonly type: "end";
      readonly stream: string;
      readonly epoch: string;
      readonly session: number;
      /** The step that would come next, by rendition: the end comes after all that was published. */
      readonly expected: readonly StepNumber[];
    }
  | { readonly type: "streams" }
  | { readonly type: "stats"; readonly stream?: string }
  | { readonly type: "remove"; readonly stream: string }
  /** To the worker that serves: take this page under control although it was loaded past the worker. */
  | { readonly type: "claim" }
  /** To the worker that serves: answer every blocked request now, so that a successor can take over. */
  | { readonly type: "drain" }
  /** To a worker that waits: take over now. */
  | { readonly type: "activate" }
  | StorageAsk
  | DiagnosticAsk;

/** What each ask is answered with. */
export interface Answers extends DiagnosticAnswers, StorageAnswers {
  readonly hello: { readonly version: string; readonly base: string };
  readonly open: OpenAnswer;
  readonly takeOver: TakeOverAnswer;
  /** The position of the last part of this step, where it made one. */
  readonly step: StepAnswer;
  readonly end: Record<string, never>;
  readonly streams: readonly StreamSummary[];
  readonly stats: RelayStats | StreamStats;
  readonly remove: { readonly removed: boolean };
  readonly claim: Record<string, never>;
  readonly drain: { readonly drained: number };
  readonly activate: Record<string, never>;
}

export interface OpenAnswer {
  /** The session that this worker holds: the one of the ask, or the one before that, which it still knows. */
  readonly session: number;
  /** The step that is expected next, by rendition. */
  readonly expected: readonly StepNumber[];
  /** Where each rendition goes on: after what a producer before left, if there was one. */
  readonly starts: readonly RenditionStart[];
  /** `disk`: the worker says of each step when it is on disk, and until then only the page can bring it back. */
  readonly persistence: Persistence;
  /** As in `Kept`: what is on disk by now. */
  readonly kept: readonly StepNumber[];
}

/** `session` is absent where there is nothing to go on in: no such stream, another key, an end, or options that playlists fix otherwise. */
export interface TakeOverAnswer {
  readonly session?: OpenAnswer & {
    readonly epoch: string;
    readonly marks: readonly Mark[];
    /** As the stream was opened. */
    readonly options: StreamOptions;
  };
}

export interface StepAnswer {
  readonly position?: PartPosition;
  /** Set when this step opened a segment: what a new worker must know to go on from here. */
  readonly segmentStart?: RenditionStart;
}

export interface AskEnvelope {
  readonly eddy: number;
  readonly id: number;
  readonly ask: Ask;
}

export interface WireError {
  readonly code: RelayErrorCode;
  readonly message: string;
  /** With `out-of-order`: the number of the step that is expected. */
  readonly expected?: number;
}

export type AnswerEnvelope =
  | { readonly eddy: number; readonly re: number; readonly answer: Answers[Ask["type"]] }
  | { readonly eddy: number; readonly re: number; readonly error: WireError };

/** What of a producer's session is on disk: every step of a rendition below its number. */
export interface Kept {
  readonly stream: string;
  readonly epoch: string;
  readonly session: number;
  readonly expected: readonly StepNumber[];
}

/** From the worker to a producer's page, answering nothing that it asked. */
export interface KeptEnvelope {
  readonly eddy: number;
  readonly kept: Kept;
}

/** From the worker to the page that feeds a stream: something is to go wrong there. */
export interface FaultEnvelope {
  readonly eddy: number;
  readonly fault: FaultOrder;
}

/** Whether a message is one of ours at all, of any version. Others share the worker and the page with us. */
export function isEddyMessage(data: unknown): data is Fields & { readonly eddy: number } {
  return isFields(data) && typeof data.eddy === "number";
}

/**
 * Reads what a worker of this version said unasked. Undefined where it is something else.
 * @throws RelayError `malformed-message`, `invalid-name`
 */
export function readKept(data: Fields & { readonly eddy: number }): Kept | undefined {
  const { kept } = data;
  if (data.eddy !== WIRE_VERSION || !isFields(kept)) return undefined;
  return {
    stream: checkName(kept.stream, "stream"),
    epoch: epochOf(kept),
    session: count(kept, "session"),
    expected: stepNumbers(kept.expected),
  };
}

/**
 * Reads what a worker of this version wants to go wrong. Undefined where it said something else.
 * @throws RelayError `malformed-message`, `invalid-name`
 */
export function readFault(data: Fields & { readonly eddy: number }): FaultOrder | undefined {
  const { fault } = data;
  if (data.eddy !== WIRE_VERSION || !isFields(fault)) return undefined;
  return { stream: checkName(fault.stream, "stream"), epoch: epochOf(fault), fault: faultOf(fault.fault) };
}

/** The error of an answer, as thrown on the page. */
export class AskError extends RelayError {
  readonly expected: number | undefined;

  constructor(error: WireError) {
    super(error.code, error.message);
    this.expected = error.expected;
  }
}
