import type { RequestTrace, TracedRequest } from "../model/inspection.ts";
import { type AskedRequest, isMatch } from "./asked-request.ts";
import type { FaultEvent } from "./fault-script.ts";
import type { FrameSpan } from "./frame-times.ts";
import type { RequestMatch } from "./origin-fault.ts";
import type { ClockReading } from "./paced-clock.ts";

/** What has happened to a stream up to now. Plain data, which can be kept as JSON. */
export interface OriginTrace {
  /** Name of the stream. */
  readonly stream: string;
  /** What PROGRAM-DATE-TIME is at the start of the stream, in ms since the Unix epoch: by its history before the test began. */
  readonly startedAtMs: number;
  /** Where its time stands now. */
  readonly clock: ClockReading;
  /** By the order in which they came, the newest 20,000. `streamMs` is when by the stream's own time. */
  readonly requests: readonly TracedRequest[];
  /** What has gone wrong on purpose, in order. */
  readonly faults: readonly FaultEvent[];
  /** When which frames were made. */
  readonly frames: readonly FrameSpan[];
  /** Why no more media comes, where something has failed that was not to. */
  readonly failure?: string;
}

const MAX_TRACED = 20_000;

/** Gathers what a recorder tells bit by bit, from one worker and the next. */
export class RequestLog {
  readonly #requests = new Map<string, TracedRequest>();
  #last: Pick<RequestTrace, "cursor" | "worker"> = { cursor: 0, worker: "" };

  /** What to ask the recorder for. */
  get last(): Pick<RequestTrace, "cursor" | "worker"> {
    return this.#last;
  }

  take({ worker, cursor, requests }: RequestTrace): void {
    if (worker !== this.#last.worker) this.#breakOff();
    this.#last = { worker, cursor };
    for (const request of requests) this.#requests.set(`${worker} ${request.number}`, request);
    for (const [oldest] of this.#requests) {
      if (this.#requests.size <= MAX_TRACED) break;
      this.#requests.delete(oldest);
    }
  }

  of(stream: string): readonly TracedRequest[] {
    return [...this.#requests.values()].filter((request) => request.stream === stream).map(asPart);
  }

  /** What a worker had not answered when it ended, it never will. */
  #breakOff(): void {
    for (const [key, request] of this.#requests) {
      if (request.state === "waiting" || request.state === "reading")
        this.#requests.set(key, { ...request, state: "broken" });
    }
  }
}

/** A range of a segment that is a part was asked for as that, whatever its path names. */
function asPart(request: TracedRequest): TracedRequest {
  return request.kind === "segment" && request.part !== undefined ? { ...request, kind: "part" } : request;
}

/** Requests of a trace that match; `nth` leaves out those before it. */
export function requestsOf(trace: OriginTrace, match: RequestMatch): readonly TracedRequest[] {
  const matching = trace.requests.filter((request) => isMatch(match, request as TracedRequest & AskedRequest));
  return matching.slice((match.nth ?? 1) - 1);
}
