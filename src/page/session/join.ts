import { systemClock } from "../../model/clock.ts";
import { RelayError } from "../../model/errors.ts";
import { checkName } from "../../model/ids.ts";
import type { SwarmOptions } from "../../swarm/swarm-types.ts";
import type { JoinOptions } from "../join-options.ts";
import { loadCode } from "../load-code.ts";
import { storeConsent } from "../peers/page-store.ts";
import type { WorkerLink } from "../worker-link.ts";
import { Leader, shares } from "./leader.ts";
import type { JoinPlan } from "./leader-context.ts";
import type { Locks } from "./leadership.ts";
import { LineFaults } from "./line-faults.ts";
import { sessionId } from "./observe-session.ts";
import { openRelayFeed } from "./relay-feed.ts";
import type { Session } from "./session.ts";
import { trustOf } from "./stream-trust.ts";
import { TabSession } from "./tab-session.ts";

export interface JoinContext {
  readonly base: string;
  readonly link: WorkerLink;
  readonly newEpoch: () => string;
  readonly onClosed: (session: Session) => void;
}

/**
 * Joins a stream; `relay.join()` says how. Resolves once it is known whether this tab leads.
 * @throws RelayError `invalid-name`, `invalid-option`, `unsupported-browser`
 */
export async function joinStream(name: string, options: JoinOptions, context: JoinContext): Promise<Session> {
  const { peers, origin, relay, fingerprint, integrity, signal } = options;
  const { base, link, newEpoch, onClosed } = context;
  checkName(name, "stream");
  signal?.throwIfAborted();
  const hasPeers = peers !== undefined && peers.config.mode !== "off" && (origin === undefined || shares(origin));
  if (origin === undefined && relay === undefined && !hasPeers) {
    throw new RelayError("invalid-option", `"${name}": expected a source to join by, peers, relay or origin, got none`);
  }
  if (origin !== undefined && relay !== undefined) {
    // Each numbers its parts by itself: what one has could not be told from what the other has.
    throw new RelayError("invalid-option", `"${name}": expected an origin or a relay, got both`);
  }
  if (navigator.locks === undefined) {
    throw new RelayError(
      "unsupported-browser",
      "expected Web Locks, by which the tabs of a browser choose one: there are none",
    );
  }
  const proven = await trustOf({
    name,
    hasPeers,
    ...(origin === undefined ? {} : { origin }),
    ...(relay === undefined ? {} : { relay }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(integrity === undefined ? {} : { integrity }),
  });
  const plan: JoinPlan = {
    name,
    ...proven,
    ...(hasPeers ? { peers } : {}),
    ...(origin === undefined ? {} : { origin }),
    ...(relay === undefined ? {} : { relay }),
  };
  // Before it leads: a tab that takes over may have no network but its peers.
  const [swarmCode, originCode] = await Promise.all([
    hasPeers ? loadCode("peers", import("../peers/peer-code.ts")) : undefined,
    origin === undefined ? undefined : loadCode("origins", import("./origin-code.ts")),
  ]);
  signal?.throwIfAborted();
  const id = sessionId(base, name);
  const lines = new LineFaults(systemClock);
  const stopFaults = link.onFault((order) => {
    if (order.stream === name) lines.take(order.fault);
  });
  const session = new TabSession({
    name,
    id,
    tab: crypto.randomUUID(),
    clock: systemClock,
    locks: navigator.locks as Locks,
    channel: new BroadcastChannel(id),
    storeConsent,
    isThere: async (live) =>
      (await link.ask({ type: "streams" })).some((found) => found.name === name && !(live && found.state === "ended")),
    onClosed: () => {
      stopFaults();
      onClosed(session);
    },
    makeLeader: (owner) =>
      new Leader(plan, {
        link,
        clock: systemClock,
        newEpoch,
        ...(swarmCode === undefined
          ? {}
          : { makeSwarm: (swarm: SwarmOptions) => lines.over(swarmCode.makeSwarm(swarm)) }),
        ...(originCode === undefined ? {} : { originCode }),
        fetch: lines.fetch,
        openRelayFeed,
        random: Math.random,
        bufferAheadMs: () => owner.bufferAheadMs,
        isSuccessor: () => owner.hasFollowed,
        listener: {
          role: (role) => owner.setRole(role),
          failure: (failure) => owner.dispatch("failure", failure),
          banned: (peer, reason) => owner.dispatch("banned", { peer, reason }),
          ended: () => owner.dispatch("ended", {}),
          problem: (error) => owner.setProblem(error),
        },
      }),
  });
  await session.start();
  return session;
}
