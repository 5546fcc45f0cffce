import { beforeEach, describe, expect, test } from "vitest";
import type { PeerLink } from "../swarm/swarm-types.ts";
import type { PeerFrame } from "../wire/peer-frame.ts";
import { frameSize } from "../wire/peer-frame-codec.ts";
import { onWireBytes } from "./packets.ts";
import { seededRandom } from "./random.ts";
import type { HostOptions, SimHost } from "./sim-host.ts";
import { SimNetwork } from "./sim-network.ts";
import { SimStream } from "./sim-stream.ts";
import { VirtualClock } from "./virtual-clock.ts";

interface Node {
  readonly host: SimHost;
  readonly links: PeerLink[];
  /** `<kind of frame>@<when>`, or what happened to the link. */
  readonly log: string[];
}

let clock: VirtualClock;
let network: SimNetwork;

beforeEach(() => {
  clock = new VirtualClock();
  network = new SimNetwork({ clock, random: seededRandom(1) });
});

function node(id: string, options: Partial<HostOptions> = {}): Node {
  const links: PeerLink[] = [];
  const log: string[] = [];
  const note = (what: string): void => void log.push(`${what}@${clock.now().toFixed(1)}`);
  const host = network.host({
    id,
    accept: (link) => {
      links.push(link);
      return {
        received: (frame) => note(frame.kind === "piece" ? `piece ${frame.index}` : frame.kind),
        malformed: () => note("malformed"),
        closed: () => note("closed"),
      };
    },
    ...options,
  });
  return { host, links, log };
}

const { bytes } = new SimStream().part(0);
const piece = (index: number): PeerFrame => ({
  kind: "piece",
  key: { rendition: 0, msn: 1, part: 0 },
  index,
  bytes: bytes.subarray(0, 16_384),
});
const PIECE_WIRE_BYTES = onWireBytes(frameSize(piece(0)));
const PING: PeerFrame = { kind: "ping", token: 1 };
/** A piece leaves in 100 ms. */
const SLOW_BPS = PIECE_WIRE_BYTES * 80;

describe("SimNetwork", () => {
  test("a frame takes its size over the uplink, and the delay of the link", () => {
    const [a, b] = [node("a", { uplinkBps: SLOW_BPS }), node("b")];
    expect(network.connect(a.host, b.host, { delayMs: 30 })).toBe(true);
    expect([a.links[0]?.peer, b.links[0]?.peer]).toEqual(["b", "a"]);
    a.links[0]?.send(piece(0));
    clock.advance(1000);
    expect(b.log).toEqual(["piece 0@130.0"]);
    expect([a.host.sentBytes, b.host.receivedBytes]).toEqual([PIECE_WIRE_BYTES, PIECE_WIRE_BYTES]);
  });

  test("links share their host's uplink in the order of sending, and a short frame of another flow need not wait", () => {
    const [a, b, c] = [node("a", { uplinkBps: SLOW_BPS }), node("b"), node("c")];
    network.connect(a.host, b.host, { delayMs: 0 });
    network.connect(a.host, c.host, { delayMs: 0 });
    a.links[0]?.send(piece(0));
    a.links[1]?.send(piece(1));
    a.links[0]?.send(piece(2));
    a.links[1]?.send(PING);
    const d = node("d");
    network.connect(a.host, d.host, { delayMs: 0 });
    a.links[2]?.send(PING);
    clock.advance(1000);
    expect(b.log).toEqual(["piece 0@100.0", "piece 2@300.0"]);
    expect(c.log).toEqual(["piece 1@200.0", "ping@200.0"]);
    const pingMs = (100 * onWireBytes(frameSize(PING))) / PIECE_WIRE_BYTES;
    expect(d.log).toEqual([`ping@${pingMs.toFixed(1)}`]);
  });

  test("frames from several hosts share the downlink", () => {
    const [a, b, c] = [node("a"), node("b"), node("c", { downlinkBps: SLOW_BPS })];
    network.connect(a.host, c.host, { delayMs: 200 });
    network.connect(b.host, c.host, { delayMs: 200 });
    a.links[0]?.send(piece(0));
    b.links[0]?.send(piece(1));
    clock.advance(1000);
    expect(c.log).toEqual(["piece 0@200.1", "piece 1@300.1"]);
  });

  test("bufferedBytes is what has not left", () => {
    const [a, b] = [node("a", { uplinkBps: SLOW_BPS }), node("b")];
    network.connect(a.host, b.host, { delayMs: 30 });
    const size = frameSize(piece(0));
    a.links[0]?.send(piece(0));
    a.links[0]?.send(piece(1));
    expect(a.links[0]?.bufferedBytes).toBe(2 * size);
    clock.advance(100);
    expect(a.links[0]?.bufferedBytes).toBe(size);
    clock.advance(100);
    expect(a.links[0]?.bufferedBytes).toBe(0);
    expect(a.host.uplinkBacklogMs(clock.now())).toBe(0);
  });

  test("close() lets through what was sent before, and then tells the other end", () => {
    const [a, b] = [node("a", { uplinkBps: SLOW_BPS }), node("b")];
    network.connect(a.host, b.host, { delayMs: 30 });
    a.links[0]?.send(piece(0));
    a.links[0]?.close();
    a.links[0]?.send(piece(1));
    clock.advance(1000);
    expect(b.log).toEqual(["piece 0@130.0", "closed@130.0"]);
    expect([a.log, a.host.links.size, b.host.links.size]).toEqual([[], 0, 0]);
  });

  test("a host that crashes is found dead later, loses what has not left, and acknowledges nothing", () => {
    const [a, b] = [node("a", { uplinkBps: SLOW_BPS }), node("b")];
    network.connect(a.host, b.host, { delayMs: 30 });
    a.links[0]?.send(piece(0));
    a.links[0]?.send(piece(1));
    clock.advance(110);
    network.crash(a.host, () => 5000);
    b.links[0]?.send(piece(2));
    clock.advance(100);
    expect(b.links[0]?.bufferedBytes).toBe(frameSize(piece(2)));
    clock.advance(10_000);
    expect(b.log).toEqual(["piece 0@130.0", "closed@5110.0"]);
    expect(a.log).toEqual([]);
  });

  test("loss delays frames and drops none; the same seed gives the same delays", () => {
    const run = (): readonly string[] => {
      clock = new VirtualClock();
      network = new SimNetwork({ clock, random: seededRandom(7) });
      const [a, b] = [node("a", { lossRate: 0.02, jitterMs: 2 }), node("b", { jitterMs: 2 })];
      network.connect(a.host, b.host, { delayMs: 20 });
      for (let index = 0; index < 40; index++) a.links[0]?.send(piece(index));
      clock.advance(5000);
      return b.log;
    };
    const log = run();
    expect(log).toHaveLength(40);
    const isLate = (entry: string): boolean => Number(entry.split("@")[1]) > 55;
    expect(log.filter(isLate).length).toBeGreaterThan(3);
    expect(log.filter(isLate).length).toBeLessThan(20);
    expect(run()).toEqual(log);
  });

  test("a connection that one end refuses is closed at the other", () => {
    const [a, b] = [node("a"), node("b", { accept: () => undefined })];
    expect(network.connect(a.host, b.host, { delayMs: 30 })).toBe(false);
    clock.advance(100);
    expect(a.log).toEqual(["closed@30.0"]);
    expect([a.host.links.size, b.host.links.size]).toEqual([0, 0]);
  });
});
