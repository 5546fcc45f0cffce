import type { RequestTrace, TracedRequest } from "eddy-hls";

/** Requests that are kept here: those of the worker, and of workers before it. */
const MAX_REQUESTS = 600;
const MAX_STARTS = 20;

/** Marks what this view itself asks of the relay, which is nothing that a player does. */
export const OWN_MARK = "_eddy=inspect";

export interface LoggedRequest extends TracedRequest {
  /** Names it among all workers. */
  readonly key: string;
  /** It was still open when its worker went. */
  readonly brokenByRestart?: true;
}

/** What was asked of the relay since the view looks, over restarts of the worker. */
export class RequestLog {
  readonly #requests = new Map<string, LoggedRequest>();
  #last: RequestTrace | undefined;
  #starts: readonly number[] = [];
  #all: readonly LoggedRequest[] = [];
  #foreign: readonly LoggedRequest[] = [];

  /** Of the trace that was taken last. */
  get last(): RequestTrace | undefined {
    return this.#last;
  }

  /** Wall clocks at which workers began that took over from another while one looked. */
  get starts(): readonly number[] {
    return this.#starts;
  }

  /** Oldest first. */
  get all(): readonly LoggedRequest[] {
    return this.#all;
  }

  /** Those of players and pages, oldest first. */
  get foreign(): readonly LoggedRequest[] {
    return this.#foreign;
  }

  /** Takes what has changed. Returns whether anything has. */
  take(trace: RequestTrace): boolean {
    const before = this.#last;
    this.#last = trace;
    const isAnother = before !== undefined && before.worker !== trace.worker;
    if (isAnother) this.#begin(trace.startedAtMs);
    for (const request of trace.requests) {
      const key = `${trace.worker} ${request.number}`;
      this.#requests.set(key, { ...request, key });
    }
    for (const key of this.#requests.keys()) {
      if (this.#requests.size <= MAX_REQUESTS) break;
      this.#requests.delete(key);
    }
    if (!isAnother && trace.requests.length === 0) return false;
    this.#all = [...this.#requests.values()];
    this.#foreign = this.#all.filter(({ target }) => !target.includes(OWN_MARK));
    return true;
  }

  /** Whatever was open is answered by nobody. */
  #begin(startedAtMs: number): void {
    this.#starts = [...this.#starts, startedAtMs].slice(-MAX_STARTS);
    for (const [key, request] of this.#requests) {
      if (request.state !== "waiting" && request.state !== "reading") continue;
      const doneAfterMs = Math.max(0, startedAtMs - request.askedAtMs);
      this.#requests.set(key, { ...request, state: "broken", doneAfterMs, brokenByRestart: true });
    }
  }
}

/** Parts and segments of a rendition that are being read now, or were within the last moment. */
export function readNow(
  requests: readonly LoggedRequest[],
  { stream, rendition, nowMs, withinMs }: { stream: string; rendition: string; nowMs: number; withinMs: number },
): { readonly parts: ReadonlySet<number>; readonly segments: ReadonlySet<number> } {
  const parts = new Set<number>();
  const segments = new Set<number>();
  for (const request of requests) {
    if (request.stream !== stream || request.rendition !== rendition || request.media === undefined) continue;
    if (request.state === "waiting" || request.state === "broken" || (request.status ?? 0) >= 400) continue;
    if (request.doneAfterMs !== undefined && request.askedAtMs + request.doneAfterMs < nowMs - withinMs) continue;
    if (request.kind === "part") parts.add(request.media);
    if (request.kind === "segment") segments.add(request.media);
  }
  return { parts, segments };
}
