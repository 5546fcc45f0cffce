import type { SessionRelay, SessionStats } from "eddy-hls";

/** One sentence of where a joined stream comes from at the moment. */
export function sharedSentence(stats: SessionStats, hasOrigin: boolean): string {
  const { role, problem, bytes, peers, signalling, distrusted } = stats;
  if (role === "local") return "A tab of this browser publishes the stream itself, so nothing has to be fetched.";
  const received = bytes.peer + bytes.origin;
  if (problem !== undefined && received === 0) return "It has not begun: why, stands below.";
  if (signalling === "off" && received === 0) return hasOrigin ? "Waiting for its server." : "Getting ready.";
  if (signalling === "off") return "It all comes from its server.";
  if (distrusted) return "Other viewers were too slow, so all of it comes from the server for a while.";
  if (peers.length === 0) return aloneSentence(stats, hasOrigin);
  if (received === 0) return "Connected. The first parts are on their way.";
  const share = bytes.peer / received;
  if (!hasOrigin) return "It comes from its publisher and other viewers, proven part by part.";
  if (share > 0.8) return "Nearly all of it comes from other viewers.";
  return share > 0.2 ? "Viewers and the server share the work." : "Most of it has come from the server so far.";
}

function aloneSentence({ signalling, bytes }: SessionStats, hasOrigin: boolean): string {
  if (signalling === "lost") {
    return hasOrigin
      ? "Other viewers cannot be found at the moment; all of it comes from the server."
      : "The place where viewers find each other cannot be reached. It is tried again by itself.";
  }
  if (hasOrigin) return "Nobody else is here yet; all of it comes from the server.";
  return bytes.peer > 0
    ? "The others have left. This page looks for more."
    : "Looking for the publisher and other viewers.";
}

/** How this browser stands with the relay. `sent`: it publishes there. */
export function relaySentence(
  { state, url, transport, version }: SessionRelay,
  direction: "sent" | "received",
): string {
  if (state === "open") {
    const how = transport === "websocket" ? "a WebSocket" : "WebTransport";
    const does = direction === "sent" ? "Sent to" : "Connected to";
    return `${does} the relay at ${new URL(url).host} over ${how}, in ${version}.`;
  }
  return state === "waiting" ? "The relay cannot be reached. It is tried again by itself." : "Connecting to the relay.";
}

/** What this browser does for others. */
export function uploadSentence({ upload }: SessionStats): string {
  switch (upload) {
    case "on":
      return "This browser passes parts on to other viewers.";
    case "no-consent":
      return "This browser passes nothing on. Others then have to.";
    case "save-data":
      return "Nothing is passed on: this browser was asked to save data.";
    case "metered":
      return "Nothing is passed on over a mobile connection.";
    case "background":
      return "Nothing is passed on while this page is hidden.";
    case "monthly-cap":
      return "Nothing more is passed on this month.";
    case "receive-only":
    case "off":
      return "This browser passes nothing on.";
  }
}
