import { expect, test } from "vitest";
import { type PeersOptions, resolvePeersOptions } from "./peer-options.ts";
import { shardsOf } from "./shards.ts";

const resolve = (options: PeersOptions = {}, url = "https://site.example/watch?x") => resolvePeersOptions(options, url);

test("without options: the relay of the page's own host, 12 neighbours, and no upload before the person agrees", () => {
  expect(resolve()).toMatchObject({
    mode: "share",
    signalling: { kind: "relay", urls: ["wss://site.example/eddy-signal"] },
    maxNeighbours: 12,
    upload: { consent: "ask", inBackground: true, onMetered: false },
  });
  expect(resolve({}, "http://localhost:5173/").signalling.urls).toEqual(["ws://localhost:5173/eddy-signal"]);
});

test("relay-only needs a TURN server", () => {
  expect(() => resolve({ mode: "relay-only" })).toThrowError(/TURN/);
  const iceServers = [{ urls: ["turns:turn.example"], username: "a", credential: "b" }];
  expect(resolve({ mode: "relay-only", iceServers }).mode).toBe("relay-only");
});

test.each([
  [{ maxNeighbours: 0 }],
  [{ maxNeighbours: 65 }],
  [{ mode: "sometimes" }],
  [{ room: "" }],
  [{ secret: "x".repeat(257) }],
  [{ signalling: { kind: "post" } }],
  [{ signalling: { kind: "relay", urls: ["https://relay.example"] } }],
  [{ signalling: { kind: "relay", urls: new Array(9).fill("wss://relay.example") } }],
  [{ signalling: { kind: "nostr", shards: 0 } }],
  [{ upload: { consent: "yes" } }],
  [{ upload: { maxBps: 0 } }],
  [{ upload: { monthlyBytes: -1 } }],
])("%j is refused", (options) => {
  expect(() => resolve(options as PeersOptions)).toThrowError(expect.objectContaining({ code: "invalid-option" }));
});

test("a peer sits in two shards that are not the same, and all shards hang together", () => {
  expect(shardsOf("room", "anybody", 1)).toEqual(["room"]);
  for (const shards of [2, 3, 16]) {
    const joined = new Map<string, Set<string>>();
    for (let n = 0; n < 40 * shards; n++) {
      const [a = "", b = "", ...more] = shardsOf("room", `peer${n}`, shards);
      expect(more).toEqual([]);
      expect(a).not.toBe(b);
      for (const [one, other] of [
        [a, b],
        [b, a],
      ] as const) {
        joined.set(one, (joined.get(one) ?? new Set()).add(other));
      }
    }
    const seen = new Set([...joined.keys()].slice(0, 1));
    for (const shard of seen) for (const other of joined.get(shard) ?? []) seen.add(other);
    expect(seen.size).toBe(shards);
  }
});
