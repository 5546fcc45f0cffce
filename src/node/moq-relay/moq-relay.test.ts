import { once } from "node:events";
import { connect } from "node:net";
import { Path } from "@moq/net";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { eventually } from "../../model/eventually.test-support.ts";
import {
  announcement,
  type ClientTransport,
  connectTo,
  frame,
  publish,
  STUDIO,
  text,
} from "./moq-client.test-support.ts";
import { type MoqRelay, type MoqRelayOptions, startMoqRelay } from "./moq-relay.ts";

beforeAll(() => {
  // @moq/net tells each stream's end on the console.
  for (const level of ["debug", "info", "warn", "error"] as const) vi.spyOn(console, level).mockReturnValue();
});

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function relayWith(options: MoqRelayOptions = {}): Promise<MoqRelay> {
  const relay = await startMoqRelay({ webTransport: false, ...options });
  open.push(relay);
  return relay;
}

async function client(relay: MoqRelay, options: Partial<Parameters<typeof connectTo>[1]> = {}) {
  const established = await connectTo(relay, { over: "websocket", ...options });
  open.push(established);
  return established;
}

/** A publisher and a viewer that has heard of it. */
async function pair(relay: MoqRelay) {
  const publisher = await client(relay);
  const viewer = await client(relay);
  const published = publish(publisher);
  expect(await announcement(viewer.announced())).toBe("+studio");
  return { publisher, viewer, ...published };
}

const KIB = 1024;

describe("who publishes", () => {
  test("the last who takes a name is relayed, and the one before again once it leaves", async () => {
    const relay = await relayWith();
    const [first, second, viewer] = [await client(relay), await client(relay), await client(relay)];
    const heard = viewer.announced();
    publish(first).track.writeFrame(frame("of the first"));
    expect(await announcement(heard)).toBe("+studio");
    publish(second).track.writeFrame(frame("of the second"));
    expect([await announcement(heard), await announcement(heard)]).toEqual(["-studio", "+studio"]);
    const watch = async (): Promise<string> => {
      const group = await viewer.consume(STUDIO).track("video").subscribe().recvGroup();
      return text((await group?.readFrame())?.payload);
    };
    expect(await watch()).toBe("of the second");
    second.close();
    expect([await announcement(heard), await announcement(heard)]).toEqual(["-studio", "+studio"]);
    expect(await watch()).toBe("of the first");
  });

  test("one who leaves is withdrawn, and its subscribers hear the end", async () => {
    const relay = await relayWith();
    const { publisher, viewer } = await pair(relay);
    const subscriber = viewer.consume(STUDIO).track("video").subscribe();
    await subscriber.info();
    const heard = viewer.announced();
    expect(await announcement(heard)).toBe("+studio");
    publisher.close();
    expect(await announcement(heard)).toBe("-studio");
    await expect(subscriber.recvGroup().catch(() => undefined)).resolves.toBeUndefined();
    await eventually(() => expect(relay.stats.subscriptions).toEqual({}));
  });

  test("one who sends more than the limit is closed, and another goes on", async () => {
    const relay = await relayWith({ limits: { maxBytesPerSecond: 64 * KIB } });
    const { viewer, track } = await pair(relay);
    const flooding = await client(relay);
    const flood = publish(flooding, "noise").track;
    const heard = viewer.announced();
    for (let event = ""; event !== "+noise"; ) event = await announcement(heard);
    const noise = viewer.consume(Path.from("noise")).track("video").subscribe();
    await eventually(() => expect(relay.stats.subscriptions).toEqual({ "noise/video": 1 }));
    flood.writeFrame(frame(new Uint8Array(200 * KIB)));
    await flooding.closed;
    expect(await announcement(heard)).toBe("-noise");
    await noise.closed;
    track.writeFrame(frame("still here"));
    const group = await viewer.consume(STUDIO).track("video").subscribe().recvGroup();
    expect(text((await group?.readFrame())?.payload)).toBe("still here");
  });

  test("one of too many broadcasts is closed", async () => {
    const relay = await relayWith({ limits: { maxBroadcastsPerSession: 2 } });
    const publisher = await client(relay);
    for (const path of ["a", "b", "c"]) publish(publisher, path);
    await publisher.closed;
    expect(relay.stats.sessions).toEqual([]);
  });

  test("groups that never end cost their track its subscribers, and no other track", async () => {
    const relay = await relayWith({ limits: { maxGroupsPerTrack: 4 } });
    const { viewer, broadcast, track } = await pair(relay);
    const sound = broadcast.createTrack("sound");
    const consumed = viewer.consume(STUDIO);
    const [endless, other] = [consumed.track("video").subscribe(), consumed.track("sound").subscribe()];
    await Promise.all([endless.info(), other.info()]);
    await eventually(() => expect(Object.keys(relay.stats.subscriptions)).toHaveLength(2));
    for (let group = 0; group < 6; group += 1) track.appendGroup().writeFrame(frame(`${group}`));
    await endless.closed;
    sound.writeFrame(frame("heard"));
    expect(text((await (await other.recvGroup())?.readFrame())?.payload)).toBe("heard");
    expect(relay.stats.subscriptions).toEqual({ "studio/sound": 1 });
  });
});

