import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { FakeClock } from "../cache/fake-clock.test-support.ts";
import { MAX_SIGNAL_BYTES, SIGNAL_CLOSE, SIGNAL_PROTOCOL, type SignalNews } from "../wire/signal-messages.ts";
import { type ServedSignal, type ServeSignalOptions, serveSignal } from "./signal-server.ts";

const open = new Set<{ close(): unknown }>();

afterEach(async () => {
  await Promise.all([...open].map((one) => one.close()));
  open.clear();
});

async function serve(options: ServeSignalOptions = {}): Promise<ServedSignal> {
  const served = await serveSignal(options);
  open.add(served);
  return served;
}

/** A peer, reduced to what it hears. */
class Peer {
  readonly socket: WebSocket;
  readonly heard: SignalNews[] = [];
  readonly closed: Promise<number>;

  constructor(
    { url }: ServedSignal,
    {
      origin,
      protocol = SIGNAL_PROTOCOL,
      headers = {},
    }: { origin?: string; protocol?: string; headers?: Record<string, string> } = {},
  ) {
    this.socket = new WebSocket(url, protocol, { headers, ...(origin === undefined ? {} : { origin }) });
    this.socket.on("message", (data) => this.heard.push(JSON.parse(data.toString())));
    this.closed = new Promise((resolve) => this.socket.on("close", resolve));
    open.add(this.socket);
  }

  async ask(ask: object | string): Promise<void> {
    if (this.socket.readyState === WebSocket.CONNECTING) await once(this.socket, "open");
    this.socket.send(typeof ask === "string" ? ask : JSON.stringify(ask));
  }

  /** Subscribes; resolves once the relay has it, and with it all that was asked before. */
  async subscribe(topic: string): Promise<number> {
    await this.ask({ type: "subscribe", topic });
    for (;;) {
      const at = this.heard.findIndex((news) => news.type === "subscribed" && news.topic === topic);
      const [news] = at < 0 ? [] : this.heard.splice(at, 1);
      if (news?.type === "subscribed") return news.members;
      await once(this.socket, "message");
    }
  }
}

async function subscribed(served: ServedSignal, topic: string, count: number): Promise<readonly Peer[]> {
  const peers = Array.from({ length: count }, () => new Peer(served));
  await Promise.all(peers.map((peer) => peer.subscribe(topic)));
  return peers;
}

test("what one publishes, the other subscribers of the topic hear, and nobody else", async () => {
  const served = await serve();
  const [a, b] = (await subscribed(served, "room", 2)) as [Peer, Peer];
  const [other] = (await subscribed(served, "elsewhere", 1)) as [Peer];
  await a.ask({ type: "publish", topic: "room", payload: "sealed" });
  await a.subscribe("sync");
  await expect.poll(() => b.heard).toEqual([{ type: "message", topic: "room", payload: "sealed" }]);
  await other.subscribe("sync");
  expect(a.heard).toEqual([]);
  expect(other.heard).toEqual([]);
});

test("a subscription tells how many listen, and ends when it is taken back or the socket goes", async () => {
  const served = await serve();
  const a = new Peer(served);
  const b = new Peer(served);
  expect(await a.subscribe("room")).toBe(1);
  expect(await b.subscribe("room")).toBe(2);
  await a.ask({ type: "unsubscribe", topic: "room" });
  expect(await a.subscribe("room")).toBe(2);
  b.socket.close();
  await expect.poll(() => served.stats.sockets).toBe(1);
  expect(served.stats.topics).toBe(1);
});

test("of many subscribers, as many as the fanout hear a message, each once", async () => {
  const served = await serve({ fanout: 3 });
  const peers = await subscribed(served, "room", 8);
  const [speaker] = peers;
  await speaker?.ask({ type: "publish", topic: "room", payload: "sealed" });
  const heard = () => peers.map((peer) => peer.heard.length);
  await expect.poll(() => heard().reduce((sum, count) => sum + count, 0)).toBe(3);
  expect(heard()[0]).toBe(0);
  expect(Math.max(...heard())).toBe(1);
});

test.each([
  ["no JSON", "hello"],
  ["something else", { type: "shout", topic: "room" }],
  ["no topic", { type: "subscribe" }],
  ["a topic that is too long", { type: "subscribe", topic: "x".repeat(129) }],
  ["a payload that is no text", { type: "publish", topic: "room", payload: 7 }],
])("%s costs the sender its socket, and nobody else theirs", async (_, ask) => {
  const served = await serve();
  const [liar, other] = (await subscribed(served, "room", 2)) as [Peer, Peer];
  await liar.ask(ask);
  expect(await liar.closed).toBe(SIGNAL_CLOSE.policy);
  expect(await other.subscribe("room")).toBe(1);
  expect(served.stats.refused).toBe(1);
});

