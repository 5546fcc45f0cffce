/** How a connection passes the networks between the two: `direct`, from one to the other; `relayed`, through a TURN server. */
export type PeerRoute = "direct" | "relayed";
