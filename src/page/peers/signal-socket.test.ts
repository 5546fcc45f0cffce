import { expect, test } from "vitest";
import { FakeClock } from "../../cache/fake-clock.test-support.ts";
import { SIGNAL_CLOSE, SIGNAL_PROTOCOL } from "../../wire/signal-messages.ts";
import { SignalSocket, type TextSocket } from "./signal-socket.ts";

class FakeSocket extends EventTarget implements TextSocket {
  readyState = 0;
  readonly sent: unknown[] = [];

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = 3;
  }

  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  say(news: unknown): void {
    const data = typeof news === "string" ? news : JSON.stringify(news);
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }

  drop(code = 1006): void {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason: "" }));
  }
}

function relay() {
  const clock = new FakeClock();
  const sockets: FakeSocket[] = [];
  const failures: string[] = [];
  const protocols: string[] = [];
  const made = new SignalSocket({
    url: "ws://relay.example",
    connect(_, protocol) {
      protocols.push(protocol);
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    clock,
    random: () => 1,
    failed: (reason) => failures.push(reason),
  });
  return { made, clock, sockets, failures, protocols, last: () => sockets.at(-1) as FakeSocket };
}

const message = (topic: string, payload: string) => ({ type: "message", topic, payload });

test("subscribes when it opens, and hears the topics that it subscribed to", async () => {
  const { made, last, protocols } = relay();
  const heard: string[] = [];
  const end = made.subscribe("room", "self", (payload) => heard.push(payload));
  const opened = made.opened();
  last().open();
  await opened;
  expect(protocols).toEqual([SIGNAL_PROTOCOL]);
  expect(last().sent).toEqual([{ type: "subscribe", topic: "room", name: "self" }]);
  last().say({ type: "subscribed", topic: "room", members: 5 });
  last().say(message("room", "a"));
  last().say(message("elsewhere", "b"));
  last().say("no JSON");
  last().say({ type: "message", topic: "room" });
  expect(heard).toEqual(["a"]);
  expect(made.members).toBe(5);
  end();
  last().say(message("room", "c"));
  expect(last().sent).toContainEqual({ type: "unsubscribe", topic: "room" });
  expect(heard).toEqual(["a"]);
});

test("a relay that goes away is asked again, ever more rarely, and its topics are subscribed to again", () => {
  const { made, clock, sockets, failures, last } = relay();
  made.subscribe("room", "self", () => undefined);
  const gaps: number[] = [];
  for (let n = 0; n < 9; n++) {
    last().drop();
    const [count, startMs] = [sockets.length, clock.now()];
    while (sockets.length === count) clock.advance(500);
    gaps.push(clock.now() - startMs);
  }
  expect(gaps).toEqual([1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000]);
  expect(new Set(failures)).toEqual(new Set(["signalling-unreachable"]));
  last().open();
  expect(last().sent).toEqual([{ type: "subscribe", topic: "room", name: "self" }]);
  // It lasts, so the next loss is met at once again.
  clock.advance(10_000);
  last().drop();
  clock.advance(1_000);
  expect(sockets).toHaveLength(11);
});

test("a relay that does not answer is given up after a while", () => {
  const { clock, sockets, failures } = relay();
  clock.advance(10_000);
  expect(failures).toEqual(["signalling-unreachable"]);
  expect(sockets[0]?.readyState).toBe(3);
  clock.advance(1_000);
  expect(sockets).toHaveLength(2);
});

test("when the network is back, it is tried at once", () => {
  const { made, sockets, last } = relay();
  made.retry();
  expect(sockets).toHaveLength(1); // it is still trying
  last().drop();
  made.retry();
  expect(sockets).toHaveLength(2);
});

test("when the network is back, a socket that is open is asked, and replaced where no answer comes", () => {
  const { made, clock, sockets, failures, last } = relay();
  made.subscribe("room", "self", () => undefined);
  last().open();
  clock.advance(20_000);
  made.retry();
  expect(last().sent).toHaveLength(2);
  last().say({ type: "subscribed", topic: "room", members: 2 });
  clock.advance(60_000);
  expect(sockets, "it answers").toHaveLength(1);
  made.retry();
  clock.advance(10_000);
  expect(failures).toEqual(["signalling-unreachable"]);
  clock.advance(1_000);
  expect(sockets).toHaveLength(2);
  last().open();
  expect(last().sent).toEqual([{ type: "subscribe", topic: "room", name: "self" }]);
});

test.each([
  [SIGNAL_CLOSE.version, "version"],
  [SIGNAL_CLOSE.origin, "signalling-refused"],
  [SIGNAL_CLOSE.policy, "signalling-refused"],
  [SIGNAL_CLOSE.tryLater, "signalling-unreachable"],
])("close code %i is told as %s", (code, reason) => {
  const { failures, last } = relay();
  last().open();
  last().drop(code);
  expect(failures).toEqual([reason]);
});

test("a URL that the browser refuses is a failure, and no exception", () => {
  const failures: string[] = [];
  const clock = new FakeClock();
  const made = new SignalSocket({
    url: "ws://relay.example",
    connect() {
      throw new DOMException("insecure", "SecurityError");
    },
    clock,
    random: () => 1,
    failed: (reason) => failures.push(reason),
  });
  expect(failures).toEqual(["signalling-unreachable"]);
  made.close();
  expect(clock.pending).toBe(0);
});

test("once closed it asks for nothing any more, and nobody waits for it", async () => {
  const { made, clock, sockets, failures, last } = relay();
  const opened = made.opened();
  made.close();
  await opened;
  last().drop();
  clock.advance(120_000);
  made.retry();
  expect(sockets).toHaveLength(1);
  expect(failures).toEqual([]);
});

test("tells how many listen to a topic, for each time that it is subscribed to", () => {
  const { made, clock, last } = relay();
  const counts: number[] = [];
  made.subscribe("self", "me", () => undefined);
  made.subscribe(
    "room",
    "me",
    () => undefined,
    (members) => counts.push(members),
  );
  last().open();
  last().say({ type: "subscribed", topic: "self", members: 1 });
  expect(counts).toEqual([]);
  last().say({ type: "subscribed", topic: "room", members: 3 });
  last().drop();
  clock.advance(1_000);
  last().open();
  last().say({ type: "subscribed", topic: "room", members: 2 });
  expect(counts).toEqual([3, 2]);
});
