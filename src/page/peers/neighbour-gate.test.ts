import { expect, test } from "vitest";
import { FakeClock } from "../../cache/fake-clock.test-support.ts";
import { NeighbourGate } from "./neighbour-gate.ts";

/** Deterministic: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

function gate(max: number, random = () => 0.999, idle = () => 0) {
  const clock = new FakeClock();
  return { clock, gate: new NeighbourGate({ max: () => max, idle, clock, random }) };
}

function fill(one: NeighbourGate, count: number, prefix = "old"): void {
  for (let n = 0; n < count; n++) one.joined(`${prefix}${n}`);
}

test("two thirds of the places are filled by whoever comes, the others by those who have few", () => {
  const { gate: one } = gate(12);
  fill(one, 8);
  expect(one.isHungry).toBe(false);
  expect(one.hears({ peer: "rich", links: 4 })).toEqual({ connect: false });
  expect(one.admits({ peer: "rich", links: 4 })).toBe(false);
  expect(one.hears({ peer: "poor", links: 3 })).toEqual({ connect: true, instead: undefined });
  expect(one.taken).toBe(9);
});

test("neighbours that give nothing are looked for beside, as long as there are places", () => {
  let idle = 0;
  const { gate: one } = gate(12, undefined, () => idle);
  fill(one, 8);
  expect([one.links, one.isHungry, one.isPoor]).toEqual([8, false, false]);
  idle = 5;
  expect([one.links, one.isHungry, one.isPoor]).toEqual([3, true, true]);
  expect(one.hears({ peer: "rich", links: 8 })).toEqual({ connect: true, instead: undefined });
  fill(one, 3, "more");
  expect([one.taken, one.isHungry]).toEqual([12, false]);
});

test("a connection that is being made takes a place, until it is there, fails or takes too long", () => {
  const { clock, gate: one } = gate(2);
  expect(one.admits({ peer: "a", links: 0 })).toBe(true);
  expect(one.admits({ peer: "b", links: 0 })).toBe(true);
  expect(one.admits({ peer: "c", links: 0 })).toBe(false);
  expect(one.joined("a")).toBe(true);
  clock.advance(10_000);
  expect(one.pending).toBe(0);
  expect(one.admits({ peer: "c", links: 0 })).toBe(true);
  one.left("c");
  expect(one.taken).toBe(1);
});

test("connections that are being made count as links, and not where it is to be known how soon to look again", () => {
  const { gate: one } = gate(12);
  for (let n = 0; n < 8; n++) one.hears({ peer: `new${n}`, links: 0 });
  expect([one.links, one.isHungry, one.isPoor]).toEqual([8, false, true]);
  fill(one, 4, "new");
  expect([one.links, one.isHungry, one.isPoor]).toEqual([8, false, false]);
});

test("two that come at the same time do not both get the last place", () => {
  const { gate: one } = gate(1);
  expect(one.joined("a")).toBe(true);
  expect(one.joined("b")).toBe(false);
  expect(one.taken).toBe(1);
});

test("who was not reached is let be for longer each time, until it is reached or the network is another", () => {
  const { clock, gate: one } = gate(12);
  const isTried = () => one.admits({ peer: "a", links: 0 });
  const waitsMs = Array.from({ length: 6 }, () => {
    one.unreached("a");
    let waitedMs = 0;
    for (; !isTried(); waitedMs += 30_000) clock.advance(30_000);
    return waitedMs;
  });
  expect(waitsMs).toEqual([60_000, 120_000, 240_000, 480_000, 960_000, 960_000]);
  one.joined("a");
  one.left("a");
  one.unreached("a");
  clock.advance(60_000);
  expect(isTried()).toBe(true);
  one.unreached("a");
  one.avoid("banned", 60_000);
  one.networkChanged();
  expect(isTried()).toBe(true);
  expect(one.admits({ peer: "banned", links: 0 })).toBe(false);
});

test("who is avoided is not connected to for that time, and its place is free", () => {
  const { clock, gate: one } = gate(12);
  one.joined("a");
  one.avoid("a", 15_000);
  expect(one.taken).toBe(0);
  expect(one.hears({ peer: "a", links: 0 })).toEqual({ connect: false });
  expect(one.admits({ peer: "a", links: 0 })).toBe(false);
  clock.advance(15_000);
  expect(one.hears({ peer: "a", links: 0 }).connect).toBe(true);
});

test("who says in a neighbour's name that it has no room frees no place, and in another's name one of those to come", () => {
  const { gate: one } = gate(3);
  one.joined("a");
  one.admits({ peer: "b", links: 0 });
  for (const peer of ["a", "b"]) one.refused(peer, 6_000);
  expect([one.taken, one.knows("a"), one.knows("b")]).toEqual([1, true, false]);
  expect(one.admits({ peer: "b", links: 0 })).toBe(false);
});

test("one who is full makes room for the poor, by chance, once in a while", () => {
  let chance = 0.5;
  const { clock, gate: one } = gate(3, () => chance);
  fill(one, 3);
  expect(one.hears({ peer: "poor", links: 0 }).connect).toBe(false);
  chance = 0;
  expect(one.hears({ peer: "poor", links: 0 })).toEqual({ connect: true, instead: "old0" });
  one.joined("poor");
  expect(one.taken).toBe(3);
  expect(one.hears({ peer: "another", links: 0 })).toEqual({ connect: false });
  clock.advance(10_000);
  expect(one.hears({ peer: "rich", links: 2 })).toEqual({ connect: false });
  expect(one.hears({ peer: "another", links: 0 }).connect).toBe(true);
});

test("who looks for us by name gets a place, another's if need be, but not one after the other", () => {
  const { clock, gate: one } = gate(3);
  fill(one, 2);
  expect(one.calls("first")).toEqual({ connect: true, instead: undefined });
  one.joined("first");
  expect(one.calls("second").connect).toBe(true);
  one.joined("second");
  expect(one.taken).toBe(3);
  expect(one.calls("third")).toEqual({ connect: false });
  clock.advance(10_000);
  expect(one.calls("third").connect).toBe(true);
});

test("strangers who claim to be poor drive out no more than a third", () => {
  const { clock, gate: one } = gate(12, () => 0);
  fill(one, 12);
  let gone = 0;
  for (let n = 0; n < 50; n++) {
    clock.advance(10_000);
    const verdict = one.hears({ peer: `liar${n}`, links: 0 });
    if (!verdict.connect) throw new Error("expected room");
    if (verdict.instead?.startsWith("old")) gone += 1;
    one.joined(`liar${n}`);
  }
  expect(gone).toBe(4);
  expect(one.taken).toBe(12);
});

/** Peers that announce as the strategy does, over a relay that passes each announcement to 24 at random; connecting takes a round. */
class World {
  readonly clock = new FakeClock();
  readonly random: () => number;
  readonly gates = new Map<string, NeighbourGate>();
  readonly links = new Map<string, Set<string>>();
  readonly #max: number;
  evicted = 0;

