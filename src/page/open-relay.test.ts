import { afterEach, expect, test, vi } from "vitest";
import { WIRE_VERSION } from "../wire/messages.ts";
import { openRelay } from "./open-relay.ts";
import { resolvePeersOptions } from "./peers/peer-options.ts";
import type { PeerTransport } from "./peers/peer-transport.ts";
import type { Peers } from "./peers/peers.ts";
// What is loaded when it is first used is there before the clock is held.
import "./peers/peer-code.ts";
import "./publisher.ts";
import "./session/seeding.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A browser whose worker controls the page, and answers all that it is asked. */
function stubBrowser(): readonly string[] {
  const asked: string[] = [];
  const worker = Object.assign(new EventTarget(), {
    state: "activated",
    postMessage({ id, ask }: { readonly id: number; readonly ask: { readonly type: string } }) {
      asked.push(ask.type);
      const data = { eddy: WIRE_VERSION, re: id, answer: { version: "1", base: "/live/" } };
      queueMicrotask(() => container.dispatchEvent(Object.assign(new Event("message"), { data })));
    },
  });
  const registration = Object.assign(new EventTarget(), {
    scope: "https://example.org/",
    active: worker,
    waiting: null,
    installing: null,
  });
  const container = Object.assign(new EventTarget(), {
    controller: worker,
    register: async () => registration,
    startMessages: () => undefined,
  });
  vi.stubGlobal("origin", "https://example.org");
  vi.stubGlobal("location", { href: "https://example.org/studio" });
  vi.stubGlobal("navigator", { serviceWorker: container });
  return asked;
}

test("gives up where the server never answers for the worker's script", async () => {
  vi.stubGlobal("origin", "https://example.org");
  vi.stubGlobal("navigator", { serviceWorker: { register: () => new Promise(() => undefined) } });
  const aborter = new AbortController();
  const opening = openRelay({ signal: aborter.signal });
  opening.catch(() => undefined);
  await Promise.resolve();
  aborter.abort();
  await expect(opening).rejects.toMatchObject({ code: "worker-unreachable" });
});

test("a relay that is closed while a stream finds its viewers opens none, and the room is left", async () => {
  vi.useFakeTimers();
  const asked = stubBrowser();
  const relay = await openRelay();
  const done: string[] = [];
  const config = resolvePeersOptions({}, "https://example.org/");
  const transport = {
    self: "page",
    config,
    uploads: { state: { on: true }, onChange: () => () => undefined },
    start: () => done.push("start"),
    close: async () => done.push("close"),
  };
  const open = async (): Promise<PeerTransport> => {
    relay.close();
    return transport as unknown as PeerTransport;
  };
  const renditions = [{ id: "main", codecs: "avc1.42c01f", bandwidth: 1_000_000 }];
  const options = { renditions, partTargetMs: 333, targetDurationMs: 2_000 };
  const publishing = relay.publish("studio", options, { peers: { config, open } satisfies Peers });
  await expect(publishing).rejects.toMatchObject({ code: "closed" });
  expect(asked).toEqual(["hello"]);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(done).toEqual(["start", "close"]);
});
