import { expect, test } from "vitest";
import { FakeClock } from "../../cache/fake-clock.test-support.ts";
import type { Bytes } from "../../model/bytes.ts";
import { RelayError } from "../../model/errors.ts";
import { TokenBucket } from "../../model/token-bucket.ts";
import type { PeerFrame } from "../../wire/peer-frame.ts";
import { decodeFrame, encodeFrame } from "../../wire/peer-frame-codec.ts";
import { ChannelLink, type FrameChannel } from "./channel-link.ts";

const PIECE_BYTES = 16 * 1024;
const piece = (index: number): PeerFrame => ({
  kind: "piece",
  key: { rendition: 0, msn: 1, part: 0 },
  index,
  bytes: new Uint8Array(PIECE_BYTES),
});
const ping: PeerFrame = { kind: "ping", token: 7 };

/** A channel whose network takes what a test says. */
class FakeChannel extends EventTarget implements FrameChannel {
  readyState: RTCDataChannelState = "open";
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  readonly sent: PeerFrame[] = [];
  broken = false;

  send(bytes: Bytes): void {
    if (this.broken) throw new DOMException("full", "OperationError");
    this.bufferedAmount += bytes.byteLength;
    this.sent.push(decodeFrame(bytes.slice()));
  }

  drain(bytes = this.bufferedAmount): void {
    const before = this.bufferedAmount;
    this.bufferedAmount -= bytes;
    const threshold = this.bufferedAmountLowThreshold;
    if (before > threshold && this.bufferedAmount <= threshold) this.dispatchEvent(new Event("bufferedamountlow"));
  }

  close(): void {
    this.readyState = "closing";
  }

  /** As the browser tells that the other side closed it. */
  closedByPeer(): void {
    this.readyState = "closed";
    this.dispatchEvent(new Event("close"));
  }

  open(): void {
    this.readyState = "open";
    this.dispatchEvent(new Event("open"));
  }

  receive(data: unknown): void {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }
}

function link(bytesPerSecond?: number) {
  const clock = new FakeClock();
  const channel = new FakeChannel();
  const told: string[] = [];
  let sentBytes = 0;
  const rate =
    bytesPerSecond === undefined
      ? undefined
      : new TokenBucket({ perSecond: bytesPerSecond, burst: 2 * PIECE_BYTES, clock });
  const made = new ChannelLink({
    peer: "them",
    channel,
    codec: { encode: encodeFrame, decode: decodeFrame },
    clock,
    rate,
    sent: (bytes) => {
      sentBytes += bytes;
    },
    failed: (reason) => told.push(reason),
    ended: () => told.push("ended"),
  });
  made.attach({
    received: (frame) => told.push(`received ${frame.kind}`),
    malformed: (error) => told.push(error instanceof RelayError ? error.code : "another error"),
    closed: () => told.push("closed"),
  });
  return { made, channel, clock, told, sentBytes: () => sentBytes };
}

test("media fills the channel's buffer to its mark, the rest waits, and control passes by", () => {
  const { made, channel } = link();
  for (let index = 0; index < 100; index++) made.send(piece(index));
  const filled = channel.sent.length;
  expect(channel.bufferedAmount).toBeLessThan(256 * 1024 + 2 * PIECE_BYTES);
  expect(made.bufferedBytes).toBeGreaterThanOrEqual(100 * PIECE_BYTES);
  made.send(ping);
  expect(channel.sent.at(-1)).toEqual(ping);
  channel.drain();
  expect(channel.sent.length).toBeGreaterThan(filled + 10);
  while (channel.bufferedAmount > 0) channel.drain();
  const indexes = channel.sent.flatMap((frame) => (frame.kind === "piece" ? [frame.index] : []));
  expect(indexes).toEqual(Array.from({ length: 100 }, (_, index) => index));
  expect(made.bufferedBytes).toBe(0);
});

