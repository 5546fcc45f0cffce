import { beforeEach, expect, test, vi } from "vitest";
import type { JoinAddress } from "../address.ts";
import { peersFrom, withPeersOf } from "./join-sources.ts";
import { type Preferences, readPreferences } from "./preferences.ts";

beforeEach(() => {
  vi.stubGlobal("location", new URL("https://live.example/?watch=studio"));
});

const chosen = (changes: Partial<Preferences> = {}): Preferences => ({
  ...readPreferences({ getItem: () => null }),
  ...changes,
});

test("caps, and where viewers meet, are what was chosen for every stream", () => {
  const preferences = chosen({
    uploadKbps: 2_000,
    uploadMonthlyMB: 500,
    uploadInBackground: false,
    uploadOnMetered: true,
    signalUrl: "wss://meet.example/",
  });
  const { upload, signalling, mode } = peersFrom({ peers: "on" }, "ask", preferences).config;
  expect(upload).toEqual({
    consent: "ask",
    maxBps: 2_000_000,
    monthlyBytes: 500_000_000,
    inBackground: false,
    onMetered: true,
  });
  expect(signalling).toEqual({ kind: "relay", urls: ["wss://meet.example/"] });
  expect(mode).toBe("share");
});

test("where the address names a meeting place, that is the one", () => {
  const { signalling } = peersFrom(
    { peers: "on", signal: "ws://localhost:4455/" },
    "ask",
    chosen({ signalUrl: "wss://meet.example/" }),
  ).config;
  expect(signalling.urls).toEqual(["ws://localhost:4455/"]);
});

test("a TURN server is asked with its user, and lets addresses be hidden", () => {
  const preferences = chosen({
    peersMode: "relay-only",
    turnUrl: "turn:turn.example",
    turnUser: "eve",
    turnPassword: "s",
  });
  for (const upload of ["ask", "send"] as const) {
    const { iceServers, mode } = peersFrom({ peers: "on" }, upload, preferences).config;
    expect(iceServers).toEqual([{ urls: "turn:turn.example", username: "eve", credential: "s" }]);
    expect(mode).toBe("relay-only");
  }
});

test("who only takes still sends what it publishes itself", () => {
  const preferences = chosen({ peersMode: "receive-only" });
  expect(peersFrom({ peers: "on" }, "ask", preferences).config.mode).toBe("receive-only");
  expect(peersFrom({ peers: "on" }, "send", preferences).config.mode).toBe("share");
});

test("who wants no peers is not asked for them where the stream has another source; what the address says stands", () => {
  const off = chosen({ peersMode: "off" });
  const ask: JoinAddress = { peers: "ask", unsigned: false };
  expect(withPeersOf({ ...ask, moq: "https://relay.example/" }, off)).toBe("off");
  expect(withPeersOf(ask, off)).toBe("ask");
  expect(withPeersOf({ ...ask, peers: "on" }, off)).toBe("on");
  expect(withPeersOf({ ...ask, moq: "https://relay.example/" }, chosen())).toBe("ask");
});
