import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import { type BudgetedRing, ByteBudget } from "./byte-budget.ts";
import { FakeClock } from "./fake-clock.test-support.ts";
import { SlotRing, type SlotRingOptions } from "./slot-ring.ts";

function ringOf(capacity: number, options: Omit<SlotRingOptions, "capacity"> = {}): SlotRing {
  return new SlotRing({ capacity, clock: new FakeClock(), ...options });
}

function part(content: number, sizeBytes = 4): Bytes {
  return new Uint8Array(sizeBytes).fill(content);
}

/** Every id that can be read, looked for one by one. */
function readable(ring: SlotRing, below = 64): number[] {
  return Array.from({ length: below }, (_, id) => id).filter((id) => ring.get(id) !== undefined);
}

const coded = (code: string) => expect.objectContaining({ code });

test("a read returns the very view that was written, over the same buffer", () => {
  const ring = ringOf(4);
  const buffer = new ArrayBuffer(16);
  const view = new Uint8Array(buffer, 4, 8);
  ring.put(0, view);
  expect(ring.get(0)?.bytes).toBe(view);
  expect(ring.get(0)!.bytes.buffer).toBe(buffer);
  expect(ring.range(0, 1)?.[0]?.buffer).toBe(buffer);
  const init = new Uint8Array(buffer, 0, 4);
  ring.setInit(0, init);
  expect(ring.init(0)).toBe(init);
});

test("append() numbers parts by one from the first id on", () => {
  const ring = ringOf(4, { firstId: 7 });
  expect(ring.nextId).toBe(7);
  expect([ring.append(part(1)), ring.append(part(2))]).toEqual([7, 8]);
  expect(ring.lastId).toBe(8);
  expect(ring.oldestId).toBe(7);
  expect(ring.last).toBe(ring.get(8));
});

test("get() misses an id whose slot was reused after a wrap, and one that is to come", () => {
  const ring = ringOf(2);
  for (const content of [1, 2, 3]) ring.append(part(content));
  expect(ring.get(0)).toBeUndefined();
  expect(ring.get(2)?.id).toBe(2);
  expect(ring.get(4)).toBeUndefined();
  expect(ring.oldestId).toBe(1);
});

test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
  "the id %s is missed by reads and refused by writes",
  (id) => {
    const ring = ringOf(4);
    ring.append(part(1));
    expect(ring.get(id)).toBeUndefined();
    for (const write of ["put", "putIfAbsent", "putContiguous"] as const) {
      expect(() => ring[write](id, part(2))).toThrow(coded("invalid-option"));
    }
    expect(readable(ring)).toEqual([0]);
  },
);

test("a part that is put again is a new slot, and the one a reader holds does not change", () => {
  const ring = ringOf(4);
  ring.put(0, part(1));
  const held = ring.get(0);
  const { version } = ring;
  ring.put(0, part(2));
  expect(held?.bytes).toEqual(part(1));
  expect(ring.get(0)?.bytes).toEqual(part(2));
  expect(ring.get(0)).not.toBe(held);
  expect(ring.version).toBe(version + 1);
  expect(ring.sizeBytes).toBe(4);
});

test("the hash of a slot is its xxHash64", () => {
  const ring = ringOf(4);
  ring.append(new TextEncoder().encode("abc"));
  ring.append(new Uint8Array(0));
  // Reference values of the xxHash specification.
  expect(ring.get(0)?.hash).toBe(0x44bc2cf5ad770999n);
  expect(ring.get(0)?.hash).toBe(0x44bc2cf5ad770999n);
  expect(ring.get(1)?.hash).toBe(0xef46db3751d8e999n);
});

test("the hash is computed once, at first need", () => {
  const ring = ringOf(4);
  const bytes = part(1);
  ring.append(bytes);
  bytes[0] = 2; // Nobody may do this; here it shows when the bytes are looked at.
  const { hash } = ring.get(0)!;
  ring.append(bytes);
  expect(ring.get(1)?.hash).toBe(hash);
  bytes[0] = 3;
  expect(ring.get(0)?.hash).toBe(hash);
});

test("putIfAbsent() keeps what is there, and tells equal bytes from other ones", () => {
  const ring = ringOf(4);
  const first = part(1);
  expect(ring.putIfAbsent(0, first)).toBe("inserted");
  expect(ring.putIfAbsent(0, part(1))).toBe("present");
  expect(ring.putIfAbsent(0, part(2))).toBe("conflict");
  expect(ring.putIfAbsent(0, part(1, 5))).toBe("conflict");
  expect(ring.get(0)?.bytes).toBe(first);
  expect(ring.version).toBe(1);
});

