import { WIRE_VERSION } from "../../../src/wire/messages.ts";
import { MAX_MESSAGE_BYTES } from "../../../src/wire/read-step.ts";
import { randomOf, STREAMS } from "../plan.ts";

export interface Attacked {
  readonly attacks: number;
  /** Answers by what they were: codes of errors, status codes, `silence`. */
  readonly answers: Readonly<Record<string, number>>;
  /** What was not to be answered so. */
  readonly faults: readonly string[];
}

const ANSWER_MS = 5_000;
const EVERY_MS = 400;
/** Beyond what a message may hold. */
const OVERSIZE_BYTES = MAX_MESSAGE_BYTES + 1024;
const OVERSIZE_SHARE = 0.02;

/** Sends what lies to the worker, and asks for what is not, for a while. The streams of others must not notice, so that none of it may be taken. */
export async function attack(seed: number, forMs: number): Promise<Attacked> {
  const random = randomOf(seed);
  const endMs = performance.now() + forMs;
  const answers: Record<string, number> = {};
  const faults: string[] = [];
  let attacks = 0;
  while (performance.now() < endMs) {
    attacks += 1;
    const isMessage = random() < 0.6;
    const { what, answer, isTaken } = isMessage ? await lie(random) : await askFor(random);
    answers[answer] = (answers[answer] ?? 0) + 1;
    if (isTaken && faults.length < 50) faults.push(`${what} was answered: ${answer}`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS * 2 * random()));
  }
  return { attacks, answers, faults };
}

interface Outcome {
  readonly what: string;
  readonly answer: string;
  readonly isTaken: boolean;
}

