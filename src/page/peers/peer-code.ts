import { Swarm } from "../../swarm/swarm.ts";
import type { SwarmOptions, SwarmPeer } from "../../swarm/swarm-types.ts";

/** What a page loads once it shares a stream with peers. One file: nobody needs part of it, and together it compresses better. */
export { openTransport } from "./trystero-transport.ts";

export function makeSwarm(options: SwarmOptions): SwarmPeer {
  return new Swarm(options);
}
