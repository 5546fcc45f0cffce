import { describe, expect, test } from "vitest";
import { SUBSTREAMS } from "./limits.ts";
import {
  bitsOf,
  CARD,
  CARD_BYTES,
  connect,
  keyOf,
  PART_MS,
  partAt,
  pieceOf,
  Scripted,
  TestClock,
  TestPeer,
  TestProof,
} from "./network.test-support.ts";

const ALL = 2 ** SUBSTREAMS - 1;

/** A publisher and viewers, each connected to all others. */
function mesh(clock: TestClock, viewers: number): { publisher: TestPeer; viewers: TestPeer[] } {
  const publisher = new TestPeer(clock, "pub", { source: true });
  publisher.swarm.setCard(CARD_BYTES, CARD);
  const all = [publisher, ...Array.from({ length: viewers }, (_, at) => new TestPeer(clock, `v${at}`))];
  for (const [at, a] of all.entries()) for (const b of all.slice(at + 1)) connect(a, b);
  return { publisher, viewers: all.slice(1) };
}

function publish(publisher: TestPeer, clock: TestClock, from: number, count: number): void {
  for (let index = from; index < from + count; index += 1) {
    publisher.provide(index);
    clock.advance(PART_MS);
  }
}

describe("publishing", () => {
  test("every viewer gets every part from then on, proven, once, and the card", () => {
    const clock = new TestClock();
    const { publisher, viewers } = mesh(clock, 5);
    clock.advance(3000);
    publish(publisher, clock, 0, 20);
    clock.advance(1000);
    for (const viewer of viewers) {
      expect(viewer.indices).toEqual(Array.from({ length: 20 }, (_, at) => at));
      expect(viewer.cards).toBe(1);
      expect(viewer.parts.every(({ bytes, key }) => bytes[0] === (key.msn - 1) * 6 + key.part)).toBe(true);
      expect(viewer.bans).toEqual([]);
      expect(viewer.missedParts).toEqual([]);
    }
  });

  test("proofs that answer later change nothing of that", async () => {
    const clock = new TestClock();
    const publisher = new TestPeer(clock, "pub", { source: true });
    const viewer = new TestPeer(clock, "v", { proof: new TestProof(true) });
    connect(publisher, viewer);
    for (let index = 0; index < 6; index += 1) {
      publisher.provide(index);
      for (let step = 0; step < 20; step += 1) {
        clock.advance(PART_MS / 20);
        await Promise.resolve();
        await Promise.resolve();
      }
    }
    expect(viewer.indices).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("the publisher sends about as many copies as it is told, however many watch", () => {
    const clock = new TestClock();
    const { publisher, viewers } = mesh(clock, 10);
    clock.advance(3000);
    publish(publisher, clock, 0, 6);
    const before = publisher.swarm.stats.bytes.uploaded;
    publish(publisher, clock, 6, 30);
    const copies = (publisher.swarm.stats.bytes.uploaded - before) / (30 * partAt(0).bytes.byteLength);
    expect(copies).toBeGreaterThan(1);
    expect(copies).toBeLessThanOrEqual(2.3);
    for (const viewer of viewers) expect(viewer.indices.slice(-20)).toHaveLength(20);
  });

  test("a part in which nothing was is whole with its header", () => {
    const clock = new TestClock();
    const { publisher, viewers } = mesh(clock, 1);
    clock.advance(2000);
    publisher.provide(0);
    publisher.provide(1, 0);
    clock.advance(500);
    expect(viewers[0]!.parts.map(({ bytes }) => bytes.byteLength)).toEqual([4 * 16_384, 0]);
  });

  test("who comes later begins with the segment before the newest", () => {
    const clock = new TestClock();
    const { publisher, viewers } = mesh(clock, 2);
    clock.advance(2000);
    publish(publisher, clock, 0, 20);
    const late = new TestPeer(clock, "late");
    for (const other of [publisher, ...viewers]) connect(late, other);
    clock.advance(2000);
    expect(late.indices[0]).toBe(12);
    expect(late.indices).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
  });
});

describe("relaying", () => {
  /** A viewer with one parent and one child, both written by hand. */
  function between(): { clock: TestClock; viewer: TestPeer; parent: Scripted; child: Scripted } {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v");
    const parent = new Scripted(viewer, "parent");
    parent.offers();
    clock.advance(100);
    parent.offers();
    const child = new Scripted(viewer, "child");
    clock.advance(400);
    child.subscribes();
    return { clock, viewer, parent, child };
  }

  test("a piece goes on as soon as it is proven, before the part is whole", () => {
    const { parent, child, viewer } = between();
    expect(parent.of("subscribe").at(-1)?.substreams).toBe(ALL);
    expect(child.of("offer").at(-1)?.substreams).toBe(ALL);
    parent.header(0);
    expect(child.of("header")).toHaveLength(1);
    parent.piece(0, 2);
    expect(child.of("piece").map(({ index }) => index)).toEqual([2]);
    expect(viewer.parts).toHaveLength(0);
  });

  test("pieces that overtake their header wait for it", () => {
    const { parent, child, viewer } = between();
    for (const index of [3, 1, 0, 2]) parent.piece(0, index);
    expect(child.of("piece")).toHaveLength(0);
    parent.header(0);
    expect(viewer.indices).toEqual([0]);
    expect(child.of("piece")).toHaveLength(4);
  });

  test("nobody is sent what it has", () => {
    const { parent, child } = between();
    child.header(0);
    parent.header(0);
    expect(child.of("header")).toHaveLength(0);
    parent.piece(0, 0);
    child.has(0);
    parent.piece(0, 1);
    expect(child.of("piece").map(({ index }) => index)).toEqual([0]);
  });

  test("a piece goes to a neighbour once, even if it asks for what was pushed", () => {
    const { parent, child } = between();
    parent.header(0);
    parent.piece(0, 0);
    child.send({ kind: "request", key: keyOf(0), first: 0, count: 1, known: true, withinMs: 500 });
    expect(child.of("piece")).toHaveLength(1);
  });

  test("who asks for a piece that is on its way gets it when it comes", () => {
    const { parent, child, viewer } = between();
    const other = new Scripted(viewer, "other");
    parent.header(0);
    other.send({ kind: "request", key: keyOf(0), first: 0, count: 2, known: false, withinMs: 500 });
    expect(other.of("header")).toHaveLength(1);
    expect(other.of("piece")).toHaveLength(0);
    parent.piece(0, 1);
    expect(other.of("piece").map(({ index }) => index)).toEqual([1]);
    expect(child.of("piece").map(({ index }) => index)).toEqual([1]);
  });

  test("whole parts are told to neighbours that did not tell of them first", () => {
    const { parent, child, viewer } = between();
    const other = new Scripted(viewer, "other");
    other.has(0);
    parent.header(0);
    for (let index = 0; index < 4; index += 1) parent.piece(0, index);
    expect(viewer.indices).toEqual([0]);
    expect(child.of("have").at(-1)?.ranges).toEqual([{ first: { msn: 1, part: 0 }, last: { msn: 1, part: 0 } }]);
    expect(other.of("have")).toHaveLength(0);
  });

  test("a request for what is not there is refused", () => {
    const { child } = between();
    child.send({ kind: "request", key: keyOf(9), first: 0, count: 1, known: true, withinMs: 500 });
    expect(child.of("refuse")).toHaveLength(1);
  });
});

describe("parents", () => {
  test("sub-streams are spread over the neighbours that offer them", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v");
    const neighbours = Array.from({ length: 4 }, (_, at) => new Scripted(viewer, `n${at}`));
    for (const neighbour of neighbours) neighbour.offers({ delayMs: 10 });
    clock.advance(200);
    for (const neighbour of neighbours) neighbour.offers({ delayMs: 10 });
    clock.advance(5000);
    const masks = neighbours.map((neighbour) => neighbour.of("subscribe").at(-1)?.substreams ?? 0);
    expect(masks.reduce((all, mask) => all | mask)).toBe(ALL);
    expect(masks.reduce((sum, mask) => sum + bitsOf(mask), 0)).toBeGreaterThanOrEqual(SUBSTREAMS);
  });

  test("one that has the parts but does not push them is replaced, and what it owes is asked of others", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v");
    const lazy = new Scripted(viewer, "lazy");
    lazy.offers();
    clock.advance(100);
    lazy.offers();
    const good = new Scripted(viewer, "good");
    good.serves = true;
    for (let index = 0; index < 12; index += 1) {
      lazy.header(index);
      lazy.has(index);
      good.pushes(index);
      good.has(index);
      good.offers({ delayMs: 200, beat: 1001 + index });
      clock.advance(PART_MS);
    }
    clock.advance(1000);
    expect(viewer.missedParts).toEqual([]);
    expect(good.of("request").length).toBeGreaterThan(0);
    expect(bitsOf(good.of("subscribe").at(-1)?.substreams ?? 0)).toBeGreaterThan(bitsOf(ALL) / 2);
  });

  test("one that falls behind stays while there is nobody to take its place", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v");
    const only = new Scripted(viewer, "only");
    only.serves = true;
    only.offers();
    clock.advance(100);
    only.offers();
    for (let index = 0; index < 12; index += 1) {
      only.header(index);
      only.has(index);
      only.offers({ beat: 1001 + index });
      clock.advance(PART_MS);
    }
    expect(viewer.indices).toHaveLength(12);
    expect(bitsOf(only.of("subscribe").at(-1)?.substreams ?? 0)).toBe(SUBSTREAMS);
  });

  test("one that has gone is replaced at once", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v");
    const first = new Scripted(viewer, "first");
    first.offers();
    clock.advance(100);
    first.offers();
    const second = new Scripted(viewer, "second");
    second.offers({ delayMs: 300, beat: 1001 });
    first.port?.closed();
    expect(second.of("subscribe").at(-1)?.substreams).toBe(ALL);
  });

  test("of what is urgent a second neighbour is asked before the first has failed", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v", { fetches: true });
    const others = ["a", "b"].map((id) => new Scripted(viewer, id));
    for (const other of others) other.ping = (answer) => clock.after(500, answer);
    clock.advance(20_000);
    viewer.swarm.setBuffer(1200);
    viewer.swarm.announce(keyOf(0));
    for (const other of others) {
      other.header(0);
      other.has(0);
    }
    const asked = (): number =>
      others.flatMap((other) => other.of("request")).reduce((sum, { count }) => sum + count, 0);
    clock.advance(450);
    expect(asked()).toBe(4);
    clock.advance(240);
    expect(asked()).toBe(8);
    expect(viewer.fetches).toEqual([]);
  });

  test("before it plays, over a line that may be full, nobody is asked for a piece that may yet come of another", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v", { fetches: true, joinGraceMs: 30_000 });
    const others = ["a", "b"].map((id) => new Scripted(viewer, id));
    for (const other of others) other.ping = (answer) => clock.after(320, answer);
    clock.advance(20_000);
    viewer.swarm.setBuffer(0);
    viewer.swarm.announce(keyOf(0));
    // Longer than a part may take that is asked for at the start.
    clock.advance(1600);
    for (const other of others) {
      other.header(0);
      other.has(0);
    }
    const asked = (): number =>
      others.flatMap((other) => other.of("request")).reduce((sum, { count }) => sum + count, 0);
    clock.advance(500);
    expect(asked()).toBe(4);
    clock.advance(300);
    expect(asked()).toBeGreaterThan(4);
  });

  test("the publisher is asked again after it refused: what it leaves to others it has all the same", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v");
    const source = new Scripted(viewer, "pub", { source: true });
    source.send({ kind: "card", bytes: CARD_BYTES });
    source.header(0);
    source.has(0);
    let refusals = 0;
    for (let waits = 0; waits < 200 && refusals < 4; waits += 1) {
      clock.advance(20);
      if (source.of("request").length <= refusals) continue;
      refusals += 1;
      source.send({ kind: "refuse", key: keyOf(0) });
    }
    expect(refusals).toBe(4);
    source.serves = true;
    clock.advance(3000);
    expect(viewer.indices).toEqual([0]);
    expect(viewer.bans).toEqual([]);
  });

  test("nobody takes a sub-stream from who may have it from itself", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v");
    const parent = new Scripted(viewer, "parent");
    parent.offers({ delayMs: 100, beat: 50 });
    clock.advance(100);
    parent.offers({ delayMs: 100, beat: 50 });
    const child = new Scripted(viewer, "child");
    clock.advance(600);
    // Further from the source, with the same beat: that is what a child of ours would say.
    child.offers({ delayMs: 180, beat: 50 });
    parent.port?.closed();
    clock.advance(300);
    expect(child.of("subscribe").at(-1)?.substreams ?? 0).toBe(0);
    child.offers({ delayMs: 180, beat: 51 });
    expect(child.of("subscribe").at(-1)?.substreams).toBe(ALL);
  });
});

