import type { UploadBar } from "eddy-hls";

const uploads: Readonly<Record<UploadBar | "on", string>> = {
  on: "This browser passes parts on to other viewers.",
  "no-consent": "This browser passes nothing on. Others then have to.",
  "save-data": "Nothing is passed on: this browser was asked to save data.",
  metered: "Nothing is passed on over a mobile connection.",
  background: "Nothing is passed on while this page is hidden.",
  "monthly-cap": "Nothing more is passed on this month.",
  "receive-only": "This browser passes nothing on.",
  off: "This browser passes nothing on.",
};

/** Where a joined stream comes from at the moment, and what this browser does for others. */
export const shared = {
  uploads,
  local: "A tab of this browser publishes the stream itself, so nothing has to be fetched.",
  problem: "It has not begun: why, stands below.",
  waitingForServer: "Waiting for its server.",
  gettingReady: "Getting ready.",
  fromServer: "It all comes from its server.",
  distrusted: "Other viewers were too slow, so all of it comes from the server for a while.",
  connected: "Connected. The first parts are on their way.",
  proven: "It comes from its publisher and other viewers, proven part by part.",
  mostlyViewers: "Nearly all of it comes from other viewers.",
  sharedWork: "Viewers and the server share the work.",
  mostlyServer: "Most of it has come from the server so far.",
  lostWithServer: "Other viewers cannot be found at the moment; all of it comes from the server.",
  lost: "The place where viewers find each other cannot be reached. It is tried again by itself.",
  aloneWithServer: "Nobody else is here yet; all of it comes from the server.",
  othersLeft: "The others have left. This page looks for more.",
  looking: "Looking for the publisher and other viewers.",
  relayWaiting: "The relay cannot be reached. It is tried again by itself.",
  relayConnecting: "Connecting to the relay.",
  relayOpen: (
    direction: "sent" | "received",
    host: string,
    transport: "websocket" | "webtransport",
    version: string,
  ): string =>
    `${direction === "sent" ? "Sent to" : "Connected to"} the relay at ${host} over ${transport === "websocket" ? "a WebSocket" : "WebTransport"}, in ${version}.`,
};
