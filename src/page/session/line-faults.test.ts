import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../../model/clock.ts";
import type { Fetch } from "../../reader/exchange.ts";
import type { PeerLink, PeerPort, SwarmPeer } from "../../swarm/swarm-types.ts";
import type { PeerFrame } from "../../wire/peer-frame.ts";
import { LineFaults } from "./line-faults.ts";

const FRAME: PeerFrame = { kind: "bye", reason: "leaving" };

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => vi.useRealTimers());

/** One link of a swarm over lines that can be broken: what the swarm heard, and what left. */
function line() {
  const heard: PeerFrame[] = [];
  const left: PeerFrame[] = [];
  let link: PeerLink | undefined;
  const swarm = {
    connect: (given: PeerLink): PeerPort => {
      link = given;
      return { received: (frame) => heard.push(frame), malformed: () => undefined, closed: () => undefined };
    },
  };
  const fetched: string[] = [];
  const fetch = (async (url: string) => {
    fetched.push(url);
    return new Response("media");
  }) as unknown as Fetch;
  const faults = new LineFaults(systemClock, fetch);
  const port = faults.over(swarm as unknown as SwarmPeer).connect({
    peer: "anna",
    bufferedBytes: 0,
    send: (frame) => left.push(frame),
    close: () => undefined,
  });
  return { faults, heard, left, fetched, port, send: (frame: PeerFrame) => link?.send(frame) };
}

test("a line that nobody broke passes everything at once", async () => {
  const { faults, heard, left, fetched, port, send } = line();
  port?.received(FRAME);
  send(FRAME);
  await faults.fetch("/part.mp4", {} as never);
  expect([heard.length, left.length, fetched.length]).toEqual([1, 1, 1]);
});

test("offline loses what is sent and what comes, and lets it pass again when it is over", async () => {
  const { faults, heard, left, fetched, port, send } = line();
  faults.take({ kind: "offline", durationMs: 3_000 });
  port?.received(FRAME);
  send(FRAME);
  await expect(faults.fetch("/part.mp4", {} as never)).rejects.toThrow(TypeError);
  expect([heard.length, left.length, fetched.length]).toEqual([0, 0, 0]);
  vi.advanceTimersByTime(3_001);
  port?.received(FRAME);
  send(FRAME);
  await faults.fetch("/part.mp4", {} as never);
  expect([heard.length, left.length, fetched.length]).toEqual([1, 1, 1]);
});

test("a slow peer is heard later for a while, and others are not", () => {
  const { faults, heard, port } = line();
  faults.take({ kind: "slow-peer", peer: "bela", delayMs: 800, durationMs: 5_000 });
  port?.received(FRAME);
  expect(heard.length).toBe(1);
  faults.take({ kind: "slow-peer", peer: "anna", delayMs: 800, durationMs: 5_000 });
  port?.received(FRAME);
  expect(heard.length).toBe(1);
  vi.advanceTimersByTime(801);
  expect(heard.length).toBe(2);
  vi.advanceTimersByTime(5_000);
  port?.received(FRAME);
  expect(heard.length).toBe(3);
});
