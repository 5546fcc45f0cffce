import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import type { RequestTrace, TracedRequest } from "../model/inspection.ts";
import { whereIs } from "../origin/inspect-stream.ts";
import type { Playlists } from "../origin/playlists.ts";
import { parseRoute, type Route } from "./route.ts";

/** Requests that are remembered: the newest. */
const MAX_TRACED_REQUESTS = 500;
/** Recording goes on for so long after somebody has looked. */
const RECORDING_MS = 10_000;
const MAX_TARGET_LENGTH = 300;

/** A request that is being recorded. It changes until it is done. */
type Entry = { -readonly [Key in keyof TracedRequest]: TracedRequest[Key] };

interface Recorded {
  readonly entry: Entry;
  readonly startMs: number;
  /** Of the change that it had last. */
  cursor: number;
  /** Breaks its answer off; undefined once there is nothing left of it to break. */
  cut: ((reason: unknown) => void) | undefined;
}

/** What a recorder is told of where it stands. */
export interface RequestRecorderContext {
  /** Of the host. */
  readonly clock: Clock;
  /** Path that all URLs of the relay stand under. */
  readonly base: string;
  /** Names this worker, or this start of it. */
  readonly worker: string;
  /** Those that answer now; undefined where they are out of sight. */
  playlists(): Playlists | undefined;
}

/** What is known of a request beside its URL. */
export type RequestNotes = Pick<TracedRequest, "msn" | "part" | "streamMs" | "faults">;

/**
 * Writes down what is asked of the relay while somebody looks, and nothing otherwise: a request then costs the reading of one field. Bodies pass
 * through as they are, without a copy.
 */
export class RequestRecorder {
  readonly #context: RequestRecorderContext;
  readonly #startedAtMs: number;
  readonly #recorded = new Map<number, Recorded>();
  #untilMs = Number.NEGATIVE_INFINITY;
  #isOn = false;
  #count = 0;
  #cursor = 0;
  #forgotten = 0;

  constructor(context: RequestRecorderContext) {
    this.#context = context;
    this.#startedAtMs = context.clock.wallMs();
  }