describe("upload", () => {
  test("a leaf is told nothing of parents, and pushes nothing", () => {
    const clock = new TestClock();
    const leaf = new TestPeer(clock, "leaf", { uploads: false });
    const child = new Scripted(leaf, "child");
    child.subscribes();
    expect(child.of("hello")[0]?.uploads).toBe(false);
    expect(child.of("choke")).toEqual([{ kind: "choke", on: true }]);
    expect(child.of("offer").at(-1)?.substreams).toBe(0);
    child.send({ kind: "request", key: keyOf(0), first: 0, count: 1, known: false, withinMs: 500 });
    expect(child.of("refuse")).toHaveLength(1);
  });

  test("who does not upload to us gives nothing, and who refuses for a while gives again; a publisher is short of nobody", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v");
    connect(viewer, new TestPeer(clock, "leaf", { uploads: false }));
    const giver = new Scripted(viewer, "giver");
    clock.advance(100);
    expect(viewer.swarm.idleNeighbours).toBe(1);
    giver.send({ kind: "choke", on: true });
    expect(viewer.swarm.idleNeighbours).toBe(2);
    giver.send({ kind: "choke", on: false });
    expect(viewer.swarm.idleNeighbours).toBe(1);

    const publisher = new TestPeer(clock, "pub", { source: true });
    connect(publisher, new TestPeer(clock, "other", { uploads: false }));
    clock.advance(100);
    expect(publisher.swarm.idleNeighbours).toBe(0);
  });

  test("an uplink carries as many sub-streams as it can, not more", () => {
    const clock = new TestClock();
    const publisher = new TestPeer(clock, "pub", { source: true, uplinkBps: 2_000_000, seedCopies: 10 });
    const children = Array.from({ length: 6 }, (_, at) => new Scripted(publisher, `c${at}`));
    for (let index = 0; index < 6; index += 1) {
      publisher.provide(index, 4);
      clock.advance(PART_MS);
    }
    for (const child of children) child.subscribes();
    const given = children.reduce((sum, child) => sum + bitsOf(child.of("offer").at(-1)?.substreams ?? 0), 0);
    // 1.6 Mbit/s of stream, 2 Mbit/s of uplink.
    expect(given).toBeLessThanOrEqual(SUBSTREAMS);
  });

  test("who could pass it on to many takes the place of who could not", () => {
    const clock = new TestClock();
    const publisher = new TestPeer(clock, "pub", { source: true, seedCopies: 1 });
    const weak = new Scripted(publisher, "weak");
    weak.offers({ uplinkBps: 1_000_000 });
    weak.subscribes();
    expect(weak.of("offer").at(-1)?.substreams).toBe(ALL);
    clock.advance(2000);
    const strong = new Scripted(publisher, "strong");
    strong.offers({ uplinkBps: 100_000_000 });
    for (let tries = 0; tries < 2 * SUBSTREAMS; tries += 1) {
      strong.subscribes();
      clock.advance(500);
    }
    expect(bitsOf(strong.of("offer").at(-1)?.substreams ?? 0)).toBe(SUBSTREAMS);
    expect(weak.of("offer").at(-1)?.substreams).toBe(0);
  });

  test("links are not filled: what does not fit waits, the most urgent first, and stale pieces are never sent", () => {
    const clock = new TestClock();
    const publisher = new TestPeer(clock, "pub", { source: true, seedCopies: 4 });
    const child = new Scripted(publisher, "child");
    child.subscribes();
    child.link.bufferedBytes = 200_000;
    publisher.provide(0);
    clock.advance(300);
    expect(child.of("piece")).toHaveLength(0);
    clock.advance(2000);
    child.link.bufferedBytes = 0;
    publisher.provide(1);
    clock.advance(500);
    expect(child.of("piece").map(({ key }) => key)).toEqual([1, 1, 1, 1].map(keyOf));
  });

  test("the publisher leaves what others have to them, but not to one that has fallen silent", () => {
    const clock = new TestClock();
    const publisher = new TestPeer(clock, "pub", { source: true });
    const gone = new Scripted(publisher, "gone");
    const asking = new Scripted(publisher, "asking");
    publisher.provide(0);
    gone.has(0);
    const ask = (): void =>
      asking.send({ kind: "request", key: keyOf(0), first: 0, count: 4, known: false, withinMs: 2000 });
    ask();
    clock.advance(100);
    expect(asking.of("refuse")).toHaveLength(1);
    expect(asking.of("piece")).toHaveLength(0);
    clock.advance(1000);
    ask();
    clock.advance(500);
    expect(asking.of("piece")).toHaveLength(4);
  });

  test("uploads that are switched off end what was pushed, and say so", () => {
    const clock = new TestClock();
    const publisher = new TestPeer(clock, "pub", { source: true });
    const child = new Scripted(publisher, "child");
    child.subscribes();
    publisher.swarm.setUploads(false);
    expect(child.of("choke").at(-1)?.on).toBe(true);
    publisher.provide(0);
    clock.advance(500);
    expect(child.of("piece")).toHaveLength(0);
    publisher.swarm.setUploads(true);
    expect(child.of("choke").at(-1)?.on).toBe(false);
  });
});

