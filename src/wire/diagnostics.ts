import { RelayError } from "../model/errors.ts";
import { type Fault, MAX_FAULT_MS } from "../model/fault.ts";
import { checkName, type PartId } from "../model/ids.ts";
import {
  type InspectedStream,
  MAX_INSPECTED_SLOTS,
  type RequestTrace,
  type RestartReport,
} from "../model/inspection.ts";

/** What a page may ask of a worker whose site lets it be looked into. */
export type DiagnosticAsk =
  /** Of one stream, or of all that are open. */
  | { readonly type: "inspect"; readonly stream?: string; readonly newest: number }
  /** Requests that have changed since `cursor`, which is that of `worker`'s last answer. Recording goes on for ten seconds. */
  | { readonly type: "trace"; readonly cursor: number; readonly worker?: string }
  | { readonly type: "hash"; readonly stream: string; readonly rendition: string; readonly id: PartId }
  /** Drops all that the worker has in memory. */
  | { readonly type: "restart" }
  /** To be done by the page that feeds the stream. */
  | { readonly type: "fault"; readonly stream: string; readonly fault: Fault };

export interface DiagnosticAnswers {
  readonly inspect: readonly InspectedStream[];
  readonly trace: RequestTrace;
  /** xxHash64 of the part, in hex; absent where the ring has not got it. */
  readonly hash: { readonly hash?: string };
  readonly restart: RestartReport;
  readonly fault: Record<string, never>;
}

/** From the worker to the page that feeds a stream. */
export interface FaultOrder {
  readonly stream: string;
  readonly epoch: string;
  readonly fault: Fault;
}

const TYPES: ReadonlySet<unknown> = new Set(["inspect", "trace", "hash", "restart", "fault"]);

/** Whether an ask is of this kind. */
export function isDiagnostic(ask: { readonly type?: unknown }): ask is DiagnosticAsk {
  return TYPES.has(ask.type);
}

type Fields = Record<string, unknown>;

const MAX_ID = 2 ** 53;

/** Reads an ask of this kind; undefined where it is another. @throws RelayError `malformed-message`, `invalid-name` */
export function readDiagnostic(fields: Fields): DiagnosticAsk | undefined {
  const { type } = fields;
  switch (type) {
    case "inspect":
      return {
        type,
        newest: within(fields, "newest", MAX_INSPECTED_SLOTS),
        ...(fields.stream === undefined ? {} : { stream: checkName(fields.stream, "stream") }),
      };
    case "trace": {
      const cursor = within(fields, "cursor", MAX_ID);
      if (fields.worker === undefined) return { type, cursor };
      return { type, cursor, worker: shortText(fields.worker, "worker") };
    }
    case "hash":
      return {
        type,
        stream: checkName(fields.stream, "stream"),
        rendition: checkName(fields.rendition, "rendition"),
        id: within(fields, "id", MAX_ID),
      };
    case "restart":
      return { type };
    case "fault":
      return { type, stream: checkName(fields.stream, "stream"), fault: faultOf(fields.fault) };
    default:
      return undefined;
  }
}

/** @throws RelayError `malformed-message` */
export function faultOf(value: unknown): Fault {
  const fields = (typeof value === "object" && value !== null ? value : {}) as Fields;
  switch (fields.kind) {
    case "gap":
    case "discontinuity":
      return { kind: fields.kind };
    case "offline":
      return { kind: "offline", durationMs: within(fields, "durationMs", MAX_FAULT_MS) };
    case "slow-peer":
      return {
        kind: "slow-peer",
        peer: shortText(fields.peer, "peer"),
        delayMs: within(fields, "delayMs", MAX_FAULT_MS),
        durationMs: within(fields, "durationMs", MAX_FAULT_MS),
      };
    default:
      throw new RelayError(
        "malformed-message",
        `fault.kind: expected gap, discontinuity, offline or slow-peer, got ${String(fields.kind).slice(0, 40)}`,
      );
  }
}

function within(fields: Fields, key: string, most: number): number {
  const value = fields[key];
  if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most) return value as number;
  throw new RelayError("malformed-message", `${key}: expected a whole number up to ${most}, got ${String(value)}`);
}

function shortText(value: unknown, key: string): string {
  if (typeof value === "string" && value !== "" && value.length <= 64) return value;
  throw new RelayError("malformed-message", `${key}: expected a short string, got ${typeof value}`);
}
