import type { RequestTrace } from "../../model/inspection.ts";
import type { FaultEvent, MatchCounts } from "../fault-script.ts";
import type { StreamState } from "../origin-stream.ts";

/** What the producer's page and the worker of a test origin tell each other, beside the relay's own messages. */
export type OriginMessage =
  /** Page to worker: what answers go by. */
  | { readonly type: "state"; readonly streams: readonly StreamState[] }
  /** Page to worker: what has been asked since; answered over a port with a `TraceAnswer`. */
  | { readonly type: "trace"; readonly cursor: number; readonly worker: string }
  /** Worker to page: it has just started, and knows nothing. */
  | { readonly type: "ask" }
  /** Worker to page: an answer went wrong on purpose. */
  | { readonly type: "befell"; readonly stream: string; readonly event: FaultEvent }
  /** Worker to page: a request has come that a fault of the producer waited for. */
  | { readonly type: "provoke"; readonly stream: string; readonly index: number };

export interface TraceAnswer {
  readonly trace: RequestTrace;
  readonly counts: Readonly<Record<string, MatchCounts>>;
}

/** What of a message is ours, which stands under a mark so that the relay's own pass by; undefined where none is. */
export function readOriginMessage(data: unknown): OriginMessage | undefined {
  if (typeof data !== "object" || data === null || !("eddyOrigin" in data)) return undefined;
  return data.eddyOrigin as OriginMessage;
}

/** Options of the worker, in the address of its script, so that each start of it knows them at once. */
export interface OriginWorkerOptions {
  readonly base: string;
  /** Whether streams are kept on disk, as by `serveRelay()`. */
  readonly dvr: { readonly windowMs?: number } | false;
  /** Path of the producer's page. */
  readonly producer: string;
}
