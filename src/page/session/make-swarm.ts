import { Swarm } from "../../swarm/swarm.ts";
import type { SwarmOptions, SwarmPeer } from "../../swarm/swarm-types.ts";

export function makeSwarm(options: SwarmOptions): SwarmPeer {
  return new Swarm(options);
}