test("an id that has left does not come back over a newer one", () => {
  const ring = ringOf(2);
  for (const content of [1, 2, 3]) ring.append(part(content));
  expect(ring.putIfAbsent(0, part(9))).toBe("present");
  expect(ring.putContiguous(0, part(9))).toBe("present");
  expect(() => ring.put(0, part(9))).toThrow(coded("out-of-order"));
  expect(readable(ring)).toEqual([1, 2]);
  expect(ring.get(2)?.bytes).toEqual(part(3));
});

test("an id that left to save bytes does not come back either, though its position is free", () => {
  const ring = ringOf(8, { maxBytes: 8 });
  for (const content of [1, 2, 3]) ring.append(part(content));
  expect(ring.putIfAbsent(0, part(1))).toBe("present");
  expect(readable(ring)).toEqual([1, 2]);
});

test("putContiguous() shows parts in order only", () => {
  const ring = ringOf(8);
  ring.putContiguous(2, part(2));
  ring.putContiguous(1, part(1));
  expect(readable(ring)).toEqual([]);
  expect([ring.last, ring.lastId, ring.oldestId, ring.version]).toEqual([undefined, undefined, undefined, 0]);
  expect(ring.stats).toMatchObject({ count: 0, heldBack: 2, sizeBytes: 8 });
  ring.putContiguous(0, part(0));
  expect(readable(ring)).toEqual([0, 1, 2]);
  expect([ring.lastId, ring.oldestId, ring.version, ring.nextId]).toEqual([2, 0, 3, 3]);
});

test("putContiguous() goes on behind a gap whose place is needed", () => {
  const ring = ringOf(4);
  ring.append(part(0));
  for (const id of [2, 3, 4]) ring.putContiguous(id, part(id));
  expect(readable(ring)).toEqual([]);
  ring.putContiguous(5, part(5)); // 5 % 4 === 1 % 4
  expect(readable(ring)).toEqual([2, 3, 4, 5]);
  expect(ring.putContiguous(1, part(1))).toBe("present");
});

test("putContiguous() holds on while a second gap can still be filled", () => {
  const ring = ringOf(4);
  for (const id of [2, 4]) ring.putContiguous(id, part(id)); // 0 has left: 4 % 4 === 0 % 4
  expect(readable(ring)).toEqual([]);
  ring.putContiguous(1, part(1));
  expect(readable(ring)).toEqual([1, 2]);
  ring.putContiguous(3, part(3));
  expect(readable(ring)).toEqual([1, 2, 3, 4]);
});

test("putContiguous() refuses an id that nothing of the ring would outlive", () => {
  const ring = ringOf(4);
  ring.append(part(0));
  expect(() => ring.putContiguous(5, part(5))).toThrow(coded("out-of-order"));
  expect(() => ring.putContiguous(Number.MAX_SAFE_INTEGER, part(5))).toThrow(coded("out-of-order"));
  expect(readable(ring)).toEqual([0]);
  expect(ring.stats.heldBack).toBe(0);
});

test("append() fills the gap that others are held back for", () => {
  const ring = ringOf(8);
  ring.putContiguous(1, part(1));
  expect(ring.append(part(0))).toBe(0);
  expect(readable(ring)).toEqual([0, 1]);
  expect(ring.nextId).toBe(2);
});

test("put() far ahead leaves nothing that a later id could alias, and is done at once", () => {
  const ring = ringOf(4);
  for (const content of [0, 1, 2]) ring.append(part(content));
  ring.put(2 ** 50, part(9));
  expect(readable(ring)).toEqual([]);
  expect([ring.oldestId, ring.lastId, ring.sizeBytes]).toEqual([2 ** 50, 2 ** 50, 4]);
});

test("range() gives all of the views or none", () => {
  const ring = ringOf(4);
  for (const content of [0, 1, 2, 3, 4]) ring.append(part(content));
  expect(ring.range(1, 4)).toEqual([part(1), part(2), part(3)]);
  expect(ring.range(2, 2)).toEqual([]);
  expect(ring.range(0, 3)).toBeUndefined();
  expect(ring.range(3, 6)).toBeUndefined();
  expect(ring.range(0, Number.POSITIVE_INFINITY)).toBeUndefined();
});

