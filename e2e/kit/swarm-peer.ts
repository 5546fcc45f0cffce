import { type OriginSource, origin, peers } from "eddy-hls";
import { followOrigin } from "../../src/follow/follow-origin.ts";
import { systemClock as clock } from "../../src/model/clock.ts";
import { toHex } from "../../src/page/session/hex.ts";
import { OriginFeed } from "../../src/page/session/origin-feed.ts";
import { SignedHeaders } from "../../src/page/session/signed-headers.ts";
import { trustOf } from "../../src/page/session/stream-trust.ts";
import { StreamProof } from "../../src/swarm/proof/stream-proof.ts";
import { Swarm } from "../../src/swarm/swarm.ts";
import type { SwarmPeer } from "../../src/swarm/swarm-types.ts";
import type { AttackKind } from "../swarm-peers.ts";
import { attackAs } from "./attacker.ts";

/**
 * A viewer's swarm over real data channels, and its origin, without the player, the ring and the worker: what those cost would be measured
 * in the viewers that are watched. Several stand in frames of one page.
 */

declare global {
  interface Window {
    swarmPeer?: SwarmPeer;
  }
}

const search = new URLSearchParams(location.search);
const asked = (word: string): string => search.get(word) ?? "";
const nothing = (): void => undefined;

const given: { origin?: OriginSource } = search.has("origin")
  ? { origin: origin(asked("origin"), { signedHeaders: asked("headers") }) }
  : {};
attackAs(asked("kind") as AttackKind, asked("secret"));
const { trust, streamId } = await trustOf({
  name: asked("watch"),
  hasPeers: true,
  fingerprint: asked("key"),
  ...given,
});
const proof = new StreamProof(trust);
const signalling = { kind: "relay", urls: [asked("signal")] } as const;
const transport = await peers({ signalling, iceServers: [], upload: { consent: true } }).open(toHex(streamId));
let fetchPart: OriginFeed["fetch"] | undefined;
const swarm = new Swarm({
  self: transport.self,
  stream: streamId,
  clock,
  random: Math.random,
  proof,
  fetches: given.origin !== undefined,
  maxNeighbours: transport.config.maxNeighbours,
  listener: {
    part: nothing,
    card: nothing,
    init: nothing,
    missed: nothing,
    banned: nothing,
    fetch: (key, _reason, signal) => fetchPart?.(key, signal),
  },
});
window.swarmPeer = swarm;
if (given.origin === undefined) transport.start(swarm);
else await followAndShare(given.origin);

/** As a leading tab does it. */
async function followAndShare({ url, signedHeaders }: OriginSource): Promise<void> {
  const { signal } = new AbortController();
  const follower = await followOrigin({ url, clock, signal, start: "window" });
  const { targetDurationMs = 6_000 } = follower.presentation.stream;
  const headers = new SignedHeaders({ url: String(signedHeaders), clock, targetDurationMs });
  const bytes = await headers.card(signal);
  const card = await proof.card(bytes);
  swarm.setCard(bytes, card);
  const feeder = {
    list: nothing,
    part: nothing,
    init: nothing,
    keys: nothing,
    card: nothing,
    forget: nothing,
    miss: nothing,
    last: () => undefined,
  };
  const shared = { swarm, proof, headers };
  const feed = new OriginFeed({ follower, clock, card, feeder, shared, dateRange: nothing, trouble: nothing });
  fetchPart = (key, aborted) => feed.fetch(key, aborted);
  transport.start(swarm);
  await feed.run(signal);
}
