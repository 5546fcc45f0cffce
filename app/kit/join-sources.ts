import {
  type JoinOptions,
  moq,
  origin,
  type Peers,
  type PeersMode,
  peers,
  type RelaySource,
  webtransport,
} from "eddy-hls";
import { hasRelay, type JoinAddress, type MoqAddress, type PeersAddress } from "../address.ts";
import { type Preferences, readPreferences } from "./preferences.ts";

/** Whether other viewers are asked: what the address says, and where it leaves that open, what was chosen for every stream. */
export function withPeersOf(address: JoinAddress, { peersMode }: Preferences): PeersAddress["peers"] {
  const hasOther = address.origin !== undefined || hasRelay(address);
  return address.peers === "ask" && peersMode === "off" && hasOther ? "off" : address.peers;
}

/**
 * Other viewers, found where the address says, or where the person does. Who publishes to them sends; who watches is asked, and may change
 * the answer.
 */
export function peersFrom(
  { signal }: PeersAddress,
  upload: "send" | "ask",
  preferences: Preferences = readPreferences(),
): Peers {
  const url = signal ?? (preferences.signalUrl || undefined);
  const meetingPlace = new URL(url ?? location.href, location.href);
  const { turnUrl, uploadKbps, uploadMonthlyMB } = preferences;
  return peers({
    mode: modeOf(preferences, upload),
    ...(url === undefined ? {} : { signalling: { kind: "relay", urls: [url] } }),
    ...(turnUrl === "" ? withoutTurn(meetingPlace) : { iceServers: [turnServer(preferences)] }),
    upload: {
      consent: upload === "send" ? true : "ask",
      inBackground: preferences.uploadInBackground,
      onMetered: preferences.uploadOnMetered,
      ...(uploadKbps > 0 ? { maxBps: uploadKbps * 1000 } : {}),
      ...(uploadMonthlyMB > 0 ? { monthlyBytes: uploadMonthlyMB * 1_000_000 } : {}),
    },
  });
}

/** Who asks for peers where they are chosen to be off means this once; and a publisher that sends nothing would publish nothing. */
function modeOf({ peersMode }: Preferences, upload: "send" | "ask"): PeersMode {
  if (peersMode === "relay-only") return "relay-only";
  return upload === "ask" && peersMode === "receive-only" ? "receive-only" : "share";
}

/** On one machine nobody needs to be told its address. Elsewhere the library's public STUN servers do. */
function withoutTurn({ hostname }: URL): { readonly iceServers?: readonly RTCIceServer[] } {
  return /^(?:localhost|127\..*|\[::1\])$/.test(hostname) ? { iceServers: [] } : {};
}

/** It answers what a STUN server would be asked, too. */
function turnServer({ turnUrl, turnUser, turnPassword }: Preferences): RTCIceServer {
  return {
    urls: turnUrl,
    ...(turnUser === "" ? {} : { username: turnUser }),
    ...(turnPassword === "" ? {} : { credential: turnPassword }),
  };
}

/** The relay, or the server, that an address names. @throws RelayError `invalid-option` for an address that is none */
export function relayFrom({ moq: url, server, certificate }: MoqAddress): RelaySource | undefined {
  const hashes = certificate === undefined ? {} : { certificateHashes: certificate.split(",") };
  if (url !== undefined) return moq({ url, ...hashes });
  return server === undefined ? undefined : webtransport({ url: server, ...hashes });
}

/** What an address joins a stream by. @throws RelayError `invalid-option` for an address that is none */
export function joinOptions(
  address: JoinAddress,
  withPeers: boolean,
  preferences: Preferences = readPreferences(),
): JoinOptions {
  const { headers, key, unsigned } = address;
  const relay = relayFrom(address);
  return {
    ...(relay === undefined ? {} : { relay }),
    ...(withPeers ? { peers: peersFrom(address, "ask", preferences) } : {}),
    ...(address.origin === undefined
      ? {}
      : { origin: origin(address.origin, headers === undefined ? {} : { signedHeaders: headers }) }),
    ...(key === undefined ? {} : { fingerprint: key }),
    ...(unsigned ? { integrity: "none" } : {}),
  };
}
