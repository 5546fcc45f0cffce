import { describe, expect, test } from "vitest";
import { connect, keyOf, PART_MS, partAt, polluted, Scripted, TestClock, TestPeer } from "./network.test-support.ts";

/** Viewers of an HTTP origin, each connected to all others. */
function audience(clock: TestClock, count: number): TestPeer[] {
  const viewers = Array.from({ length: count }, (_, at) => new TestPeer(clock, `v${at}`, { fetches: true }));
  for (const [at, a] of viewers.entries()) for (const b of viewers.slice(at + 1)) connect(a, b);
  return viewers;
}

/** Every viewer sees the playlist list its parts, and plays two seconds behind. */
function play(clock: TestClock, viewers: readonly TestPeer[], from: number, count: number): void {
  for (let index = from; index < from + count; index += 1) {
    for (const viewer of viewers) {
      viewer.swarm.announce(keyOf(index));
      viewer.swarm.setBuffer(1700);
    }
    clock.advance(PART_MS);
  }
}

const fetched = (viewers: readonly TestPeer[], from: number): number =>
  viewers.flatMap(({ fetches }) => fetches).filter(({ index }) => index >= from).length;

describe("election", () => {
  test("one of all fetches each part, and the others get it from peers", () => {
    const clock = new TestClock();
    const viewers = audience(clock, 8);
    play(clock, viewers, 0, 30);
    play(clock, viewers, 30, 30);
    clock.advance(1000);
    expect(fetched(viewers, 30)).toBeLessThanOrEqual(31);
    for (const viewer of viewers) expect(viewer.indices.filter((index) => index >= 30)).toHaveLength(30);
  });

  test("when it goes without a word, one that stands by takes over, before anybody misses a part", () => {
    const clock = new TestClock();
    const viewers = Array.from({ length: 8 }, (_, at) => new TestPeer(clock, `v${at}`, { fetches: true }));
    const cuts: { readonly pair: readonly TestPeer[]; readonly cut: () => void }[] = [];
    for (const [at, a] of viewers.entries()) {
      for (const b of viewers.slice(at + 1)) cuts.push({ pair: [a, b], cut: connect(a, b) });
    }
    play(clock, viewers, 0, 45);
    const first = viewers.find(({ fetches }) => fetches.some(({ index }) => index === 44))!;
    first.originMs = undefined;
    for (const { pair, cut } of cuts) if (pair.includes(first)) cut();
    const others = viewers.filter((viewer) => viewer !== first);
    play(clock, others, 45, 30);
    clock.advance(1000);
    for (const viewer of others) {
      expect(viewer.missedParts).toEqual([]);
      expect(viewer.indices.filter((index) => index >= 45)).toHaveLength(30);
    }
    expect(fetched(others, 60)).toBeLessThanOrEqual(18);
  });

  test("when it says that it leaves, in the middle of a part, who stands by fetches that at once, and all that follow", () => {
    const clock = new TestClock();
    const viewers = audience(clock, 8);
    play(clock, viewers, 0, 45);
    const first = viewers.find(({ fetches }) => fetches.some(({ index }) => index === 44))!;
    const others = viewers.filter((viewer) => viewer !== first);
    for (const viewer of viewers) viewer.swarm.announce(keyOf(45));
    // It has begun to come, and does not go on.
    first.originMs = undefined;
    const left = new Scripted(others[0]!, "told");
    left.header(45);
    clock.advance(50);
    first.swarm.close();
    play(clock, others, 46, 20);
    clock.advance(1000);
    const late = others.flatMap(({ fetches }) => fetches.filter(({ index }) => index >= 45));
    expect(late.filter(({ reason }) => reason === "deadline")).toEqual([]);
    expect(late.length).toBeLessThanOrEqual(22);
    for (const viewer of others) expect(viewer.indices.filter((index) => index >= 45)).toHaveLength(21);
  });
});

