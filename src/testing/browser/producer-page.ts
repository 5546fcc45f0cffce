import { openRelay, type Publisher, type Relay } from "eddy-hls";
import { systemClock } from "eddy-hls/core";
import type { ProducerSink } from "../media-producer.ts";
import { type OriginPlan, planOrigin } from "../origin-options.ts";
import { OriginStream } from "../origin-stream.ts";
import { RequestLog } from "../origin-trace.ts";
import { type OriginMessage, readOriginMessage, type TraceAnswer } from "./origin-messages.ts";
import type {} from "./producer-contract.ts";

/** The recorder of the worker forgets after 500 requests, and stops when nobody looks. */
const LOOK_EVERY_MS = 250;
/** A worker that is being ended does not answer, and the next one does. */
const LOOK_DEADLINE_MS = 2_000;

const streams = new Map<string, OriginStream>();
const log = new RequestLog();
let relay: Relay | undefined;

function send(message: OriginMessage, ports: MessagePort[] = []): void {
  navigator.serviceWorker.controller?.postMessage({ eddyOrigin: message }, ports);
}

function sendState(): void {
  send({ type: "state", streams: [...streams.values()].map(({ state }) => state) });
}

navigator.serviceWorker.addEventListener("message", ({ data }) => {
  const message = readOriginMessage(data);
  if (message?.type === "ask") sendState();
  if (message?.type === "befell") streams.get(message.stream)?.befell(message.event);
  if (message?.type === "provoke") streams.get(message.stream)?.provoke(message.index);
});

/** Asks the worker what has been asked of it since. */
async function look(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const answer = await new Promise<TraceAnswer | undefined>((resolve) => {
    port1.onmessage = ({ data }) => resolve(data as TraceAnswer);
    setTimeout(() => resolve(undefined), LOOK_DEADLINE_MS);
    send({ type: "trace", ...log.last }, [port2]);
  });
  port1.close();
  if (answer === undefined) return;
  log.take(answer.trace);
  for (const [name, counts] of Object.entries(answer.counts)) {
    const stream = streams.get(name);
    if (stream !== undefined) stream.counts = counts;
  }
}

async function lookOn(): Promise<void> {
  await look();
  setTimeout(lookOn, LOOK_EVERY_MS);
}

function streamOf(name: string): OriginStream {
  const stream = streams.get(name);
  if (stream === undefined) throw new Error(`there is no stream "${name}": it was stopped, or never started`);
  return stream;
}

/** Publishes as any page does: every step acknowledged, and sent again to a worker that has forgotten it. */
async function sinkInto(relay: Relay, { name, stream: options }: OriginPlan): Promise<ProducerSink> {
  let publisher: Publisher = await relay.publish(name, options);
  return {
    init: (id, bytes) => publisher.init(id, bytes),
    part: async (id, part) => void (await publisher.part(id, part)),
    gap: (id, durationMs) => publisher.gap(id, { durationMs }),
    discontinuity: (id) => publisher.discontinuity(id),
    end: () => publisher.end(),
    async restart() {
      publisher.close();
      publisher = await relay.publish(name, options);
    },
  };
}

window.eddyOrigin = {
  async open(worker, base) {
    if (relay !== undefined) return;
    relay = await openRelay({ worker, base, scope: "/", type: "classic" });
    void lookOn();
  },
  async start(options) {
    if (relay === undefined) throw new Error("expected open() before start()");
    const { plan, media } = await planOrigin(options, { hasWorker: true });
    if (streams.has(plan.name)) throw new Error(`name: "${plan.name}" is started already`);
    const stream = new OriginStream({
      plan,
      media,
      clock: systemClock,
      sink: await sinkInto(relay, plan),
      killWorker: () => window.eddyKillWorker(),
      changed: sendState,
    });
    streams.set(plan.name, stream);
    await stream.start();
    return { path: relay.url(plan.name), dvrPath: relay.url(plan.name, { dvr: true }) };
  },
  advance: (name, durationMs) => streamOf(name).advance(durationMs),
  addFaults: (name, faults) => streamOf(name).addFaults(faults),
  nowMs: (name) => streamOf(name).clock.now(),
  async trace(name) {
    await look();
    const { plan, startedAtMs, events, frames, clock, failure } = streamOf(name);
    return {
      stream: plan.name,
      startedAtMs,
      clock: clock.reading,
      requests: log.of(plan.name),
      faults: [...events],
      frames: frames.spans,
      ...(failure === undefined ? {} : { failure }),
    };
  },
  stop: (name) => streamOf(name).stop(),
};