describe("who watches", () => {
  test("one that does not read loses old groups: the relay keeps no more, and another gets all", async () => {
    const maxBytesPerTrack = 2 * KIB * KIB;
    const relay = await relayWith({ limits: { maxBytesPerTrack } });
    const { viewer, track } = await pair(relay);
    let socket: WebSocket | undefined;
    const stalled = await client(relay, { onSocket: (opened) => (socket = opened) });
    const [good, bad] = [viewer, stalled].map((session) => session.consume(STUDIO).track("video").subscribe());
    await Promise.all([good?.info(), bad?.info()]);
    await eventually(() => expect(relay.stats.subscriptions).toEqual({ "studio/video": 2 }));
    socket?.pause();
    for (let index = 0; index < 64; index += 1) {
      track.writeFrame(frame(new Uint8Array(512 * KIB).fill(index)));
      const group = await good?.recvGroup();
      const read = await group?.readFrame();
      expect([group?.sequence, read?.payload.length, read?.payload[0]]).toEqual([index, 512 * KIB, index]);
    }
    const { keptBytes, droppedGroups } = relay.stats;
    expect(keptBytes).toBeLessThanOrEqual(maxBytesPerTrack);
    expect(droppedGroups).toBeGreaterThan(0);
    // The newest is still there for it.
    socket?.resume();
    let newest = -1;
    while (newest < 63) newest = (await bad?.recvGroup())?.sequence ?? Number.NaN;
    expect(newest).toBe(63);
  });

  test("all share one subscription at the publisher, which ends after the last", async () => {
    const relay = await relayWith();
    const { viewer, track } = await pair(relay);
    const viewers = [viewer, await client(relay), await client(relay)];
    const subscribers = viewers.map((session) => session.consume(STUDIO).track("video").subscribe());
    await eventually(() => expect(relay.stats.subscriptions).toEqual({ "studio/video": 3 }));
    track.writeFrame(frame("once"));
    for (const subscriber of subscribers) expect((await subscriber.recvGroup())?.sequence).toBe(0);
    for (const subscriber of subscribers) subscriber.close();
    await eventually(() => expect(relay.stats.subscriptions).toEqual({}));
    await track.unused();
  });

  test("a group is fetched out of what is kept, or from the publisher", async () => {
    const relay = await relayWith({ limits: { maxGroupsPerTrack: 2 } });
    const { viewer, track } = await pair(relay);
    const consumed = viewer.consume(STUDIO).track("video");
    const subscriber = consumed.subscribe();
    await eventually(() => expect(relay.stats.subscriptions).toEqual({ "studio/video": 1 }));
    for (let index = 0; index < 4; index += 1) {
      track.writeFrame(frame(`${index}`));
      await subscriber.recvGroup();
    }
    for (const sequence of [3, 0]) {
      const group = await consumed.fetchGroup(sequence);
      expect(text((await group.readFrame())?.payload)).toBe(`${sequence}`);
      expect(await group.readFrame()).toBeUndefined();
    }
  });

  test("one that asks for a track that nobody publishes hears so", async () => {
    const relay = await relayWith();
    const publisher = await client(relay);
    const { broadcast } = publish(publisher);
    void broadcast.requested().then((request) => request?.reject(new Error("no such track")));
    const viewer = await client(relay);
    expect(await announcement(viewer.announced())).toBe("+studio");
    await expect(viewer.consume(STUDIO).track("none").subscribe().recvGroup()).rejects.toThrow();
  });

  test("only what lies below the path of its URL is seen, and published", async () => {
    const relay = await relayWith();
    const [inRoom, outside] = [await client(relay, { path: "/room" }), await client(relay)];
    const publisher = await client(relay, { path: "/room" });
    publish(publisher);
    expect(await announcement(inRoom.announced())).toBe("+studio");
    expect(await announcement(outside.announced())).toBe("+room/studio");
  });
});

