import { monitorEventLoopDelay } from "node:perf_hooks";
import { expect } from "@playwright/test";
import type { PeersMode } from "eddy-hls";
import type { Home, Nat } from "./internet.ts";
import type { Stage } from "./stage.ts";
import { type NatViewer, openNatViewer } from "./viewer.ts";

export type Servers = "STUN" | "TURN" | "TURN over TCP" | "TURN, wrong password";

export interface Pair {
  readonly nats: readonly [Nat, Nat];
  readonly servers: Servers;
  /** Of the first viewer. Default `share`. */
  readonly mode?: PeersMode;
  /** What a viewer may stand still for once, since its connections die without a word. Default 0. */
  readonly bearableMs?: number;
}

/** With so much in hand it was the machine that was busy. */
const IN_HAND_MS = 250;
/** Who has just come has little in hand, whoever else is there. */
const TUNE_IN_MS = 3_000;

let rooms = 0;

function iceServers({ internet }: Stage, servers: Servers): readonly RTCIceServer[] {
  const turn = { urls: `turn:${internet.turnAddress}`, ...internet.turnUser };
  const turnServers: Readonly<Record<Servers, readonly RTCIceServer[]>> = {
    STUN: [],
    TURN: [turn],
    "TURN over TCP": [{ ...turn, urls: `${turn.urls}?transport=tcp` }],
    "TURN, wrong password": [{ ...turn, credential: "wrong" }],
  };
  return [{ urls: `stun:${internet.turnAddress}` }, ...turnServers[servers]];
}

/**
 * Opens two viewers in homes of their own, one after the other, and holds that neither ever sees that anything is amiss. `lateMs` is how late a
 * timer of this process was at most, the origin's own: what comes of that, the networks have no part in.
 */
export async function withTwo(
  { nats, servers, mode = "share", bearableMs = 0 }: Pair,
  stage: Stage,
  launch: { readonly executablePath?: string; readonly args?: string[] },
  act: (viewers: readonly [NatViewer, NatViewer], lateMs: () => number) => Promise<void>,
): Promise<void> {
  const viewers: NatViewer[] = [];
  const homes: Home[] = [];
  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();
  rooms += 1;
  try {
    for (const [index, nat] of nats.entries()) {
      const home = stage.internet.home(nat, launch.executablePath ?? "");
      homes.push(home);
      const own = index === 0 ? { mode } : {};
      const peers = { room: `room ${rooms}`, iceServers: iceServers(stage, servers), ...own };
      viewers.push(await openNatViewer({ stage, home, peers, args: launch.args ?? [] }));
    }
    const lateMs = () => Math.round(lag.max / 1e6);
    await act(viewers as unknown as readonly [NatViewer, NatViewer], lateMs);
    lag.disable();
    await expectUnbroken(viewers, Math.max(bearableMs, lateMs()));
  } finally {
    await all(viewers, (viewer) => viewer.close());
    for (const home of homes) home.close();
  }
}

async function expectUnbroken(viewers: readonly NatViewer[], bearableMs: number): Promise<void> {
  for (const [index, viewer] of viewers.entries()) {
    const { stalls, fatal } = await viewer.endured();
    const starved = stalls.filter(
      ({ atMs, ms, aheadMs }) => atMs > TUNE_IN_MS && aheadMs < IN_HAND_MS && ms > bearableMs,
    );
    expect.soft(starved, `stalls of viewer ${index} of more than ${bearableMs} ms`).toEqual([]);
    expect.soft(fatal, `fatal errors of viewer ${index}`).toEqual([]);
    const { parts, refused } = await viewer.stats();
    expect.soft({ missed: parts.missed, refused }, `parts of viewer ${index}`).toEqual({ missed: 0, refused: 0 });
  }
}

export function all<T>(viewers: readonly NatViewer[], ask: (viewer: NatViewer) => Promise<T>): Promise<readonly T[]> {
  return Promise.all(viewers.map(ask));
}

/** How a viewer is connected to each of its peers. */
export async function routes(viewer: NatViewer): Promise<readonly (string | undefined)[]> {
  return (await viewer.stats()).peers.map(({ route }) => route);
}

/** Why it is not connected to others. */
export async function reasons(viewer: NatViewer): Promise<readonly string[]> {
  return (await viewer.stats()).failures.map(({ reason, message }) => `${reason}: ${message}`);
}

/** Looks at viewers for a while: of all their parts, the share that came from peers. Of two viewers it is a half at most: one of them fetches. */
export async function peerShare(viewers: readonly NatViewer[], observedMs: number): Promise<number> {
  const look = async () => {
    const parts = (await all(viewers, (viewer) => viewer.stats())).map((stats) => stats.parts);
    return { peer: sum(parts.map(({ peer }) => peer)), origin: sum(parts.map(({ origin }) => origin)) };
  };
  const before = await look();
  await pause(observedMs);
  const after = await look();
  const peer = after.peer - before.peer;
  return peer / Math.max(1, peer + after.origin - before.origin);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** In real time, since that is what is looked at. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
