import { RelayError } from "eddy-hls";
import { beforeEach, expect, test, vi } from "vitest";
import type { JoinAddress } from "../address.ts";
import { joinOptions } from "./join-sources.ts";
import { explainLink } from "./link-trouble.ts";
import { explain } from "./messages.ts";
import { readPreferences } from "./preferences.ts";

beforeEach(() => {
  vi.stubGlobal("location", new URL("https://live.example/?watch=studio"));
});

/** What is said of a link that the library refuses to be given. */
function said(address: Partial<JoinAddress>): string {
  const asked: JoinAddress = { peers: "on", unsigned: false, ...address };
  try {
    joinOptions(asked, true, readPreferences({ getItem: () => null }));
  } catch (thrown) {
    return explainLink(thrown, asked).cause;
  }
  throw new Error("it was not refused");
}

test.each<[Partial<JoinAddress>, string]>([
  [{ origin: "ftp://example.org/a.m3u8" }, "The link has “ftp://example.org/a.m3u8” as its parameter “origin”"],
  [{ origin: "/a.m3u8", headers: "data:,x" }, "“data:,x” as its parameter “headers”"],
  [{ moq: "relay.example" }, "“relay.example” as its parameter “moq”, which has to be a URL of https."],
  [{ server: "http://server.example/" }, "“http://server.example/” as its parameter “server”"],
  [{ moq: "https://relay.example/", certificate: `${"0a".repeat(32)},abc` }, "“abc” as its parameter “certificate”"],
  [{ signal: "https://meet.example/" }, "“https://meet.example/” as its parameter “signal”"],
])("%j: it is said which parameter is wrong, and what is expected", (address, sentence) => {
  expect(said(address)).toContain(sentence);
});

test("what joining refuses is told likewise, and what the settings have wrong is not put down to the link", () => {
  const address: JoinAddress = { peers: "on", unsigned: false, key: "abc" };
  const refused = (message: string) => explainLink(new RelayError("invalid-option", message), address);
  expect(refused('fingerprint: expected 43 characters of base64url, got "abc"').cause).toBe(
    "The link has “abc” as its parameter “key”, which has to be 43 characters of base64url.",
  );
  expect(refused('"studio": expected an origin or a relay, got both').cause).toContain(
    "an origin or a relay, got both",
  );
  for (const message of [
    "signalling.urls: expected ws: or wss:, got https://of.settings/",
    "iceServers: relay-only expected a TURN server (turn: or turns:), got none",
  ]) {
    const error = new RelayError("invalid-option", message);
    expect(refused(message)).toEqual(explain(error));
  }
});

test("what is no fault of the link is told as what it is", () => {
  const error = new RelayError("unsupported-browser", "expected Web Locks");
  expect(explainLink(error, {})).toEqual(explain(error));
});