test("a message for names is heard by those alone", async () => {
  const served = await serve({ fanout: 1 });
  const peers = await subscribed(served, "room", 3);
  const named = new Peer(served);
  await named.ask({ type: "subscribe", topic: "room", name: "n-1" });
  await expect.poll(() => served.stats.sockets).toBe(4);
  await named.subscribe("sync");
  await peers[0]?.ask({ type: "publish", topic: "room", payload: "sealed", names: ["n-1", "nobody"] });
  await expect.poll(() => named.heard).toContainEqual({ type: "message", topic: "room", payload: "sealed" });
  expect(peers.flatMap((peer) => peer.heard)).toEqual([]);
});

test("a message that is too large costs the sender its socket", async () => {
  const peer = new Peer(await serve());
  await peer.ask({ type: "publish", topic: "room", payload: "x".repeat(MAX_SIGNAL_BYTES) });
  expect(await peer.closed).toBe(1009);
});

test("who sends faster than the rate, after a burst, is closed", async () => {
  const served = await serve({ messageBurst: 4, messagesPerSecond: 1, clock: new FakeClock() });
  const peer = new Peer(served);
  await peer.subscribe("room");
  for (let n = 0; n < 4; n++) await peer.ask({ type: "publish", topic: "room", payload: "x" });
  expect(await peer.closed).toBe(SIGNAL_CLOSE.policy);
});

test("who wants more topics than it may have is closed", async () => {
  const peer = new Peer(await serve({ maxTopicsPerSocket: 2 }));
  await peer.subscribe("a");
  await peer.subscribe("b");
  await peer.ask({ type: "subscribe", topic: "c" });
  expect(await peer.closed).toBe(SIGNAL_CLOSE.policy);
});

test("a socket that subscribes to nothing is closed", async () => {
  const clock = new FakeClock();
  const served = await serve({ clock });
  const peer = new Peer(served);
  await expect.poll(() => served.stats.sockets).toBe(1);
  clock.advance(10_000);
  expect(await peer.closed).toBe(SIGNAL_CLOSE.policy);
});

test("a socket that does not answer a ping by the next one is gone", async () => {
  const clock = new FakeClock();
  const served = await serve({ clock });
  const [alive] = (await subscribed(served, "room", 1)) as [Peer];
  const dead = new WebSocket(served.url, SIGNAL_PROTOCOL, { autoPong: false });
  open.add(dead);
  await once(dead, "open");
  dead.send(JSON.stringify({ type: "subscribe", topic: "room" }));
  await once(dead, "message");
  const pinged = Promise.all([once(alive.socket, "ping"), once(dead, "ping")]);
  clock.advance(25_000);
  await pinged;
  // Its pong has arrived before what it asks next is answered.
  await alive.subscribe("sync");
  clock.advance(25_000);
  await once(dead, "close");
  expect(await alive.subscribe("room")).toBe(1);
});

test("only pages of the origins that are listed may connect", async () => {
  const served = await serve({ origins: ["https://site.example"] });
  const welcome = new Peer(served, { origin: "https://site.example" });
  expect(await welcome.subscribe("room")).toBe(1);
  expect(await new Peer(served, { origin: "https://other.example" }).closed).toBe(SIGNAL_CLOSE.origin);
  expect(await new Peer(served).closed).toBe(SIGNAL_CLOSE.origin);
});

test("another version is told so", async () => {
  const served = await serve();
  expect(await new Peer(served, { protocol: "eddy-signal.0" }).closed).toBe(SIGNAL_CLOSE.version);
});

test("a relay that is full says so, over all and for one address", async () => {
  for (const options of [{ maxSockets: 1 }, { maxSocketsPerAddress: 1 }]) {
    const served = await serve(options);
    const first = new Peer(served);
    await first.subscribe("room");
    expect(await new Peer(served).closed).toBe(SIGNAL_CLOSE.tryLater);
    first.socket.close();
    await expect.poll(() => served.stats.sockets).toBe(0);
    expect(await new Peer(served).subscribe("room")).toBe(1);
  }
});

test("all addresses of one IPv6 network count as one", async () => {
  const served = await serve({ maxSocketsPerAddress: 1, proxied: true });
  const from = (address: string): Peer => new Peer(served, { headers: { "x-forwarded-for": address } });
  expect(await from("2001:db8:1:2::1").subscribe("room")).toBe(1);
  expect(await from("2001:db8:1:2::2").closed).toBe(SIGNAL_CLOSE.tryLater);
  expect(await from("2001:db8:1:3::1").subscribe("room")).toBe(2);
});

test("closing says goodbye to every peer, and plain HTTP is answered until then", async () => {
  const served = await serveSignal();
  const peers = await subscribed(served, "room", 3);
  expect(await (await fetch(served.url.replace("ws", "http"))).text()).toContain("signal");
  await served.close();
  expect(await Promise.all(peers.map(({ closed }) => closed))).toEqual([1001, 1001, 1001]);
  expect(served.stats.topics).toBe(0);
});
