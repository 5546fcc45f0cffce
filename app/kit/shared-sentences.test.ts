import type { SessionStats } from "eddy-hls";
import { expect, test } from "vitest";
import { relaySentence, sharedSentence, uploadSentence } from "./shared-sentences.ts";

const STATS: SessionStats = {
  role: "leader",
  atMs: 1,
  bytes: { page: 0, peer: 900, origin: 100 },
  parts: { page: 0, peer: 9, origin: 1, missed: 0 },
  copies: { received: 1, sent: 1 },
  uploadedBytes: 0,
  wastedBytes: 0,
  controlBytes: 0,
  peers: [{ peer: "a", receiveBps: 0, sendBps: 0, receivedBytes: 0, sentBytes: 0 }],
  bans: [],
  failures: [],
  upload: "on",
  signalling: "open",
  distrusted: false,
  refused: 0,
};
const NOTHING = { page: 0, peer: 0, origin: 0 };

test.each<[string, Partial<SessionStats>]>([
  ["Nearly all of it comes from other viewers.", {}],
  ["Viewers and the server share the work.", { bytes: { page: 0, peer: 5, origin: 5 } }],
  ["Most of it has come from the server so far.", { bytes: { page: 0, peer: 1, origin: 9 } }],
  ["Other viewers were too slow, so all of it comes from the server for a while.", { distrusted: true }],
  ["Nobody else is here yet; all of it comes from the server.", { peers: [] }],
  ["Other viewers cannot be found at the moment; all of it comes from the server.", { peers: [], signalling: "lost" }],
  ["It all comes from its server.", { peers: [], signalling: "off" }],
  ["Waiting for its server.", { peers: [], signalling: "off", bytes: NOTHING }],
  ["Connected. The first parts are on their way.", { bytes: NOTHING }],
  ["It has not begun: why, stands below.", { bytes: NOTHING, problem: { code: "origin-unreachable", message: "" } }],
  ["A tab of this browser publishes the stream itself, so nothing has to be fetched.", { role: "local" }],
])("of a stream with a server it is said: %s", (sentence, changes) => {
  expect(sharedSentence({ ...STATS, ...changes }, true)).toBe(sentence);
});

test.each<[string, Partial<SessionStats>]>([
  ["It comes from its publisher and other viewers, proven part by part.", {}],
  ["Looking for the publisher and other viewers.", { peers: [], bytes: NOTHING }],
  ["The others have left. This page looks for more.", { peers: [] }],
  [
    "The place where viewers find each other cannot be reached. It is tried again by itself.",
    { peers: [], signalling: "lost" },
  ],
])("of a stream that a page publishes it is said: %s", (sentence, changes) => {
  expect(sharedSentence({ ...STATS, ...changes }, false)).toBe(sentence);
});

test("for each reason not to pass anything on there are words", () => {
  const reasons = [
    "on",
    "off",
    "receive-only",
    "no-consent",
    "save-data",
    "metered",
    "background",
    "monthly-cap",
  ] as const;
  for (const upload of reasons) expect(uploadSentence({ ...STATS, upload })).toMatch(/\.$/);
});

test("of a relay it is said how it is reached, or that it is not", () => {
  const relay = { url: "https://relay.example.org/live", sessions: 1, subscriptions: 1, refused: 0 };
  const open = { ...relay, state: "open", transport: "webtransport", version: "moq-lite-05" } as const;
  expect(relaySentence(open, "received")).toBe(
    "Connected to the relay at relay.example.org over WebTransport, in moq-lite-05.",
  );
  expect(relaySentence({ ...open, transport: "websocket" }, "sent")).toContain(
    "Sent to the relay at relay.example.org over a WebSocket",
  );
  expect(relaySentence({ ...relay, state: "connecting" }, "sent")).toBe("Connecting to the relay.");
  expect(relaySentence({ ...relay, state: "waiting" }, "received")).toContain("cannot be reached");
});