describe("who may come in", () => {
  test.each<ClientTransport>(["websocket", "webtransport"])("only with the token, over %s", async (over) => {
    const relay = await relayWith({ token: "secret", webTransport: true });
    // One transport has the version in its subprotocol, the other in the first message.
    const alpn = over === "websocket" ? "moq-lite-05" : "moql";
    await expect(connectTo(relay, { over, alpn, path: "/?jwt=wrong" })).rejects.toThrow();
    expect(relay.stats).toMatchObject({ refused: 1, sessions: [] });
    await client(relay, { over, alpn, path: "/?jwt=secret" });
    await eventually(() => expect(relay.stats.sessions).toHaveLength(1));
  });

  test("as many as the limit says", async () => {
    const relay = await relayWith({ limits: { maxSessions: 1 } });
    const first = await client(relay);
    await expect(connectTo(relay, { over: "websocket" })).rejects.toThrow();
    expect(relay.stats.refused).toBe(1);
    first.close();
    await eventually(() => expect(relay.stats.sessions).toEqual([]));
    await client(relay);
  });

  test("who speaks no version of it, or nonsense, is closed, and the relay goes on", async () => {
    const relay = await relayWith();
    const url = relay.url.replace("http", "ws");
    const refused = new WebSocket(url, ["chat"]);
    await new Promise((resolve) => refused.on("error", resolve));
    for (const bytes of [Buffer.alloc(3000, 0xff), Buffer.from("nonsense"), Buffer.alloc(0)]) {
      const socket = new WebSocket(url, ["qmux-01.moq-lite-05"]);
      await new Promise((resolve) => socket.on("open", resolve));
      socket.send(bytes);
      socket.send("text");
      socket.close();
      await new Promise((resolve) => socket.on("close", resolve));
    }
    const { viewer, track } = await pair(relay);
    track.writeFrame(frame("well"));
    expect((await viewer.consume(STUDIO).track("video").subscribe().recvGroup())?.sequence).toBe(0);
  });

  test("one that is refused and does not leave does not keep the relay from closing", async () => {
    const relay = await startMoqRelay({ webTransport: false });
    const socket = connect({ host: "127.0.0.1", port: Number(new URL(relay.url).port), allowHalfOpen: true });
    open.push({ close: () => socket.destroy() });
    socket.write("GET / HTTP/1.1\r\nHost: relay.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    socket.resume();
    await once(socket, "end");
    expect(relay.stats.refused).toBe(1);
    await relay.close();
  });

  test("all are sent away at once when their time is over, and may come again", async () => {
    const relay = await relayWith();
    const { publisher, viewer } = await pair(relay);
    relay.disconnect();
    await Promise.all([publisher.closed, viewer.closed]);
    await pair(relay);
  });
});

test("pages get the hash of the certificate and the state over plain HTTP", async () => {
  const relay = await relayWith({ webTransport: true });
  const hash = await fetch(`${relay.url}/certificate.sha256`);
  expect(hash.headers.get("access-control-allow-origin")).toBe("*");
  expect(await hash.text()).toBe(relay.certificateHash);
  expect(await (await fetch(`${relay.url}/stats.json`)).json()).toEqual(relay.stats);
});

test("a relay without WebTransport says why", async () => {
  const relay = await relayWith();
  expect(relay.webTransportMissing).toContain("switched off");
  expect((await fetch(`${relay.url}/certificate.sha256`)).status).toBe(404);
});

test("a port that is taken is an error", async () => {
  const relay = await relayWith();
  await expect(startMoqRelay({ port: Number(new URL(relay.url).port) })).rejects.toMatchObject({
    code: "invalid-option",
  });
});
