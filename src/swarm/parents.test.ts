import { expect, test } from "vitest";
import { testContext } from "./context.test-support.ts";
import { SUBSTREAMS } from "./limits.ts";
import { Parents } from "./parents.ts";

test("a root tells its own beats that come back from those of another root, also where their clocks agree", () => {
  const { context, clock, join } = testContext();
  const other = testContext({ self: "another" });
  const [root, rival] = [new Parents(context), new Parents(other.context)];
  for (const one of [root, rival]) one.setRoot(true);
  const neighbour = join("n");
  const hears = (beats: readonly number[]): boolean => {
    const delaysMs = new Array<number>(SUBSTREAMS).fill(50);
    root.offered(neighbour, { kind: "offer", asked: 0, substreams: 0, free: 0, uplinkBps: 1e6, delaysMs, beats });
    return root.beats.takeContested();
  };
  const nothingYet = new Array<number>(SUBSTREAMS).fill(0);
  expect(hears(nothingYet)).toBe(false);
  for (let second = 0; second < 5; second += 1) {
    for (const one of [root, rival]) one.refreshWay(() => 0);
    const { beats } = root.way;
    expect(hears(beats)).toBe(false);
    expect(hears([...beats.slice(1), 0])).toBe(false);
    // Of the same second, and neither is newer by more than the other's place in it.
    expect(Math.abs(rival.way.beats[0]! - beats[0]!)).toBeLessThan(16);
    if (second > 0) expect(hears([...beats.slice(1), rival.way.beats[0]!])).toBe(true);
    clock.advance(1000);
    other.clock.advance(1000);
  }
});

test("a root is heeded while half of its neighbours pass on its beats, whatever some attacker's root gives others", () => {
  const { context, clock, join } = testContext();
  const root = new Parents(context);
  root.setRoot(true);
  const neighbours = ["a", "b", "c"].map((peer) => join(peer));
  clock.advance(1000);
  root.refreshWay(() => 0);
  const { beats } = root.way;
  const delaysMs = new Array<number>(SUBSTREAMS).fill(50);
  const offer = { kind: "offer", asked: 0, substreams: 0, free: 0, uplinkBps: 1e6, delaysMs } as const;
  const anothers = beats.map((beat) => beat + 1);
  root.offered(neighbours[0]!, { ...offer, beats: anothers });
  expect(root.beats.takeContested()).toBe(true);
  expect(root.beats.isHeeded).toBe(false);
  for (const neighbour of neighbours.slice(1)) root.offered(neighbour, { ...offer, beats });
  expect(root.beats.isHeeded).toBe(true);
  root.offered(neighbours[1]!, { ...offer, beats: anothers });
  expect(root.beats.isHeeded).toBe(false);
});

test("beats of the root before are not another's that goes first now", () => {
  const { context, clock, join } = testContext();
  const parents = new Parents(context);
  const neighbour = join("n");
  const former = Math.floor(clock.wallMs() / 1000) * 16 + 3;
  const beats = new Array<number>(SUBSTREAMS).fill(former);
  const delaysMs = new Array<number>(SUBSTREAMS).fill(50);
  const offer = { kind: "offer", asked: 0, substreams: 0, free: 0, uplinkBps: 1e6, delaysMs, beats } as const;
  parents.offered(neighbour, offer);
  parents.setRoot(true);
  parents.refreshWay(() => 0);
  parents.offered(neighbour, offer);
  expect(parents.beats.takeContested()).toBe(false);
});