test("under a rate media goes out as the rate allows, whatever the channel would take", () => {
  const { made, channel, clock, sentBytes } = link(PIECE_BYTES * 10);
  for (let index = 0; index < 12; index++) made.send(piece(index));
  const atOnce = channel.sent.length;
  expect(atOnce).toBe(1); // a burst of two pieces has no room for two heads
  clock.advance(500);
  expect(channel.sent.length).toBeGreaterThanOrEqual(5);
  expect(channel.sent.length).toBeLessThanOrEqual(7);
  expect(sentBytes()).toBe(channel.bufferedAmount);
  made.send(ping);
  expect(channel.sent.at(-1)).toEqual(ping);
  clock.advance(2_000);
  expect(channel.sent).toHaveLength(13);
  expect(clock.pending).toBe(0);
});

test("what is sent before the channel opens goes out when it does, in order", () => {
  const { made, channel } = link();
  channel.readyState = "connecting";
  made.send(ping);
  made.send(piece(0));
  expect(channel.sent).toEqual([]);
  expect(made.bufferedBytes).toBeGreaterThan(PIECE_BYTES);
  channel.open();
  expect(channel.sent).toEqual([ping, piece(0)]);
});

test("a closed link sends nothing and says nothing, though its peer goes on", () => {
  const { made, channel, clock, told } = link(PIECE_BYTES);
  for (let index = 0; index < 8; index++) made.send(piece(index));
  made.close();
  made.send(ping);
  channel.receive(encodeFrame(ping).slice().buffer);
  channel.closedByPeer();
  clock.advance(10_000);
  expect(told).toEqual(["ended"]);
  expect(made.bufferedBytes).toBe(0);
  expect(channel.sent).not.toContainEqual(ping);
});

test.each([
  ["no frame", new Uint8Array([255, 0, 0, 0]).buffer],
  ["nothing", new ArrayBuffer(0)],
  ["text", "hello"],
  ["more than a frame may have", new ArrayBuffer(64 * 1024 + 1)],
  ["a Blob", new Blob(["x"])],
])("%s costs the sender the connection", (_, data) => {
  const { channel, told } = link();
  channel.receive(data);
  channel.receive(encodeFrame(ping).slice().buffer);
  expect(told).toEqual(["malformed", "malformed-frame", "ended", "closed"]);
});

test("frames reach the swarm, and a goodbye is counted by its reason too", () => {
  const { channel, told } = link();
  channel.receive(encodeFrame(ping).slice().buffer);
  channel.receive(encodeFrame({ kind: "bye", reason: "full" }).slice().buffer);
  channel.receive(encodeFrame({ kind: "bye", reason: "version" }).slice().buffer);
  channel.receive(encodeFrame({ kind: "bye", reason: "leaving" }).slice().buffer);
  expect(told).toEqual(["received ping", "refused", "received bye", "version", "received bye", "received bye"]);
});

test("a peer that goes is told to the swarm, without a failure; a connection that breaks with one", () => {
  const left = link();
  left.channel.closedByPeer();
  expect(left.told).toEqual(["ended", "closed"]);
  const broke = link();
  broke.made.lost("the connection broke");
  expect(broke.told).toEqual(["lost", "ended", "closed"]);
});

test("a channel that takes no more is a connection that broke", () => {
  const { made, channel, told } = link();
  channel.broken = true;
  made.send(ping);
  expect(told).toEqual(["lost", "ended", "closed"]);
});

test("a peer that reads nothing is let go", () => {
  const { made, told } = link();
  for (let n = 0; n < 600; n++) made.send(piece(n % 512));
  expect(told).toEqual(["slow", "ended", "closed"]);
});

test("a link that is given up says why, and tells the swarm", () => {
  const { made, channel, told } = link();
  made.giveUp("full");
  expect(channel.sent).toEqual([{ kind: "bye", reason: "full" }]);
  expect(told).toEqual(["ended", "closed"]);
});
