import { expect, test } from "vitest";
import { FakeClock } from "../cache/fake-clock.test-support.ts";
import type { Bytes } from "../model/bytes.ts";
import { encodeBundle } from "../wire/bundle.ts";
import { PEER_VERSION } from "../wire/peer-frame.ts";
import { encodeFrame } from "../wire/peer-frame-codec.ts";
import { CarriageSession } from "./carriage-session.ts";
import type { CarriageTransport } from "./transport.ts";

const CARD = { kind: "card", bytes: new Uint8Array(40) as Bytes } as const;

function sessionOver(createUnidirectionalStream: CarriageTransport["createUnidirectionalStream"]): CarriageSession {
  const nothing = (): void => undefined;
  const transport: CarriageTransport = {
    ready: Promise.resolve(),
    closed: new Promise(nothing),
    incomingUnidirectionalStreams: new ReadableStream(),
    incomingBidirectionalStreams: new ReadableStream(),
    createUnidirectionalStream,
    createBidirectionalStream: () => new Promise(nothing),
    close: nothing,
  };
  const listener = { hello: nothing, frame: nothing, bundle: nothing };
  return new CarriageSession({ transport, opens: true, self: "a", source: true, clock: new FakeClock(), listener });
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
};

test("what is given up waits no longer for a stream, and no more streams are asked for than may wait", async () => {
  let asked = 0;
  const session = sessionOver(() => {
    asked += 1;
    return new Promise(() => undefined);
  });
  const outcomes: unknown[] = [];
  for (let count = 0; count < 1_000; count += 1) {
    const giveUp = new AbortController();
    session.send(CARD, giveUp.signal).catch((thrown: unknown) => outcomes.push(thrown));
    giveUp.abort("late");
  }
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  expect(asked).toBe(256);
  expect(outcomes).toHaveLength(1_000);
  expect(outcomes.filter((thrown) => thrown === "late")).toHaveLength(256);
});

test("a side that lied and does not read its goodbye is heard no more, and is let go soon", async () => {
  const clock = new FakeClock();
  const bundles: unknown[] = [];
  const closed: unknown[] = [];
  const nothing = (): void => undefined;
  let streams: ReadableStreamDefaultController<ReadableStream<Uint8Array>> | undefined;
  const hello = encodeFrame({
    kind: "hello",
    version: PEER_VERSION,
    peer: "b",
    stream: new Uint8Array(16),
    uploads: true,
    source: true,
    fetches: false,
  });
  const session = new CarriageSession({
    transport: {
      ready: Promise.resolve(),
      closed: new Promise(nothing),
      incomingUnidirectionalStreams: new ReadableStream({
        start(controller) {
          streams = controller;
        },
      }),
      incomingBidirectionalStreams: new ReadableStream(),
      createUnidirectionalStream: () => new Promise(nothing),
      createBidirectionalStream: async () => ({
        readable: ReadableStream.from([hello, new Uint8Array(16).fill(0xff)]),
        writable: new WritableStream({ write: () => new Promise(nothing) }),
      }),
      close: (info) => void closed.push(info?.reason),
    },
    opens: true,
    self: "a",
    source: false,
    clock,
    listener: { hello: nothing, frame: nothing, bundle: (bundle) => bundles.push(bundle) },
  });
  const over = session.run().catch((thrown: unknown) => thrown);
  await settle();
  streams?.enqueue(ReadableStream.from(encodeBundle(CARD)));
  await settle();
  expect(bundles).toEqual([]);
  clock.advance(2_000);
  expect(await over).toMatchObject({ code: "malformed-message" });
  expect(closed).toEqual(["malformed-message"]);
});

test("a stream that is there after its part was given up is not used, and makes room", async () => {
  const aborted: unknown[] = [];
  let open = (): void => undefined;
  const session = sessionOver(
    () =>
      new Promise((resolve) => {
        open = () => resolve(new WritableStream({ abort: (reason) => void aborted.push(reason) }));
      }),
  );
  for (let count = 0; count < 300; count += 1) {
    const giveUp = new AbortController();
    const sending = session.send(CARD, giveUp.signal);
    giveUp.abort("late");
    await expect(sending).rejects.toBe("late");
    open();
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  }
  expect(aborted).toHaveLength(300);
});
