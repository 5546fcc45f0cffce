import { type Clock, RequestRecorder, systemClock } from "eddy-hls/core";
import { clips, createRelay, diagnostics, dvr } from "eddy-hls/worker";
import { type FaultEvent, FaultScript, type ScriptedFault } from "../fault-script.ts";
import { type AnsweredStream, OriginAnswers } from "../origin-answers.ts";
import { ORIGIN_CACHE } from "../origin-options.ts";
import { answeredStream, type StreamState } from "../origin-stream.ts";
import {
  type OriginMessage,
  type OriginWorkerOptions,
  readOriginMessage,
  type TraceAnswer,
} from "./origin-messages.ts";

declare const self: ServiceWorkerGlobalScope;

/** The producer's page answers at once, or is gone. */
const STATE_DEADLINE_MS = 5_000;

const given = new URL(self.location.href).searchParams.get("options") ?? "{}";
const { base, dvr: kept, producer } = JSON.parse(given) as OriginWorkerOptions;
const clock: Clock = systemClock;
const relay = createRelay(self, {
  base,
  cache: ORIGIN_CACHE,
  ...(kept === false ? {} : { dvr: dvr(kept) }),
  clips: clips(),
  diagnostics: diagnostics(),
});
const recorder = new RequestRecorder({ clock, base, worker: crypto.randomUUID(), playlists: () => undefined });
// From its first request on, also where another worker was ended and this one has been looked at by nobody.
recorder.trace(0, undefined);
const streams = new Map<string, WorkerStream>();
const answers = new OriginAnswers({
  base,
  match: relay.match,
  clock,
  recorder,
  stream: (name) => streams.get(name)?.answered,
});

/** Resolves once the page has told what answers go by, or has not for too long. */
let known: Promise<void> | undefined;
let isKnown = (): void => undefined;

/** A stream as the page has told of it last. */
class WorkerStream {
  readonly answered: AnsweredStream;
  #state: StreamState;
  #script: FaultScript;

  constructor(state: StreamState) {
    this.#state = state;
    this.#script = new FaultScript(state.faults, state.counts);
    const script = (): FaultScript => this.#script;
    const { name } = state;
    this.answered = {
      ...answeredStream(state, {
        script: this.#script,
        befell: (event: FaultEvent) => void tell({ type: "befell", stream: name, event }),
        provoke: ({ index }: ScriptedFault) => void tell({ type: "provoke", stream: name, index }),
        reading: () => this.#state.clock,
        clock,
      }),
      get script() {
        return script();
      },
    };
  }

  get counts(): FaultScript["counts"] {
    return this.#script.counts;
  }

  update(state: StreamState): void {
    this.#state = state;
    this.#script = new FaultScript(state.faults, this.#script.counts);
  }
}

async function producers(): Promise<readonly WindowClient[]> {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return pages.filter(({ url }) => new URL(url).pathname === producer);
}

async function tell(message: OriginMessage): Promise<void> {
  for (const page of await producers()) page.postMessage({ eddyOrigin: message });
}

/** A worker that has just started knows of no faults: the first request waits until it does. */
function stateKnown(): Promise<void> {
  known ??= new Promise<void>((resolve) => {
    isKnown = resolve;
    clock.after(STATE_DEADLINE_MS, resolve);
    void tell({ type: "ask" });
  });
  return known;
}

function take(message: OriginMessage, port: MessagePort | undefined): void {
  if (message.type === "state") {
    for (const state of message.streams) {
      const stream = streams.get(state.name);
      if (stream === undefined) streams.set(state.name, new WorkerStream(state));
      else stream.update(state);
    }
    known ??= Promise.resolve();
    isKnown();
  }
  if (message.type === "trace") {
    const counts = Object.fromEntries([...streams].map(([name, stream]) => [name, stream.counts]));
    const answer: TraceAnswer = { trace: recorder.trace(message.cursor, message.worker), counts };
    port?.postMessage(answer);
  }
}

self.addEventListener("install", () => void self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  const message = readOriginMessage(event.data);
  if (message === undefined) relay.receive(event);
  else take(message, event.ports[0]);
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== self.location.origin || !pathname.startsWith(base)) return;
  if (streams.size > 0) {
    const response = answers.match(request);
    if (response !== undefined) event.respondWith(response);
    return;
  }
  event.respondWith(stateKnown().then(() => answers.match(request) ?? Response.error()));
});
