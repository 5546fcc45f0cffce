import { Swarm } from "../swarm/swarm.ts";
import type { SwarmOptions, SwarmPeer } from "../swarm/swarm-types.ts";
import { PullPeer } from "./pull-peer.ts";
import { TreePeer } from "./tree-peer.ts";
import type { EngineName, WorldOptions } from "./world-options.ts";

/** Makes the engine of one viewer. */
export type CreatePeer = (options: SwarmOptions, world: WorldOptions) => SwarmPeer;

/** What is simulated, and what it is held against in the same world. */
export const ENGINES: Readonly<Record<EngineName, CreatePeer>> = {
  swarm: (options) => new Swarm(options),
  pull: (options, { partMs }) => new PullPeer(options, { partMs, highDemandMs: 15_000 }),
  "pull-late": (options, { partMs }) => new PullPeer(options, { partMs, highDemandMs: 700 }),
  tree: (options, { partMs, bitsPerSecond }) => new TreePeer(options, { partMs, bitsPerSecond }),
};