test("the byte budget lets the oldest parts go first", () => {
  const ring = ringOf(8, { maxBytes: 10 });
  ring.append(part(0, 4));
  ring.append(part(1, 4));
  ring.append(part(2, 6));
  expect(readable(ring)).toEqual([1, 2]);
  expect([ring.sizeBytes, ring.oldestId, ring.stats.evicted]).toEqual([10, 1, 1]);
});

test("a part larger than the budget is refused and nothing is lost", () => {
  const ring = ringOf(8, { maxBytes: 10 });
  ring.append(part(0, 10));
  for (const write of ["put", "putIfAbsent", "putContiguous"] as const) {
    expect(() => ring[write](1, part(1, 11))).toThrow(coded("part-too-large"));
  }
  expect(() => ring.append(part(1, 11))).toThrow(coded("part-too-large"));
  expect([ring.nextId, ring.sizeBytes, ring.version]).toEqual([1, 10, 1]);
  expect(readable(ring)).toEqual([0]);
});

test("evictOldest() returns the bytes it freed, and 0 when the ring is empty", () => {
  const ring = ringOf(8);
  ring.append(part(0, 3));
  ring.append(part(1, 5));
  expect([ring.evictOldest(), ring.evictOldest(), ring.evictOldest()]).toEqual([3, 5, 0]);
  expect([ring.last, ring.oldestId, ring.sizeBytes]).toEqual([undefined, undefined, 0]);
  expect(ring.append(part(2))).toBe(2);
});

test("the newest 64 init segments stay", () => {
  const ring = ringOf(2);
  for (let index = 0; index < 65; index += 1) ring.setInit(index, part(index));
  expect(ring.init(0)).toBeUndefined();
  expect([ring.init(1), ring.init(64)]).toEqual([part(1), part(64)]);
  expect(() => ring.setInit(65, new Uint8Array(1024 * 1024))).toThrow(coded("part-too-large"));
  expect(ring.init(1)).toEqual(part(1));
});

test("an init segment that is set again counts as the newest", () => {
  const ring = ringOf(2);
  for (let index = 0; index < 64; index += 1) ring.setInit(index, part(index));
  ring.setInit(0, part(99));
  expect(ring.stats.inits).toBe(64);
  ring.setInit(64, part(64));
  expect([ring.init(0), ring.init(1)]).toEqual([part(99), undefined]);
});

test("waitFor() gives a part that is there at once, and one that comes when it comes", async () => {
  const clock = new FakeClock();
  const ring = ringOf(4, { clock });
  ring.append(part(0));
  expect(await ring.waitFor(0, { deadlineMs: 100 })).toBe(ring.get(0));
  const late = ring.waitFor(1, { deadlineMs: 100 });
  ring.append(part(1));
  expect((await late)?.bytes).toEqual(part(1));
  expect(clock.pending).toBe(0);
});

test("waitFor() is not answered by the parts next to the one it waits for", async () => {
  const clock = new FakeClock();
  const ring = ringOf(4, { clock });
  const wait = ring.waitFor(1, { deadlineMs: 100 });
  ring.put(0, part(0));
  ring.put(2, part(2));
  expect(ring.stats.waiters.waiting).toBe(1);
  ring.put(1, part(1));
  expect((await wait)?.bytes).toEqual(part(1));
});

test("waitFor() waits for what is held back, until that can be read", async () => {
  const ring = ringOf(4);
  ring.putContiguous(1, part(1));
  const wait = ring.waitFor(1, { deadlineMs: 100 });
  expect(ring.stats.waiters.waiting).toBe(1);
  ring.putContiguous(0, part(0));
  expect((await wait)?.id).toBe(1);
});

test.each<[string, (ring: SlotRing, clock: FakeClock, controller: AbortController) => void]>([
  ["at the deadline", (_, clock) => clock.advance(100)],
  ["on an abort", (_, _clock, controller) => controller.abort()],
  ["when the ring closes", (ring) => ring.close()],
  ["when waiting is stopped", (ring) => ring.stopWaiting()],
  ["when the part is given up", (ring) => ring.skip()],
  ["when the part has left before it came", (ring) => ring.put(4, part(4))],
])("waitFor() gives undefined %s", async (_, end) => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const ring = ringOf(4, { clock });
  const wait = ring.waitFor(0, { deadlineMs: 100, signal: controller.signal });
  expect(ring.stats.waiters.waiting).toBe(1);
  end(ring, clock, controller);
  expect(ring.stats.waiters.waiting).toBe(0);
  expect(await wait).toBeUndefined();
});