  constructor(max: number, seed: number) {
    this.#max = max;
    this.random = seeded(seed);
  }

  add(name: string): void {
    this.gates.set(
      name,
      new NeighbourGate({ max: () => this.#max, idle: () => 0, clock: this.clock, random: this.random }),
    );
    this.links.set(name, new Set());
  }

  remove(name: string): void {
    for (const other of this.links.get(name) ?? []) this.#part(name, other);
    this.gates.delete(name);
    this.links.delete(name);
  }

  /** Four seconds: everybody who is hungry announces once. */
  round(): void {
    for (const [name, own] of this.gates) {
      if (!own.isHungry) continue;
      const links = own.taken;
      for (const other of this.#sample(name)) {
        const theirs = this.gates.get(other) as NeighbourGate;
        if (this.links.get(other)?.has(name)) continue;
        const verdict = theirs.hears({ peer: name, links });
        if (!verdict.connect) continue;
        if (verdict.instead !== undefined) {
          this.evicted += 1;
          this.#part(other, verdict.instead);
        }
        if (own.admits({ peer: other, links: theirs.taken }) && own.joined(other) && theirs.joined(name)) {
          this.links.get(name)?.add(other);
          this.links.get(other)?.add(name);
        } else {
          own.left(other);
          theirs.avoid(name, 6_000);
        }
      }
    }
    this.clock.advance(4_000);
  }

  /** How many hang together with the first. */
  get reached(): number {
    const [first = ""] = this.links.keys();
    const seen = new Set([first]);
    for (const name of seen) for (const other of this.links.get(name) ?? []) seen.add(other);
    return seen.size;
  }

  get degrees(): readonly number[] {
    return [...this.links.values()].map(({ size }) => size).sort((a, b) => a - b);
  }

  #sample(except: string): readonly string[] {
    const others = [...this.gates.keys()].filter((name) => name !== except);
    if (others.length <= 24) return others;
    const picked = new Set<string>();
    while (picked.size < 24) picked.add(others[Math.floor(this.random() * others.length)] as string);
    return [...picked];
  }

  #part(a: string, b: string): void {
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      this.links.get(one)?.delete(other);
      this.gates.get(one)?.left(other);
    }
  }
}

test.each([
  { peers: 12, perRound: 1, seed: 1 },
  { peers: 30, perRound: 1, seed: 2 },
  { peers: 30, perRound: 30, seed: 3 },
  { peers: 300, perRound: 2, seed: 4 },
  { peers: 300, perRound: 100, seed: 5 },
  { peers: 1000, perRound: 20, seed: 6 },
])(
  "$peers peers, $perRound at a time, become one graph in which nobody has too many neighbours or too few",
  ({ peers, perRound, seed }) => {
    const world = new World(12, seed);
    for (let n = 0; n < peers; n++) {
      world.add(`peer${n}`);
      if (n % perRound === perRound - 1) world.round();
    }
    for (let n = 0; n < 4; n++) world.round();
    expect(world.reached).toBe(peers);
    expect(world.degrees.at(-1)).toBeLessThanOrEqual(12);
    expect(world.degrees[0]).toBeGreaterThanOrEqual(Math.min(4, peers - 1));
  },
);

test("a graph whose peers come and go stays one, with few neighbours given up", () => {
  const world = new World(12, 9);
  for (let n = 0; n < 200; n++) world.add(`peer${n}`);
  for (let n = 0; n < 10; n++) world.round();
  const evictedBefore = world.evicted;
  // 20 % a minute: a round is four seconds.
  for (let n = 0; n < 75; n++) {
    for (let gone = 0; gone < 3; gone++) {
      const names = [...world.gates.keys()];
      world.remove(names[Math.floor(world.random() * names.length)] as string);
      world.add(`later${n}-${gone}`);
    }
    world.round();
  }
  world.round();
  expect(world.reached).toBe(200);
  expect(world.degrees[0]).toBeGreaterThanOrEqual(4);
  // Of the peers that came, each cost less than one neighbour.
  expect(world.evicted - evictedBefore).toBeLessThan(225);
});