describe("neighbours", () => {
  test("there are at most as many as said, and who is too many is told so", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v", { maxNeighbours: 3 });
    const four = Array.from({ length: 4 }, (_, at) => new Scripted(viewer, `n${at}`));
    expect(viewer.swarm.stats.neighbours).toHaveLength(3);
    expect(four[3]!.of("bye")).toEqual([{ kind: "bye", reason: "full" }]);
    expect(four[3]!.isClosed).toBe(true);
  });

  test("who sends much takes more of them", () => {
    const clock = new TestClock();
    const wide = new TestPeer(clock, "v", { maxNeighbours: 3, uplinkBps: 50_000_000 });
    expect(wide.swarm.maxNeighbours).toBe(3);
    clock.advance(200);
    expect(wide.swarm.maxNeighbours).toBe(8);
  });

  test("one of no use gives way to a new one, not more often than that can show", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v", { maxNeighbours: 3, uplinkBps: 4_000_000 });
    const three = Array.from({ length: 3 }, (_, at) => new Scripted(viewer, `n${at}`));
    clock.advance(30_000);
    expect(new Scripted(viewer, "new").isClosed).toBe(false);
    expect(three.filter(({ isClosed }) => isClosed)).toHaveLength(1);
    expect(new Scripted(viewer, "newer").isClosed).toBe(true);
  });

  test("leaves are taken, but only some", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v", { maxNeighbours: 6 });
    const leaves = Array.from({ length: 3 }, (_, at) => new Scripted(viewer, `leaf${at}`, { uploads: false }));
    expect(leaves.map(({ isClosed }) => isClosed)).toEqual([false, false, true]);
  });

  test.each([
    ["version", { version: 2 }],
    ["other-stream", { stream: new Uint8Array(16) }],
    ["bad-frame", { peer: "somebody" }],
  ] as const)("a hello is refused with %s", (reason, hello) => {
    const viewer = new TestPeer(new TestClock(), "v");
    const other = new Scripted(viewer, "n", hello);
    expect(other.of("bye")).toEqual([{ kind: "bye", reason }]);
    expect(viewer.swarm.stats.neighbours).toHaveLength(0);
  });

  test("frames that overtake the hello are taken after it", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v");
    const other = new Scripted(viewer, "n", null);
    other.has(0);
    other.send({
      kind: "hello",
      version: 1,
      peer: "n",
      stream: new Uint8Array(16).fill(7),
      uploads: true,
      source: false,
      fetches: false,
    });
    clock.advance(500);
    expect(other.of("request")[0]?.key).toEqual(keyOf(0));
  });

  test("one that falls silent is let go", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v");
    const other = new Scripted(viewer, "n");
    Object.assign(other.link, { send: () => {} });
    clock.advance(15_000);
    expect(viewer.swarm.stats.neighbours).toHaveLength(0);
  });

  test("an init segment is asked of who named it, proven, and passed on", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v");
    const other = new Scripted(viewer, "n");
    const digest = new Uint8Array(32).fill(9);
    viewer.swarm.wantInit(digest);
    expect(other.of("init-request")).toEqual([{ kind: "init-request", digest }]);
    const bytes = new Uint8Array(700);
    other.send({ kind: "init", digest, bytes });
    expect(viewer.inits).toEqual([bytes]);
    other.send({ kind: "init-request", digest });
    expect(other.of("init")).toEqual([{ kind: "init", digest, bytes }]);
  });
});

