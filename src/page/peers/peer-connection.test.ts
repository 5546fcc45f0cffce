import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type ChannelConnection, connectionMaker } from "./peer-connection.ts";

class FakeChannel extends EventTarget {
  readonly label: string;
  readonly init: RTCDataChannelInit | undefined;
  readyState = "open";
  onmessage: ((event: { data: unknown }) => void) | null = null;

  constructor(label: string, init?: RTCDataChannelInit) {
    super();
    this.label = label;
    this.init = init;
  }

  close(): void {
    this.readyState = "closed";
    this.dispatchEvent(new Event("close"));
  }

  receive(data: unknown): void {
    this.onmessage?.({ data });
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }
}

class FakeConnection extends EventTarget {
  connectionState = "new";
  readonly channels: FakeChannel[] = [];

  createDataChannel(label: string, init?: RTCDataChannelInit): FakeChannel {
    const channel = new FakeChannel(label, init);
    this.channels.push(channel);
    return channel;
  }

  async setRemoteDescription(): Promise<void> {
    // Nothing to be negotiated.
  }

  close(): void {
    this.connectionState = "closed";
  }
}

type Made = ChannelConnection & FakeConnection;

const DATA = "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n";

function maker() {
  const made = connectionMaker(FakeConnection as unknown as typeof RTCPeerConnection);
  return { made, connect: () => new made.Connection() as Made };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("our channel is made beside Trystero's on the side that offers, and with the offer on the other", async () => {
  const { connect } = maker();
  const offering = connect();
  offering.createDataChannel("data");
  const answering = connect();
  await answering.setRemoteDescription({ type: "offer", sdp: DATA });
  await answering.setRemoteDescription({ type: "offer", sdp: DATA });
  const agreed = { negotiated: true, id: 64, ordered: false };
  expect(offering.channels.map(({ label, init }) => [label, init])).toEqual([
    ["data", undefined],
    ["eddy", agreed],
  ]);
  expect(answering.channels.map(({ label, init }) => [label, init])).toEqual([["eddy", agreed]]);
});

test("what comes before somebody takes the channel is kept, up to a bound, and then handed over once", () => {
  const { connect } = maker();
  const connection = connect();
  expect(connection.takeChannel()).toBeUndefined();
  connection.createDataChannel("data");
  const [, channel] = connection.channels;
  for (let n = 0; n < 100; n++) channel?.receive(n);
  expect(connection.takeChannel()?.early).toEqual(Array.from({ length: 64 }, (_, n) => n));
  expect(channel?.onmessage).toBeNull();
  expect(connection.takeChannel()).toBeUndefined();
});

test("who sends before that what is too long for a frame loses the connection, and none of it is kept", () => {
  const { connect } = maker();
  const connection = connect();
  connection.createDataChannel("data");
  const [, channel] = connection.channels;
  channel?.receive(new ArrayBuffer(64 * 1024));
  expect(connection.connectionState).toBe("new");
  channel?.receive(new ArrayBuffer(64 * 1024 + 1));
  expect(connection.connectionState).toBe("closed");
  expect(connection.takeChannel()?.early).toHaveLength(1);
});

test("offers that are prepared for nobody are connections that are closed from the start", () => {
  const { made, connect } = maker();
  const spare = made.withoutSpares(connect);
  expect(spare.connectionState).toBe("closed");
  spare.createDataChannel("data");
  expect(spare.channels).toEqual([]);
  expect(connect().connectionState).toBe("new");
});

test("a connection that an unreadable offer opened is closed after a while, and no other", async () => {
  const { connect } = maker();
  const unused = connect();
  const offering = connect();
  offering.createDataChannel("data");
  const answering = connect();
  await answering.setRemoteDescription({ type: "offer", sdp: DATA });
  vi.advanceTimersByTime(10_000);
  expect([unused, offering, answering].map(({ connectionState }) => connectionState)).toEqual(["closed", "new", "new"]);
});

test("pictures and sound are refused", async () => {
  const sdp = `${DATA}m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n`;
  await expect(maker().connect().setRemoteDescription({ type: "offer", sdp })).rejects.toThrowError(/data channels/);
});

test("a peer that floods Trystero's channel, or opens more, loses the connection", async () => {
  const { connect } = maker();
  const flooded = connect();
  flooded.createDataChannel("data");
  const [other] = flooded.channels;
  other?.receive(new ArrayBuffer(256 * 1024));
  expect(flooded.connectionState).toBe("new");
  other?.receive("x");
  expect(flooded.connectionState).toBe("closed");
  const opened = connect();
  await opened.setRemoteDescription({ type: "offer", sdp: DATA });
  const open = () =>
    opened.dispatchEvent(Object.assign(new Event("datachannel"), { channel: new FakeChannel("data") }));
  open();
  expect(opened.connectionState).toBe("new");
  open();
  expect(opened.connectionState).toBe("closed");
});

test("an ended connection closes once its channel has sent what it had, or after a while", () => {
  const { connect } = maker();
  const connection = connect();
  connection.createDataChannel("data");
  const [other, channel] = connection.channels;
  if (channel !== undefined) channel.close = () => undefined;
  connection.end();
  expect(other?.readyState).toBe("closed");
  expect(connection.connectionState).toBe("new");
  vi.advanceTimersByTime(2_000);
  expect(connection.connectionState).toBe("closed");
});

test("what is found of this browser is counted by kind, over all connections, with the last word of a server that gave nothing", () => {
  const { made, connect } = maker();
  const candidates = [{ type: "host" }, { type: "srflx" }, { type: "relay" }, { type: "relay" }];
  for (const { type } of candidates) {
    const candidate = { candidate: `candidate:1 typ ${type}`, type };
    connect().dispatchEvent(Object.assign(new Event("icecandidate"), { candidate }));
  }
  for (const candidate of [{ candidate: "" }, null]) {
    connect().dispatchEvent(Object.assign(new Event("icecandidate"), { candidate }));
  }
  expect(made.found).toEqual({ own: 1, reflexive: 1, relayed: 2, error: undefined });
  const refusal = { url: "turn:turn.example", errorCode: 401, errorText: "Unauthorized" };
  connect().dispatchEvent(Object.assign(new Event("icecandidateerror"), refusal));
  expect(made.found.error).toBe("turn:turn.example: 401 Unauthorized");
});

test.each([
  [{ local: { type: "host" }, remote: { type: "srflx" } }, "direct"],
  [{ local: { type: "relay" }, remote: { type: "prflx" } }, "relayed"],
  [{ local: { type: "prflx" }, remote: { type: "relay" } }, "relayed"],
  [null, undefined],
])("the pair %j is the route %s", (pair, route) => {
  const connection = maker().connect();
  expect(connection.route).toBeUndefined();
  Object.assign(connection, { sctp: { transport: { iceTransport: { getSelectedCandidatePair: () => pair } } } });
  expect(connection.route).toBe(route);
  Object.assign(connection, { sctp: { transport: { iceTransport: {} } } });
  expect(connection.route, "a browser that does not tell").toBeUndefined();
});