  /** Records a request and its answer, if somebody looks; the answer that is returned is to be given in its place. */
  follow(request: Request, answer: Promise<Response>, notes: RequestNotes = {}): Promise<Response> {
    if (!this.#isOn) return answer;
    if (this.#context.clock.now() > this.#untilMs) {
      this.#isOn = false;
      return answer;
    }
    return this.#follow(this.#begin(request, notes), answer);
  }

  /** What has changed since `cursor`, or all of it where that is of another worker. Recording goes on for a while. */
  trace(cursor: number, worker: string | undefined): RequestTrace {
    this.#isOn = true;
    this.#untilMs = this.#context.clock.now() + RECORDING_MS;
    const since = worker === this.#context.worker ? cursor : 0;
    const changed: TracedRequest[] = [];
    for (const recorded of this.#recorded.values()) if (recorded.cursor > since) changed.push({ ...recorded.entry });
    return {
      worker: this.#context.worker,
      startedAtMs: this.#startedAtMs,
      cursor: this.#cursor,
      requests: changed,
      forgotten: this.#forgotten,
    };
  }

  /** Breaks off every answer that is not done. Returns how many there were. */
  cut(reason: unknown): number {
    let broken = 0;
    for (const { cut } of this.#recorded.values()) {
      if (cut === undefined) continue;
      cut(reason);
      broken += 1;
    }
    return broken;
  }

  #begin(request: Request, notes: RequestNotes): Recorded {
    const { base, clock } = this.#context;
    const url = new URL(request.url);
    const path = url.pathname.slice(base.length);
    const page = pageOf(request);
    const entry: Entry = {
      number: this.#count,
      target: `${path}${url.search}`.slice(0, MAX_TARGET_LENGTH),
      kind: "other",
      askedAtMs: clock.wallMs(),
      state: "waiting",
      sizeBytes: 0,
      ...(page === undefined ? {} : { page }),
      ...notes,
    };
    describe(entry, routeOf(path));
    const recorded: Recorded = { entry, startMs: clock.now(), cursor: 0, cut: undefined };
    this.#count += 1;
    this.#recorded.set(entry.number, recorded);
    this.#change(recorded);
    const [oldest] = this.#recorded.keys();
    if (this.#recorded.size > MAX_TRACED_REQUESTS && oldest !== undefined) {
      this.#recorded.delete(oldest);
      this.#forgotten += 1;
    }
    this.#locate(entry);
    return recorded;
  }

  #follow(recorded: Recorded, answer: Promise<Response>): Promise<Response> {
    const { entry } = recorded;
    return new Promise((resolve, reject) => {
      recorded.cut = (reason) => {
        this.#end(recorded, "broken");
        reject(reason);
      };
      answer.then(
        (response) => {
          if (recorded.cut === undefined) return void response.body?.cancel();
          entry.status = response.status;
          entry.answeredAfterMs = this.#since(recorded);
          if (entry.from === undefined) this.#locate(entry);
          resolve(this.#counted(response, recorded));
        },
        (thrown: unknown) => {
          this.#end(recorded, "broken");
          reject(thrown);
        },
      );
    });
  }

  /** The same response, whose body is counted as it is read. */
  #counted(response: Response, recorded: Recorded): Response {
    const { body, status, headers } = response;
    if (body === null) {
      this.#end(recorded, "done");
      return response;
    }
    recorded.entry.state = "reading";
    this.#change(recorded);
    const reader = (body as ReadableStream<Bytes>).getReader();
    const counted = new ReadableStream<Bytes>(
      {
        start: (controller) => {
          recorded.cut = (reason) => {
            this.#end(recorded, "broken");
            controller.error(reason);
            reader.cancel(reason).catch(() => undefined);
          };
        },
        pull: async (controller) => {
          const { done, value } = await reader.read();
          if (recorded.cut === undefined) return;
          if (done) {
            this.#end(recorded, "done");
            controller.close();
            return;
          }
          recorded.entry.sizeBytes += value.byteLength;
          this.#change(recorded);
          controller.enqueue(value);
        },
        cancel: (reason) => {
          this.#end(recorded, "broken");
          return reader.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(counted, { status, headers });
  }

  #locate(entry: Entry): void {
    const { kind, stream, rendition, media } = entry;
    if (kind !== "init" && kind !== "part" && kind !== "segment") return;
    if (stream === undefined || rendition === undefined || media === undefined) return;
    const found = this.#context.playlists()?.find(stream)?.find(rendition);
    const from = found && whereIs(found, kind, media);
    if (from !== undefined) entry.from = from;
  }

  #end(recorded: Recorded, state: "done" | "broken"): void {
    recorded.cut = undefined;
    recorded.entry.state = state;
    recorded.entry.doneAfterMs = this.#since(recorded);
    this.#change(recorded);
  }

  #change(recorded: Recorded): void {
    this.#cursor += 1;
    recorded.cursor = this.#cursor;
  }

  #since({ startMs }: Recorded): number {
    return this.#context.clock.now() - startMs;
  }
}

function describe(entry: Entry, route: Route | undefined): void {
  if (route === undefined) return;
  entry.kind = route.kind;
  if ("stream" in route) entry.stream = route.stream;
  if ("rendition" in route) entry.rendition = route.rendition;
  if ("number" in route) entry.media = route.number;
}

function routeOf(path: string): Route | undefined {
  try {
    return parseRoute(path);
  } catch {
    return undefined; // the answer says what is wrong with it
  }
}

/** Only of our own pages: what is elsewhere is nobody's business. */
function pageOf({ referrer, url }: Request): string | undefined {
  if (!referrer.startsWith(`${new URL(url).origin}/`)) return undefined;
  const { pathname, search } = new URL(referrer);
  return `${pathname}${search}`.slice(0, MAX_TARGET_LENGTH);
}