describe("the origin as the floor", () => {
  test("without peers, each part is fetched as it is announced", () => {
    const clock = new TestClock();
    const [viewer] = audience(clock, 1);
    play(clock, [viewer!], 0, 10);
    clock.advance(500);
    expect(viewer!.indices).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(viewer!.fetches.every(({ reason }) => reason === "alone")).toBe(true);
    expect(viewer!.swarm.stats.parts.origin).toBe(10);
  });

  test("who has just come gives peers a moment, and no more", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v", { fetches: true, joinGraceMs: 1000 });
    viewer.swarm.announce(keyOf(0));
    clock.advance(900);
    expect(viewer.fetches).toHaveLength(0);
    clock.advance(300);
    expect(viewer.indices).toEqual([0]);
  });

  test("a viewer that finds nobody there waits for nobody", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v", { fetches: true, joinGraceMs: 1000 });
    viewer.swarm.announce(keyOf(0));
    clock.advance(100);
    expect(viewer.fetches).toHaveLength(0);
    viewer.swarm.alone();
    viewer.swarm.announce(keyOf(1));
    expect(viewer.fetches.map(({ index }) => index)).toEqual([0, 1]);
  });

  test("a part that peers told of and did not send is fetched before its deadline", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v", { fetches: true });
    const other = new Scripted(viewer, "a", { fetches: true });
    viewer.swarm.setBuffer(1500);
    viewer.swarm.announce(keyOf(0));
    other.header(0);
    other.piece(0, 0);
    clock.advance(500);
    expect(viewer.fetches).toHaveLength(0);
    clock.advance(1000);
    expect(viewer.fetches.map(({ reason }) => reason)).toEqual(["backup"]);
    expect(viewer.indices).toEqual([0]);
  });

  test("of neighbours that all lack a part, the one of lowest hash fetches it, early enough for the others to get it of that one", () => {
    const clock = new TestClock();
    const viewers = audience(clock, 6);
    const outside = viewers.map((viewer) => new Scripted(viewer, `x-${viewer.id}`));
    // All have heard of a part, and nobody of somebody who fetches.
    for (const [at, viewer] of viewers.entries()) {
      viewer.swarm.setBuffer(1700);
      outside[at]!.header(0);
      viewer.swarm.announce(keyOf(0));
    }
    clock.advance(1700);
    expect(viewers.map(({ indices }) => indices)).toEqual(viewers.map(() => [0]));
    expect(fetched(viewers, 0)).toBe(1);
  });

  test("a fetch is taken back when the part comes of a peer after all", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v", { fetches: true });
    const other = new Scripted(viewer, "a", { fetches: true });
    other.offers();
    clock.advance(100);
    other.offers();
    viewer.originMs = 5000;
    viewer.swarm.setBuffer(1500);
    viewer.swarm.announce(keyOf(0));
    clock.advance(1450);
    expect(viewer.fetches).toHaveLength(1);
    other.header(0);
    for (let piece = 0; piece < 4; piece += 1) other.piece(0, piece);
    expect(viewer.fetches[0]?.signal.aborted).toBe(true);
    expect(viewer.parts[0]?.source).toBe("peer");
  });

  test("a fetch that failed is tried again; a part that nobody has is told as missed, late enough", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v", { fetches: true });
    viewer.originMs = undefined;
    viewer.swarm.setBuffer(1000);
    viewer.swarm.announce(keyOf(0));
    for (let step = 0; step < 100; step += 1) {
      if (viewer.fetches.length > 0) viewer.swarm.fetchFailed(keyOf(0));
      clock.advance(100);
      if (clock.now() < 1900) expect(viewer.missedParts).toEqual([]);
    }
    expect(viewer.fetches.length).toBeGreaterThan(2);
    expect(viewer.missedParts).toEqual([0]);
  });

  test("peers that cost late parts are not waited for, for a while", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v", { fetches: true });
    const slow = new Scripted(viewer, "a", { fetches: true });
    viewer.originMs = 1500;
    viewer.swarm.setBuffer(800);
    for (let index = 0; index < 12; index += 1) {
      viewer.swarm.announce(keyOf(index));
      slow.header(index);
      clock.advance(PART_MS);
    }
    clock.advance(1000);
    expect(viewer.swarm.stats.distrustedUntilMs).toBeGreaterThan(clock.now());
    viewer.swarm.announce(keyOf(12));
    expect(viewer.fetches.at(-1)).toMatchObject({ index: 12, reason: "alone" });
  });

  test("peers that are not waited for are to push nothing, until they are again", () => {
    const clock = new TestClock();
    // So narrow, it does not soon fetch for all.
    const viewer = new TestPeer(clock, "v", { fetches: true, uplinkBps: 1_000_000 });
    const slow = new Scripted(viewer, "a", { fetches: true });
    viewer.swarm.setBuffer(800);
    const subscribed = (): number | undefined => slow.of("subscribe").at(-1)?.substreams;
    const play = (from: number, count: number): void => {
      for (let index = from; index < from + count; index += 1) {
        slow.offers({ beat: 1000 + index });
        viewer.swarm.announce(keyOf(index));
        slow.header(index);
        clock.advance(PART_MS);
      }
    };
    play(0, 2);
    expect(subscribed()).not.toBe(0);
    viewer.originMs = 1500;
    play(2, 10);
    expect(viewer.swarm.stats.distrustedUntilMs).toBeGreaterThan(clock.now());
    expect(subscribed()).toBe(0);
    viewer.originMs = 50;
    play(12, 14);
    expect(viewer.swarm.stats.distrustedUntilMs).toBeUndefined();
    expect(subscribed()).not.toBe(0);
  });

  test("who does not get to play with what peers send does without them for a while", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v", { fetches: true, joinGraceMs: 1000 });
    const parent = new Scripted(viewer, "a", { fetches: true });
    viewer.swarm.setBuffer(0);
    for (let index = 0; index < 20; index += 1) {
      parent.offers({ beat: 1000 + index });
      viewer.swarm.announce(keyOf(index));
      parent.pushes(index);
      clock.advance(PART_MS);
      viewer.swarm.setBuffer(0);
    }
    expect(viewer.swarm.stats.distrustedUntilMs).toBeGreaterThan(clock.now());
  });

  test("what is pushed over a line that is full is neither asked for again nor fetched before its deadline", () => {
    const fetchedOver = (roundTripMs: number): { asked: number; fetchedMs: number | undefined } => {
      const clock = new TestClock();
      const viewer = new TestPeer(clock, "v", { fetches: true });
      const [parent, other] = ["a", "b"].map((id) => new Scripted(viewer, id, { fetches: true })) as [
        Scripted,
        Scripted,
      ];
      for (const one of [parent, other]) one.ping = (answer) => clock.after(roundTripMs, answer);
      parent.offers();
      clock.advance(100);
      parent.offers();
      clock.advance(5000);
      parent.offers({ beat: 1001 });
      viewer.swarm.setBuffer(1500);
      viewer.swarm.announce(keyOf(0));
      parent.header(0);
      other.has(0);
      let fetchedMs: number | undefined;
      for (let ms = 0; ms < 1800; ms += 50) {
        clock.advance(50);
        if (viewer.fetches.length > 0) fetchedMs ??= ms;
      }
      return { asked: other.of("request").length, fetchedMs };
    };
    const [free, full] = [fetchedOver(40), fetchedOver(1200)];
    expect(free.asked).toBeGreaterThan(0);
    expect(free.fetchedMs).toBeLessThan(1400);
    expect(full.asked).toBe(0);
    expect(full.fetchedMs).toBeGreaterThan(1400);
  });

  test("what the origin gives is held against the key like a peer's, and never passed on if it does not prove", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v", { fetches: true });
    viewer.originMs = undefined;
    viewer.swarm.announce(keyOf(0));
    clock.advance(200);
    const { signed, bytes } = partAt(0);
    viewer.swarm.provide(signed, polluted(bytes.byteLength), "origin");
    expect(viewer.parts).toEqual([]);
    clock.advance(1000);
    expect(viewer.fetches.length).toBeGreaterThan(1);
  });
});
