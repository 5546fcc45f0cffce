import type { SessionRelay, SessionStats } from "eddy-hls";
import { words } from "../words/words.ts";

/** One sentence of where a joined stream comes from at the moment. */
export function sharedSentence(stats: SessionStats, hasOrigin: boolean): string {
  const { role, problem, bytes, peers, signalling, distrusted } = stats;
  const { shared } = words;
  if (role === "local") return shared.local;
  const received = bytes.peer + bytes.origin;
  if (problem !== undefined && received === 0) return shared.problem;
  if (signalling === "off" && received === 0) return hasOrigin ? shared.waitingForServer : shared.gettingReady;
  if (signalling === "off") return shared.fromServer;
  if (distrusted) return shared.distrusted;
  if (peers.length === 0) return aloneSentence(stats, hasOrigin);
  if (received === 0) return shared.connected;
  const share = bytes.peer / received;
  if (!hasOrigin) return shared.proven;
  if (share > 0.8) return shared.mostlyViewers;
  return share > 0.2 ? shared.sharedWork : shared.mostlyServer;
}

function aloneSentence({ signalling, bytes }: SessionStats, hasOrigin: boolean): string {
  const { shared } = words;
  if (signalling === "lost") return hasOrigin ? shared.lostWithServer : shared.lost;
  if (hasOrigin) return shared.aloneWithServer;
  return bytes.peer > 0 ? shared.othersLeft : shared.looking;
}

/** How this browser stands with the relay. `sent`: it publishes there. */
export function relaySentence(
  { state, url, transport, version }: SessionRelay,
  direction: "sent" | "received",
): string {
  const { shared } = words;
  if (state === "open") {
    return shared.relayOpen(
      direction,
      new URL(url).host,
      transport === "websocket" ? transport : "webtransport",
      version ?? "",
    );
  }
  return state === "waiting" ? shared.relayWaiting : shared.relayConnecting;
}

/** What this browser does for others. */
export function uploadSentence({ upload }: SessionStats): string {
  return words.shared.uploads[upload];
}
