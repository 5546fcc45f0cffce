import type { IceFindings } from "./peer-connection.ts";
import type { PeerFailureReason } from "./peer-failures.ts";
import { hasTurn } from "./peer-options.ts";

/** Why no way to a peer was found, and what would help, by what this browser found of itself. The other side's network may be at fault just as well. */
export function whyUnreachable(
  { own, reflexive, relayed, error }: IceFindings,
  iceServers: readonly RTCIceServer[],
): { readonly reason: Extract<PeerFailureReason, "no-ice" | "nat">; readonly message: string } {
  const why = error === undefined ? "" : ` (${error})`;
  if (own + reflexive + relayed === 0) {
    return { reason: "no-ice", message: `this browser found no address to be reached at${why}` };
  }
  const nat = (message: string) => ({ reason: "nat", message }) as const;
  if (iceServers.length > 0 && reflexive + relayed === 0) {
    return nat(`no STUN or TURN server answered this browser: its network may block UDP, and TURN over TCP help${why}`);
  }
  if (!iceServers.some(hasTurn)) return nat("no way between the two networks: a TURN server in iceServers would help");
  return relayed === 0
    ? nat(`no TURN server let this browser in: its URL, credentials or transport${why}`)
    : nat("no way between the two networks, though a TURN server serves this browser: the peer may have none");
}