test("waitFor() does not wait for an id that has left, nor without any end", async () => {
  const clock = new FakeClock();
  const ring = ringOf(2, { clock, firstId: 5 });
  expect(await ring.waitFor(4)).toBeUndefined();
  const wait = ring.waitFor(5);
  clock.advance(18_000);
  expect(await wait).toBeUndefined();
});

test("skip() leaves a gap and goes on behind it", () => {
  const ring = ringOf(4);
  ring.append(part(0));
  ring.putContiguous(2, part(2));
  expect(ring.skip()).toBe(1);
  expect(readable(ring)).toEqual([0, 2]);
  expect([ring.lastId, ring.append(part(3))]).toEqual([2, 3]);
  for (let id = 0; id < 4; id += 1) ring.skip();
  expect([ring.last, ring.oldestId, ring.append(part(8))]).toEqual([undefined, undefined, 8]);
});

test("a closed ring misses, refuses writes and holds no bytes; a view that was read stays", () => {
  const ring = ringOf(4, { generation: 3 });
  ring.append(part(1));
  ring.setInit(0, part(7));
  const held = ring.get(0);
  ring.close();
  ring.close();
  expect([ring.get(0), ring.last, ring.init(0), ring.range(0, 1)]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect([ring.sizeBytes, ring.oldestId, ring.evictOldest()]).toEqual([0, undefined, 0]);
  expect(held).toMatchObject({ generation: 3, bytes: part(1) });
  const writes = [
    () => ring.append(part(1)),
    () => ring.put(1, part(1)),
    () => ring.putIfAbsent(0, part(1)),
    () => ring.putContiguous(1, part(1)),
    () => ring.setInit(1, part(1)),
    () => ring.skip(),
  ];
  for (const write of writes) expect(write).toThrow(coded("closed"));
});

test("a closed ring leaves the budget it shared", () => {
  const rings = new Set<BudgetedRing>();
  class WatchedBudget extends ByteBudget {
    override join(ring: BudgetedRing): void {
      super.join(ring);
      rings.add(ring);
    }
    override leave(ring: BudgetedRing): void {
      super.leave(ring);
      rings.delete(ring);
    }
  }
  const budget = new WatchedBudget(8);
  const [first, second] = [ringOf(4, { budget }), ringOf(4, { budget })];
  first.append(part(1));
  second.append(part(1));
  first.close();
  expect([...rings]).toEqual([second]);
  expect(budget.sizeBytes).toBe(4);
  second.append(part(2));
  expect(readable(second)).toEqual([0, 1]);
});

test.each([0, -1, 1.5, Number.NaN])("a capacity of %s is refused", (capacity) => {
  expect(() => ringOf(capacity)).toThrow(coded("invalid-option"));
});

/** A ring as a plain map that looks at everything each time. */
class NaiveRing {
  readonly parts = new Map<number, Bytes>();
  readonly capacity: number;
  readonly maxBytes: number;
  floorId: number;
  nextId: number;
  headId: number;

  constructor(capacity: number, maxBytes: number, firstId: number) {
    this.capacity = capacity;
    this.maxBytes = maxBytes;
    this.floorId = firstId;
    this.nextId = firstId;
    this.headId = firstId;
  }

  get sizeBytes(): number {
    return [...this.parts.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  get readableIds(): number[] {
    return [...this.parts.keys()].filter((id) => id < this.nextId).sort((a, b) => a - b);
  }

  reach(id: number): void {
    this.headId = Math.max(this.headId, id + 1);
    this.floorId = Math.max(this.floorId, this.headId - this.capacity);
    for (const old of [...this.parts.keys()]) if (old < this.floorId) this.parts.delete(old);
  }

  write(id: number, bytes: Bytes, publish: boolean): void {
    this.reach(id);
    this.parts.set(id, bytes);
    if (publish) this.nextId = Math.max(this.nextId, id + 1);
    this.goOn();
    while (this.sizeBytes > this.maxBytes) this.evict();
  }

  evict(): void {
    if (this.parts.size === 0) return;
    const oldest = Math.min(...this.parts.keys());
    this.parts.delete(oldest);
    this.floorId = oldest + 1;
    this.goOn();
  }

  goOn(): void {
    this.nextId = Math.max(this.nextId, this.floorId);
    while (this.parts.has(this.nextId)) this.nextId += 1;
  }
}

const writing = fc.record({
  kind: fc.constantFrom("append", "put", "putIfAbsent", "putContiguous", "skip", "evictOldest"),
  /** Relative to the next id. */
  ahead: fc.integer({ min: -6, max: 9 }),
  content: fc.nat({ max: 1 }),
  sizeBytes: fc.integer({ min: 0, max: 5 }),
});

test("any run of writes leaves what a plain map would hold", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 4, max: 30 }),
      fc.nat({ max: 3 }),
      fc.array(writing, { maxLength: 60 }),
      (capacity, maxBytes, firstId, steps) => {
        const ring = ringOf(capacity, { maxBytes, firstId });
        const naive = new NaiveRing(capacity, maxBytes, firstId);
        let version = 0;
        for (const { kind, ahead, content, sizeBytes } of steps) {
          const id = Math.max(0, naive.nextId + ahead);
          const bytes = part(content, sizeBytes);
          const before = new Set(naive.readableIds);
          const tooLarge = sizeBytes > maxBytes;
          if (kind === "skip") {
            expect(ring.skip()).toBe(naive.nextId);
            naive.reach(naive.nextId);
            naive.nextId += 1;
            naive.goOn();
          } else if (kind === "evictOldest") {
            const beforeBytes = naive.sizeBytes;
            naive.evict();
            expect(ring.evictOldest()).toBe(beforeBytes - naive.sizeBytes);
          } else if (tooLarge) {
            expect(() => ring.put(id, bytes)).toThrow(coded("part-too-large"));
          } else if (kind === "append") {
            expect(ring.append(bytes)).toBe(naive.nextId);
            naive.write(naive.nextId, bytes, true);
          } else if (kind === "put") {
            if (id < naive.floorId) expect(() => ring.put(id, bytes)).toThrow(coded("out-of-order"));
            else {
              ring.put(id, bytes);
              naive.write(id, bytes, true);
            }
          } else {
            const found = naive.parts.get(id);
            const gone = id < naive.floorId;
            if (gone || found !== undefined) {
              const same = gone || Buffer.compare(found ?? bytes, bytes) === 0;
              expect(ring[kind as "putIfAbsent"](id, bytes)).toBe(same ? "present" : "conflict");
            } else if (kind === "putContiguous" && id >= naive.headId + capacity) {
              expect(() => ring.putContiguous(id, bytes)).toThrow(coded("out-of-order"));
            } else {
              expect(ring[kind as "putIfAbsent"](id, bytes)).toBe("inserted");
              naive.write(id, bytes, kind === "putIfAbsent");
            }
          }
          const expected = naive.readableIds;
          expect(readable(ring, naive.headId + capacity + 1)).toEqual(expected);
          for (const known of expected) expect(ring.get(known)?.bytes).toBe(naive.parts.get(known));
          expect(ring.oldestId).toBe(expected[0]);
          expect(ring.lastId).toBe(expected.at(-1));
          expect(ring.last?.id).toBe(expected.at(-1));
          expect(ring.nextId).toBe(naive.nextId);
          expect(ring.sizeBytes).toBe(naive.sizeBytes);
          expect(ring.stats).toMatchObject({ count: expected.length, heldBack: naive.parts.size - expected.length });
          if (expected.some((known) => !before.has(known))) expect(ring.version).toBeGreaterThan(version);
          expect(ring.version).toBeGreaterThanOrEqual(version);
          version = ring.version;
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("parts in any order within the capacity end up as all of them, in order", () => {
  const order = fc
    .integer({ min: 1, max: 16 })
    .chain((length) => fc.shuffledSubarray([...Array(length).keys()], { minLength: length }));
  fc.assert(
    fc.property(order, (ids) => {
      const ring = ringOf(16);
      for (const id of ids) {
        ring.putContiguous(id, part(id));
        expect(readable(ring)).toEqual([...Array(ring.nextId).keys()]);
      }
      expect(ring.range(0, ids.length)).toEqual(ids.map((_, id) => part(id)));
    }),
  );
});
