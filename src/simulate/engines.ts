import { Swarm } from "../swarm/swarm.ts";
import type { SwarmOptions, SwarmPeer } from "../swarm/swarm-types.ts";
import { PullPeer } from "./pull-peer.ts";
import { TreePeer } from "./tree-peer.ts";
import { TreePlan } from "./tree-plan.ts";
import type { EngineName, WorldOptions } from "./world-options.ts";

/** Makes the engine of one viewer. */
export type CreatePeer = (options: SwarmOptions) => SwarmPeer;

/** What is simulated, and what it is held against in the same world; each is called once for a world. */
export const ENGINES: Readonly<Record<EngineName, (world: WorldOptions) => CreatePeer>> = {
  swarm: () => (options) => new Swarm(options),
  pull:
    ({ partMs }) =>
    (options) =>
      new PullPeer(options, { partMs, highDemandMs: 15_000 }),
  "pull-late":
    ({ partMs }) =>
    (options) =>
      new PullPeer(options, { partMs, highDemandMs: 700 }),
  tree: ({ partMs, bitsPerSecond }) => {
    const plan = new TreePlan();
    return (options) => new TreePeer(options, { partMs, bitsPerSecond, plan });
  },
};
