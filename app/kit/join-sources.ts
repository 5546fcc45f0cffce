import { type JoinOptions, moq, origin, type Peers, peers, type RelaySource, webtransport } from "eddy-hls";
import type { JoinAddress, MoqAddress, PeersAddress } from "../address.ts";

/** Other viewers, found where the address says. Who publishes to them sends; who watches is asked, and may change the answer. */
export function peersFrom({ signal }: PeersAddress, upload: "send" | "ask"): Peers {
  const meetingPlace = new URL(signal ?? location.href);
  return peers({
    ...(signal === undefined ? {} : { signalling: { kind: "relay", urls: [signal] } }),
    // On one machine nobody needs to be told its address.
    ...(/^(?:localhost|127\..*|\[::1\])$/.test(meetingPlace.hostname) ? { iceServers: [] } : {}),
    upload: { consent: upload === "send" ? true : "ask" },
  });
}

/** The relay, or the server, that an address names. @throws RelayError `invalid-option` for an address that is none */
export function relayFrom({ moq: url, server, certificate }: MoqAddress): RelaySource | undefined {
  const hashes = certificate === undefined ? {} : { certificateHashes: certificate.split(",") };
  if (url !== undefined) return moq({ url, ...hashes });
  return server === undefined ? undefined : webtransport({ url: server, ...hashes });
}

/** What an address joins a stream by. @throws RelayError `invalid-option` for an address that is none */
export function joinOptions(address: JoinAddress, withPeers: boolean): JoinOptions {
  const { headers, key, unsigned } = address;
  const relay = relayFrom(address);
  return {
    ...(relay === undefined ? {} : { relay }),
    ...(withPeers ? { peers: peersFrom(address, "ask") } : {}),
    ...(address.origin === undefined
      ? {}
      : { origin: origin(address.origin, headers === undefined ? {} : { signedHeaders: headers }) }),
    ...(key === undefined ? {} : { fingerprint: key }),
    ...(unsigned ? { integrity: "none" } : {}),
  };
}
