import { describe, expect, test } from "vitest";
import type { PartKey } from "../model/part-header.ts";
import { connect, forged, keyOf, PART_MS, partAt, Scripted, TestClock, TestPeer } from "./network.test-support.ts";

function publish(publisher: TestPeer, from: number, count: number): void {
  for (let index = from; index < from + count; index += 1) {
    publisher.provide(index);
    publisher.clock.advance(PART_MS);
  }
}

/** Far ahead of all that `keyOf()` tells of here. */
const tells = (neighbour: Scripted, { msn, part }: Omit<PartKey, "rendition">, last = part): void =>
  neighbour.send({
    kind: "have",
    rendition: 0,
    hops: 0,
    ranges: [{ first: { msn, part }, last: { msn, part: last } }],
  });

describe("far ahead", () => {
  test("what a playlist lists is fetched, after an outage too", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v", { fetches: true });
    viewer.swarm.alone();
    for (const index of [0, 60, 61]) {
      viewer.swarm.announce(keyOf(index));
      clock.advance(500);
    }
    expect(viewer.indices).toEqual([0, 60, 61]);
  });

  test("a publisher that leaps provides on", () => {
    const clock = new TestClock();
    const publisher = new TestPeer(clock, "pub", { source: true });
    const viewer = new TestPeer(clock, "v");
    connect(publisher, viewer);
    publish(publisher, 0, 6);
    publish(publisher, 90, 6);
    clock.advance(1000);
    expect(viewer.indices.slice(-6)).toEqual([90, 91, 92, 93, 94, 95]);
  });

  test("a viewer that was away for longer than is believed goes on with what is there when it comes back", () => {
    const clock = new TestClock();
    const publisher = new TestPeer(clock, "pub", { source: true, keepMs: 5_000 });
    const viewer = new TestPeer(clock, "v");
    const cut = connect(publisher, viewer);
    publish(publisher, 0, 20);
    cut();
    publish(publisher, 20, 60);
    connect(publisher, viewer);
    publish(publisher, 80, 20);
    clock.advance(1000);
    expect(viewer.indices.slice(-20)).toEqual(Array.from({ length: 20 }, (_, at) => 80 + at));
    expect(viewer.bans).toEqual([]);
  });

  test("who only hears of parts, and gets none pushed, asks for the header of one, now and then", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v");
    const neighbour = new Scripted(viewer, "n");
    neighbour.serves = true;
    neighbour.has(0);
    clock.advance(500);
    for (let index = 60; index < 70; index += 1) {
      neighbour.has(index);
      clock.advance(PART_MS);
    }
    expect(viewer.indices).toEqual([0, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69]);
    const liar = new Scripted(viewer, "liar");
    for (let part = 0; part < 30; part += 1) {
      tells(liar, { msn: 5_000, part });
      clock.advance(100);
    }
    expect(liar.of("request").length).toBeLessThan(5);
  });

  test("a header that does not prove bans who sent it, and moves nothing", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v");
    const [neighbour, liar] = [new Scripted(viewer, "n"), new Scripted(viewer, "liar")];
    neighbour.header(0);
    liar.send({ kind: "header", hops: 0, signed: forged(partAt(600).signed, "unproven") });
    expect(viewer.bans).toEqual([expect.stringMatching(/^liar: header/)]);
    neighbour.serves = true;
    neighbour.has(1, 2);
    clock.advance(1000);
    expect(viewer.indices).toEqual(expect.arrayContaining([1, 2]));
  });
});

describe("before anything has proved", () => {
  test.each([0, 3, 1023])("parts 0 to %i of a segment that nobody made keep nothing out that comes then", (last) => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v");
    tells(new Scripted(viewer, "liar"), { msn: 10_000, part: 0 }, last);
    const publisher = new TestPeer(clock, "pub", { source: true });
    connect(publisher, viewer);
    publish(publisher, 0, 60);
    expect(viewer.indices.slice(-58)).toEqual(Array.from({ length: 58 }, (_, at) => at + 2));
  });
});

test("parts that nobody made, just ahead, take with them nothing that comes before them", () => {
  const clock = new TestClock();
  const viewer = new TestPeer(clock, "v");
  const publisher = new TestPeer(clock, "pub", { source: true });
  connect(publisher, viewer);
  publish(publisher, 0, 6);
  // One that has shown something: strangers are believed less.
  const liar = new Scripted(viewer, "liar");
  liar.serves = true;
  clock.advance(4000);
  liar.serves = false;
  for (let index = 6; index < 60; index += 1) {
    tells(liar, { msn: keyOf(index).msn + 4, part: 100 }, 110);
    publish(publisher, index, 1);
  }
  expect(viewer.indices.slice(-50)).toEqual(Array.from({ length: 50 }, (_, at) => at + 10));
});