type Random = () => number;
const pick = <T>(random: Random, choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
const streamOf = (random: Random): string => pick(random, STREAMS).name;

/** Messages that are not what they say, or not of who may send them. */
function messageOf(random: Random): { what: string; message: unknown } {
  const stream = streamOf(random);
  const id = 1_000_000 + Math.floor(random() * 1e9);
  const envelope = (ask: unknown, eddy: unknown = WIRE_VERSION) => ({ eddy, id, ask });
  const step = { kind: "part", bytes: new Uint8Array(64), durationMs: 500, independent: true };
  const session = { stream, epoch: "attacker", session: 1, rendition: "v0", number: Math.floor(random() * 1000) };
  const lies: Record<string, () => unknown> = {
    "another version": () => envelope({ type: "step", ...session, step }, WIRE_VERSION + 1),
    "version 0": () => envelope({ type: "remove", stream }, 0),
    "a step of no session": () => envelope({ type: "step", ...session, step }),
    "a step without bytes": () => envelope({ type: "step", ...session, step: { ...step, bytes: undefined } }),
    "a step of text": () => envelope({ type: "step", ...session, step: { ...step, bytes: "x".repeat(1000) } }),
    "a step of no kind": () => envelope({ type: "step", ...session, step: { kind: "dance" } }),
    "a negative number": () => envelope({ type: "step", ...session, number: -1, step }),
    "an endless duration": () =>
      envelope({ type: "step", ...session, step: { ...step, durationMs: Number.POSITIVE_INFINITY } }),
    "the end of a stream of others": () =>
      envelope({ type: "end", stream, epoch: "attacker", session: 1, expected: [] }),
    "a stream of others, taken over": () =>
      envelope({ type: "takeOver", stream, key: "guess", options: { renditions: [{ id: "v0", bandwidth: 1 }] } }),
    "a name that is none": () => envelope({ type: "remove", stream: "../../etc" }),
    "a window of no length": () => envelope({ type: "dvrWindow", windowMs: -5 }),
    "no ask": () => envelope(undefined),
    "an ask of no type": () => envelope({ type: { toString: "x" } }),
    "deep nesting": () => envelope({ type: "open", stream, options: nested(500) }),
    "renditions without end": () =>
      envelope({
        type: "open",
        stream: "attack",
        epoch: "a",
        session: 1,
        starts: [],
        options: { renditions: Array.from({ length: 10_000 }, (_, n) => ({ id: `r${n}`, bandwidth: 1 })) },
      }),
    garbage: () =>
      pick(random, [
        null,
        0,
        "eddy",
        [],
        { eddy: "five" },
        { eddy: Number.NaN, ask: 7 },
        new Date(),
        new Map([[1, 2]]),
      ]),
  };
  if (random() < OVERSIZE_SHARE) {
    const message = envelope({ type: "step", ...session, step: { ...step, bytes: new Uint8Array(OVERSIZE_BYTES) } });
    return { what: "an oversize step", message };
  }
  const what = pick(random, Object.keys(lies));
  return { what, message: lies[what]?.() };
}

function nested(depth: number): unknown {
  let value: unknown = {};
  for (let at = 0; at < depth; at++) value = { renditions: value };
  return value;
}

async function lie(random: Random): Promise<Outcome> {
  const { what, message } = messageOf(random);
  const worker = navigator.serviceWorker.controller;
  if (worker === null) return { what, answer: "no worker", isTaken: false };
  const id = (message as { id?: number } | null)?.id;
  const answered = new Promise<string>((resolve) => {
    const listen = ({ data }: MessageEvent): void => {
      if (id === undefined || data?.re !== id) return;
      done(data.error === undefined ? "taken" : String(data.error.code));
    };
    const done = (answer: string): void => {
      navigator.serviceWorker.removeEventListener("message", listen);
      resolve(answer);
    };
    navigator.serviceWorker.addEventListener("message", listen);
    setTimeout(() => done("silence"), id === undefined ? 0 : ANSWER_MS);
  });
  worker.postMessage(message);
  const answer = await answered;
  // Nothing to end or to take over is no error; that nothing came of it shows in the streams, which go on.
  const isIdle = what.endsWith("taken over") || what.startsWith("the end of");
  if (answer === "taken" && isIdle) return { what, answer: "answered, to no effect", isTaken: false };
  return { what, answer, isTaken: answer === "taken" || answer === "internal" };
}

/** Requests for what is not, or in ways that are none. */
async function askFor(random: Random): Promise<Outcome> {
  const base = `/live/${streamOf(random)}`;
  const list = `${base}/v0/media.m3u8`;
  const asks: readonly (readonly [string, RequestInit?])[] = [
    [`${list}?_HLS_msn=99999999999`],
    [`${list}?_HLS_msn=-1`],
    [`${list}?_HLS_msn=1e3`],
    [`${list}?_HLS_part=0`],
    [`${list}?_HLS_msn=1&_HLS_msn=2&_HLS_part=${"9".repeat(400)}`],
    [`${list}?${"a".repeat(30_000)}`],
    [`${base}/v0/%2e%2e/%2e%2e/secret.m3u8`],
    [`${base}/v0/never/part-1.mp4`],
    [`${base}/v0/never/part-99999999999999999999.mp4`],
    [`${base}/nobody/media.m3u8`],
    [`/live/nobody/main.m3u8`],
    [`/live/%00/%ff`],
    [`/live/${"x".repeat(5_000)}/main.m3u8`],
    [list, { method: "POST", body: "x" }],
    [list, { method: "DELETE" }],
    [`${base}/v0/never/init-0.mp4`, { headers: { range: "bytes=5-2" } }],
    [`${base}/clip.mp4?from=9&to=1`],
  ];
  const [url, init] = pick(random, asks);
  const what = `${init?.method ?? "GET"} ${url.slice(0, 80)}`;
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(3 * ANSWER_MS) });
    await response.arrayBuffer();
    const { status } = response;
    return { what, answer: String(status), isTaken: status === 500 };
  } catch {
    return { what, answer: "silence", isTaken: false }; // a worker that is killed answers nobody
  }
}