test("an init segment is given to nobody without consent to uploads, and not again and again", () => {
  const clock = new TestClock();
  const [bytes, digest] = [new Uint8Array(700), new Uint8Array(32).fill(5)];
  const viewer = new TestPeer(clock, "v", { uploads: false });
  viewer.swarm.provideInit(digest, bytes);
  const asking = new Scripted(viewer, "n");
  asking.send({ kind: "init-request", digest });
  expect(asking.of("init")).toEqual([]);
  viewer.swarm.setUploads(true);
  for (let count = 0; count < 200; count += 1) asking.send({ kind: "init-request", digest });
  expect(asking.of("init").length).toBeGreaterThan(0);
  expect(asking.of("init").length).toBeLessThan(20);
  viewer.swarm.setUploads(false);
  clock.advance(5000);
  const before = asking.of("init").length;
  asking.send({ kind: "init-request", digest });
  expect(asking.of("init")).toHaveLength(before);
});

test("fetches of parts that were given up keep no later part from being fetched before it is missed", () => {
  const clock = new TestClock();
  const viewer = new TestPeer(clock, "v", { fetches: true });
  const others = Array.from({ length: 12 }, (_, at) => new Scripted(viewer, `peer-${at}`, { fetches: true }));
  const passes = (ms: number): void => {
    for (const other of others) other.send({ kind: "pong", token: 0 });
    clock.advance(ms);
  };
  const plays = (index: number, aheadMs: number): void => {
    viewer.swarm.announce(keyOf(index));
    for (let step = 0; step < 4; step += 1) {
      viewer.swarm.setBuffer(aheadMs);
      passes(PART_MS / 4);
    }
  };
  // The origin hangs until the player has nothing left, and parts are given up.
  viewer.originMs = undefined;
  passes(1000);
  for (let index = 0; index < 6; index += 1) plays(index, 600);
  viewer.swarm.setBuffer(0);
  for (let step = 0; step < 80; step += 1) passes(200);
  expect(viewer.missedParts.length).toBeGreaterThan(0);
  const hung = viewer.fetches.filter(({ reason }) => reason === "deadline").slice(0, 2);
  expect(hung).toHaveLength(2);
  // It answers again, and peers do not.
  viewer.originMs = 80;
  for (let index = 60; index < 66; index += 1) plays(index, 200);
  expect(viewer.indices).toEqual(expect.arrayContaining([60, 61, 62, 63]));
  expect(hung.map(({ signal }) => signal.aborted)).toEqual([true, true]);
});

