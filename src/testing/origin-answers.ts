import type { Match } from "../http/handler.ts";
import type { RequestRecorder } from "../http/request-recorder.ts";
import type { Clock } from "../model/clock.ts";
import type { Random } from "../simulate/random.ts";
import { type AskedRequest, RequestReader } from "./asked-request.ts";
import type { AnswerEvent, FaultEvent, FaultScript, ScriptedFault } from "./fault-script.ts";
import { faultOf, faultyAnswer } from "./faulty-answer.ts";
import {
  heardDirectives,
  type PlaylistFeatures,
  withDurations,
  withFeatures,
  withSequence,
} from "./rewrite-playlist.ts";
import { ThrottledLine } from "./throttled-line.ts";

/** A stream as far as its answers are concerned. */
export interface AnsweredStream {
  readonly script: FaultScript;
  readonly features: PlaylistFeatures;
  /** What is drawn for this: the same each time, whoever asks before. */
  random(what: string): Random;
  /** Time of the stream. */
  now(): number;
  /** Real time until the stream has come to a time of its own. */
  untilMs(streamMs: number): number;
  /** Something has gone wrong on purpose. */
  befell(event: FaultEvent): void;
  /** The producer has to bring this about, now that somebody has asked for something. */
  provoke(fault: ScriptedFault): void;
}

export interface OriginAnswersContext {
  /** Path that all URLs stand under. */
  readonly base: string;
  /** What answers when nothing goes wrong. */
  readonly match: Match;
  /** Real time. */
  readonly clock: Clock;
  readonly recorder: RequestRecorder;
  stream(name: string): AnsweredStream | undefined;
}

/** Playlists that are held as they were. */
const MAX_FROZEN = 200;

/** A relay's answers with what goes wrong on purpose, and a record of both. */
export class OriginAnswers {
  readonly #context: OriginAnswersContext;
  readonly #reader: RequestReader;
  readonly #lines = new Map<string, ThrottledLine>();
  readonly #frozen = new Map<string, { readonly text: string; readonly headers: Headers }>();
  /** How far numbers of a stream have jumped down, by fault. */
  readonly #falls = new Map<string, number>();

  constructor(context: OriginAnswersContext) {
    this.#context = context;
    this.#reader = new RequestReader(context.base);
  }

  /** As `createMatch()` has it: undefined for what is not the relay's. */
  readonly match: Match = (request) => {
    const asked = this.#reader.read(request);
    const stream = asked && this.#context.stream(asked.stream);
    if (asked === undefined || stream === undefined) return this.#context.match(request);
    const nowMs = stream.now();
    const { answer: events, producer } = stream.script.befalls(asked, nowMs);
    for (const { index, fault } of events) stream.befell({ index, kind: fault.kind, atMs: nowMs, asked });
    for (const fault of producer) stream.provoke(fault);
    const answered = faultyAnswer(request, events, {
      answer: () => this.#answer(request, { asked, stream, events }),
      context: {
        clock: this.#context.clock,
        random: (index) => stream.random(`${index} ${placeOf(asked, new URL(request.url).search)}`),
        line: (event) => this.#line(asked.stream, event),
        untilMs: (streamMs) => stream.untilMs(streamMs),
      },
    });
    const { msn, part } = asked;
    return this.#context.recorder.follow(request, answered, {
      streamMs: nowMs,
      ...(msn === undefined ? {} : { msn }),
      ...(part === undefined ? {} : { part }),
      ...(events.length === 0 ? {} : { faults: events.map(({ fault }) => fault.kind) }),
    });
  };

  async #answer(request: Request, call: Call): Promise<Response> {
    if (call.asked.kind !== "media") return this.#ask(request, new URL(request.url));
    const stale = call.events.find(({ fault }) => fault.kind === "stale-playlist");
    return stale === undefined ? this.#playlist(request, call) : this.#stale(request, call, stale);
  }

  async #playlist(request: Request, { asked, stream, events }: Call): Promise<Response> {
    const by = await this.#jump(request, asked, events);
    const factor = faultOf(events, "wrong-duration")?.factor ?? 1;
    const response = await this.#ask(request, heardDirectives(new URL(request.url), stream.features, by));
    if (!response.ok || request.method === "HEAD") return response;
    const text = await response.text();
    this.#reader.note(asked, request.url, { text, jump: by });
    const listed = withDurations(withSequence(withFeatures(text, stream.features), by), factor);
    return textResponse(listed, response.headers);
  }

  /** No number falls below 0: they jump down as far as they can, all renditions alike, and count on from there. */
  async #jump(request: Request, { stream }: AskedRequest, events: readonly AnswerEvent[]): Promise<number> {
    const jump = events.find(({ fault }) => fault.kind === "sequence-jump");
    const by = faultOf(events, "sequence-jump")?.by ?? 0;
    if (jump === undefined || by >= 0) return by;
    const key = `${stream} ${jump.index}`;
    const known = this.#falls.get(key);
    if (known !== undefined) return known;
    const url = new URL(request.url);
    url.search = "";
    const response = await this.#ask(new Request(url, { signal: request.signal }), url);
    if (!response.ok) return by;
    const first = Number(/^#EXT-X-MEDIA-SEQUENCE:(\d+)/m.exec(await response.text())?.[1] ?? 0);
    const fall = this.#falls.get(key) ?? Math.max(by, -first);
    this.#falls.set(key, fall);
    return fall;
  }

  /** Taken when it is first asked for, whole, and not waited for. */
  async #stale(request: Request, call: Call, { index }: AnswerEvent): Promise<Response> {
    const url = new URL(request.url);
    url.search = "";
    const key = `${index} ${url.pathname}`;
    const known = this.#frozen.get(key);
    if (known !== undefined) return textResponse(known.text, known.headers);
    const response = await this.#playlist(new Request(url, request), call);
    // A head has no text that could be held.
    if (!response.ok || request.method === "HEAD") return response;
    const text = await response.text();
    const held = this.#frozen.get(key) ?? { text, headers: response.headers };
    if (this.#frozen.size < MAX_FROZEN) this.#frozen.set(key, held);
    return textResponse(held.text, held.headers);
  }

  async #ask(request: Request, url: URL): Promise<Response> {
    const asked = url.href === request.url ? request : new Request(url, request);
    return (await this.#context.match(asked)) ?? new Response(null, { status: 404 });
  }

  #line(stream: string, { index, fault }: AnswerEvent): ThrottledLine {
    const key = `${stream} ${index}`;
    const bitsPerSecond = fault.kind === "throughput" ? fault.bitsPerSecond : Number.POSITIVE_INFINITY;
    const line = this.#lines.get(key) ?? new ThrottledLine(this.#context.clock, bitsPerSecond);
    this.#lines.set(key, line);
    return line;
  }
}

interface Call {
  readonly asked: AskedRequest;
  readonly stream: AnsweredStream;
  readonly events: readonly AnswerEvent[];
}

function textResponse(text: string, headers: Headers): Response {
  const kept = new Headers(headers);
  kept.delete("content-length");
  kept.set("cache-control", "no-store");
  return new Response(text, { headers: kept });
}

/** What is asked for, without what is another in each run. */
function placeOf({ kind, rendition, msn, part }: AskedRequest, search: string): string {
  return `${kind} ${rendition} ${msn} ${part} ${search}`;
}
