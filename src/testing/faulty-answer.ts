import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { delay } from "../model/delay.ts";
import type { Random } from "../simulate/random.ts";
import type { AnswerEvent } from "./fault-script.ts";
import type { AnswerFault } from "./origin-fault.ts";
import type { ThrottledLine } from "./throttled-line.ts";

/** Longest that a request is left without an answer. */
const MAX_HANG_MS = 60_000;
const CORRUPT_BYTES = 64;
const TRUNCATED_SHARE = 0.5;

export interface FaultyAnswerContext {
  /** Real time: what a player waits is its own. */
  readonly clock: Clock;
  /** What a fault draws for this request. */
  random(index: number): Random;
  /** The line that answers of one fault share. */
  line(event: AnswerEvent): ThrottledLine;
  /** Real time until the stream has come to a time of its own. */
  untilMs(streamMs: number): number;
}

type Of<Kind extends AnswerFault["kind"]> = Extract<AnswerFault, { kind: Kind }>;

/** The first fault of a kind among those that befall an answer. */
export function faultOf<Kind extends AnswerFault["kind"]>(
  events: readonly AnswerEvent[],
  kind: Kind,
): Of<Kind> | undefined {
  return events.find((event) => event.fault.kind === kind)?.fault as Of<Kind> | undefined;
}

/**
 * The answer to a request as faults leave it.
 * @throws what breaks a connection, where one of them does that
 */
export async function faultyAnswer(
  request: Request,
  events: readonly AnswerEvent[],
  { answer, context }: { readonly answer: () => Promise<Response>; readonly context: FaultyAnswerContext },
): Promise<Response> {
  const { clock } = context;
  const delayMs = latencyOf(events, context);
  if (delayMs > 0) await delay(clock, delayMs, request.signal);
  const hang = events.find(({ fault }) => fault.kind === "hang");
  if (hang !== undefined) {
    await delay(clock, Math.min(MAX_HANG_MS, context.untilMs(hang.untilMs)), request.signal);
    throw new TypeError("the connection was left without an answer on purpose");
  }
  const reset = faultOf(events, "reset");
  if (reset !== undefined && (reset.afterShare ?? 0) === 0) throw resetError();
  const status = faultOf(events, "rendition-lost") === undefined ? faultOf(events, "status")?.status : 404;
  if (status !== undefined) {
    const headers = { "content-type": "text/plain", "cache-control": "no-store", "access-control-allow-origin": "*" };
    return new Response(`${status}: on purpose\n`, { status, headers });
  }
  return overLine(await spoiled(await answer(), events, context), events, { request, context });
}

function latencyOf(events: readonly AnswerEvent[], { random }: FaultyAnswerContext): number {
  let latencyMs = 0;
  for (const { index, fault } of events) {
    if (fault.kind === "latency") latencyMs += fault.ms + (fault.jitterMs ?? 0) * random(index)();
  }
  return latencyMs;
}

/** The answer with a body that is not what it ought to be. */
async function spoiled(
  response: Response,
  events: readonly AnswerEvent[],
  { random }: FaultyAnswerContext,
): Promise<Response> {
  const spoiling = events.filter(({ fault }) => fault.kind === "corrupt" || fault.kind === "truncate");
  if (spoiling.length === 0 || !response.ok || response.body === null) return response;
  // A copy: the origin's own bytes are everybody's.
  let bytes: Bytes = new Uint8Array(await response.arrayBuffer());
  for (const { index, fault } of spoiling) {
    if (fault.kind === "truncate") bytes = bytes.slice(0, Math.floor(bytes.length * (fault.share ?? TRUNCATED_SHARE)));
    if (fault.kind === "corrupt") corrupt(bytes, fault.bytes ?? CORRUPT_BYTES, random(index));
  }
  return withBody(response, bytes);
}

function corrupt(bytes: Bytes, count: number, random: Random): void {
  for (let left = count; left > 0 && bytes.length > 0; left--) {
    const at = Math.floor(random() * bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 + Math.floor(random() * 255));
  }
}

/** The answer, whose body comes at the pace of its line, and breaks off where a fault says so. */
async function overLine(
  response: Response,
  events: readonly AnswerEvent[],
  { request, context }: { readonly request: Request; readonly context: FaultyAnswerContext },
): Promise<Response> {
  const reset = faultOf(events, "reset");
  const throttled = events.find(({ fault }) => fault.kind === "throughput");
  if ((reset === undefined && throttled === undefined) || response.body === null) return response;
  const bytes: Bytes = new Uint8Array(await response.arrayBuffer());
  const line = throttled === undefined ? undefined : context.line(throttled);
  const endsAt = reset === undefined ? bytes.length : Math.floor(bytes.length * (reset.afterShare ?? 0));
  let at = 0;
  const body = new ReadableStream<Bytes>(
    {
      async pull(controller) {
        const piece = bytes.slice(at, Math.min(endsAt, at + (line?.pieceBytes ?? bytes.length)));
        if (line !== undefined && piece.length > 0) await line.carry(piece.length, request.signal);
        at += piece.length;
        if (piece.length > 0) controller.enqueue(piece);
        if (at < endsAt) return;
        if (reset !== undefined) controller.error(resetError());
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return withBody(response, body);
}

/** What its length was is no longer said: nobody shall know it from there. */
function withBody({ status, headers }: Response, body: Bytes | ReadableStream<Bytes>): Response {
  const kept = new Headers(headers);
  kept.delete("content-length");
  return new Response(body, { status, headers: kept });
}

function resetError(): TypeError {
  return new TypeError("the connection was broken on purpose");
}