test("init segments that nobody has keep none from being asked for that come later", () => {
  const clock = new TestClock();
  const viewer = new TestPeer(clock, "v");
  const neighbour = new Scripted(viewer, "n");
  for (let at = 1; at <= 40; at += 1) viewer.swarm.wantInit(new Uint8Array(32).fill(at));
  const [digest, bytes] = [new Uint8Array(32).fill(40), new Uint8Array(700)];
  expect(neighbour.of("init-request").at(-1)).toEqual({ kind: "init-request", digest });
  neighbour.send({ kind: "init", digest, bytes });
  expect(viewer.inits).toEqual([bytes]);
  clock.advance(3000);
  expect(neighbour.of("init-request").length).toBeLessThan(40 + 16 * 4);
});

test("a viewer that nobody serves in time asks whoever has it, each piece once, then tells what is missed", () => {
  const clock = new TestClock();
  const viewer = new TestPeer(clock, "v");
  const other = new Scripted(viewer, "n");
  other.has(0);
  clock.advance(200);
  other.header(0);
  expect(other.of("request").at(-1)?.key).toEqual(keyOf(0));
  other.piece(0, 0);
  other.piece(0, 1);
  other.piece(0, 2);
  clock.advance(6000);
  expect(viewer.missedParts).toEqual([0]);
  expect(viewer.swarm.stats.parts.missed).toBe(1);
  other.piece(0, 3, pieceOf(0, 3));
  expect(viewer.parts).toHaveLength(0);
});
