import type { PeerFrame } from "../wire/peer-frame.ts";
import type { Neighbour } from "./neighbour.ts";
import { Neighbours } from "./neighbours.ts";
import { STREAM, TestClock, TestProof } from "./network.test-support.ts";
import { PartWindow } from "./part-window.ts";
import { StreamRate, type SwarmContext, SwarmCounters } from "./swarm-context.ts";
import type { SwarmOptions } from "./swarm-types.ts";
import { Uplink } from "./uplink.ts";

/** What one part of a swarm needs of the others, and what it told whom. */
export function testContext(options: Partial<SwarmOptions> = {}): {
  readonly context: SwarmContext;
  readonly clock: TestClock;
  readonly told: { readonly to: string; readonly frame: PeerFrame }[];
  readonly bans: string[];
  /** A neighbour that is ready, and the media that was sent to it. */
  join(peer: string, fields?: Partial<Neighbour>): Neighbour & { readonly sent: PeerFrame[] };
} {
  const clock = new TestClock();
  const told: { to: string; frame: PeerFrame }[] = [];
  const bans: string[] = [];
  const nothing = (): void => {};
  const listener = { part: nothing, card: nothing, init: nothing, fetch: nothing, missed: nothing, banned: nothing };
  const context: SwarmContext = {
    options: { self: "self", stream: STREAM, clock, random: () => 0.5, proof: new TestProof(), listener, ...options },
    clock,
    neighbours: new Neighbours(12),
    parts: new PartWindow({ keepMs: 30_000, keepBytes: 2 ** 26 }),
    counters: new SwarmCounters(),
    rate: new StreamRate(),
    uplink: new Uplink(options.uplinkBps ?? 0, clock.now()),
    tell: (neighbour, frame) => told.push({ to: neighbour.peer, frame }),
    ban: (neighbour, reason) => bans.push(`${neighbour.peer}: ${reason}`),
  };
  return {
    context,
    clock,
    told,
    bans,
    join(peer, fields = {}) {
      const sent: PeerFrame[] = [];
      const link = { peer, bufferedBytes: 0, send: (frame: PeerFrame) => sent.push(frame), close: nothing };
      const neighbour = context.neighbours.add(link, clock.now())!;
      return Object.assign(neighbour, { isReady: true, uploads: true, ...fields, sent });
    },
  };
}
