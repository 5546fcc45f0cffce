import { expect, test } from "vitest";
import { freeName, namesInUse, publishSearch, readAddress, watchSearch } from "./address.ts";

test("an address without parameters is the start page", () => {
  expect(readAddress("")).toEqual({ view: "home" });
});

test("an address that names a stream and a source is read as it stands", () => {
  expect(readAddress("?publish=studio&source=camera&partTargetMs=500")).toEqual({
    view: "publish",
    name: "studio",
    source: "camera",
    partTargetMs: 500,
    peers: "off",
    complaints: [],
  });
});

test("publishing without a source means the test pattern at the default part target", () => {
  expect(readAddress("?publish=a")).toMatchObject({ source: "pattern", partTargetMs: 333, complaints: [] });
});

test("an empty publish or watch asks for the form only", () => {
  expect(readAddress("?publish")).toMatchObject({ view: "publish", name: "", complaints: [] });
  expect(readAddress("?watch=")).toEqual({ view: "watch", name: "" });
});

test.each(["", "abc", "0", "49", "6001", "-333", "NaN", "Infinity"])("partTargetMs=%s is complained of", (value) => {
  const address = readAddress(`?publish=a&partTargetMs=${value}`);
  expect(address).toMatchObject({ partTargetMs: 333 });
  expect(address.view === "publish" && address.complaints).toHaveLength(1);
});

test("an unknown source is complained of, and the form shows the pattern", () => {
  const address = readAddress("?publish=a&source=tape");
  expect(address).toMatchObject({ source: "pattern" });
  expect(address.view === "publish" && address.complaints[0]).toContain("tape");
});

test("publish wins over watch, and says so", () => {
  expect(readAddress("?watch=a&publish=b")).toMatchObject({ view: "publish", name: "b" });
  expect(readAddress("?watch=a&publish=b")).toHaveProperty("complaints.length", 1);
});

test("what publishSearch and watchSearch write, readAddress reads", () => {
  const settings = { name: "a b&c", source: "screen", partTargetMs: 200 } as const;
  expect(readAddress(publishSearch(settings))).toMatchObject(settings);
  expect(readAddress(watchSearch("a b&c"))).toEqual({ view: "watch", name: "a b&c" });
  expect(publishSearch({ name: "a", source: "pattern", partTargetMs: 333 })).not.toContain("partTargetMs");
});

const KEY = "k".repeat(43);

test("a link with a key is to a stream of other people, and its reader decides about peers", () => {
  expect(readAddress(watchSearch("a", { key: KEY, signal: "ws://localhost:1/" }))).toEqual({
    view: "watch",
    name: "a",
    join: { peers: "ask", signal: "ws://localhost:1/", key: KEY, unsigned: false },
  });
  expect(readAddress(`?watch=a&key=${KEY}&peers=on`)).toHaveProperty("join.peers", "on");
  expect(readAddress(`?watch=a&key=${KEY}&peers=off`)).toEqual({ view: "watch", name: "a" });
});

test("a stream of an origin is joined with peers only where the address says so", () => {
  const origin = "https://example.org/main.m3u8";
  expect(readAddress(`?watch=a&origin=${origin}`)).toHaveProperty("join", { peers: "off", origin, unsigned: false });
  expect(readAddress(`?watch=a&origin=${origin}&peers=on&integrity=none`)).toHaveProperty("join", {
    peers: "on",
    origin,
    unsigned: true,
  });
  expect(readAddress(`?watch=a&origin=${origin}&headers=https://example.org/sign&key=${KEY}`)).toHaveProperty("join", {
    peers: "ask",
    origin,
    headers: "https://example.org/sign",
    key: KEY,
    unsigned: false,
  });
});

test("a relay is taken from the address, and told on in the link, with peers only where they were asked for", () => {
  const moq = "https://relay.example.org/live?jwt=a.b.c";
  const certificate = "0a".repeat(32);
  const publishes = publishSearch({ name: "a", source: "pattern", moq, certificate });
  expect(readAddress(publishes)).toMatchObject({ view: "publish", moq, certificate, peers: "off" });
  expect(readAddress(`?watch=a&moq=${encodeURIComponent(moq)}`)).toHaveProperty("join", {
    peers: "off",
    moq,
    unsigned: false,
  });
  const link = watchSearch("a", { key: KEY, moq, certificate, peers: false });
  expect(readAddress(link)).toHaveProperty("join", { peers: "off", moq, certificate, key: KEY, unsigned: false });
  expect(readAddress(watchSearch("a", { key: KEY, moq, peers: true }))).toHaveProperty("join.peers", "ask");
});

test("publishing to other viewers is asked for, and told on", () => {
  expect(readAddress("?publish=a")).toHaveProperty("peers", "off");
  const search = publishSearch({ name: "a", source: "pattern", peers: "on", signal: "wss://example.org/s" });
  expect(readAddress(search)).toMatchObject({ peers: "on", signal: "wss://example.org/s" });
});

test("freeName() counts on from the names that are taken", () => {
  expect(freeName([])).toBe("studio");
  expect(freeName(["studio", "studio-2", "other"])).toBe("studio-3");
});

test("a name is in use while it is sent, and while something is kept under it", () => {
  const stream = { renditions: ["main"], windowMs: 1, dvrWindowMs: 1, sizeBytes: 1 };
  const kept = { sizeBytes: 1, windowMs: 1, pinned: false, createdAtMs: 0 };
  expect(
    namesInUse([
      { ...stream, name: "now", state: "live" },
      { ...stream, name: "away", state: "waiting" },
      { ...stream, name: "kept", state: "ended", kept },
      { ...stream, name: "over", state: "ended" },
    ]),
  ).toEqual(["now", "away", "kept"]);
});

test("a free name keeps to the length that a name may have", () => {
  const long = "x".repeat(64);
  expect(freeName([long], long)).toBe(`${"x".repeat(62)}-2`);
  expect(freeName(["lab"], "lab")).toBe("lab-2");
});
