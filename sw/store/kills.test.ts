import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import type { FaultPoint } from "./faults.ts";
import { faultAt, mediaOf, openStore, Producer, rawRecords, told } from "./store.test-support.ts";

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

/** What a store that is read anew says, checked for being whole: steps, segments and media tell the same number of parts. */
async function reopened(windowMs: number): Promise<{ expected: number; firstId: number; produce: () => Producer }> {
  const { store } = await openStore({ windowMs });
  const [stream] = await store.load();
  const produce = () => new Producer(store);
  if (stream === undefined) return { expected: 0, firstId: 0, produce };
  const segments = stream.renditions[0]?.segments ?? [];
  const [first, last] = [segments[0], segments.at(-1)];
  if (first === undefined || last === undefined) throw new Error("a stream without segments was stored");
  segments.forEach((segment, index) => {
    expect(segment.msn).toBe(first.msn + index);
  });
  const expected = stream.producer?.expected.main ?? -1;
  expect(last.firstPartId + last.sizesBytes.length).toBe(expected);
  expect(stream.renditions[0]?.inits).toHaveLength(1);
  for (let id = first.firstPartId; id < expected; id++) {
    expect(told(await store.part("studio", "main", id))).toBe(told(mediaOf(id, sizeOf(id))));
  }
  await store.close();
  return { expected, firstId: first.firstPartId, produce };
}

const sizeOf = (id: number): number => (id % 5 === 3 ? 64_100 : 300);

const POINTS: readonly FaultPoint[] = ["batch", "batch-half", "batch-done", "sweep"];

test.each(POINTS)(
  "a kill at %s leaves whole steps, all that was told as kept, and a stream that goes on",
  async (point) => {
    for (const nth of [1, 2, 3]) {
      globalThis.indexedDB = new IDBFactory();
      const fault = faultAt(point, nth);
      const windowMs = 4_000;
      const { store, kept } = await openStore({ windowMs, faults: fault.faults });
      await store.load();
      const producer = new Producer(store);
      producer.init();
      for (let id = 0; id < 32; id += 2) {
        producer.parts(id, id + 2, { sizeBytes: sizeOf(id) });
        producer.recorder().listedFrom(Math.max(1, Math.floor(id / 4) - 1));
        await store.flush();
      }
      expect(fault.struck).toBe(true);
      expect(kept.get("studio/main") ?? 0).toBeLessThan(32);
      // Parts of one call have one size here.
      const { store: again } = await openStore({ windowMs });
      const [stream] = await again.load();
      const expected = stream?.producer?.expected.main ?? 0;
      expect(expected).toBeGreaterThanOrEqual(kept.get("studio/main") ?? 0);
      const goesOn = new Producer(again);
      if (expected === 0) goesOn.init();
      goesOn.parts(expected, 40, { sizeBytes: 300 });
      await again.close();
      const { store: last } = await openStore({ windowMs });
      const [found] = await last.load();
      const segments = found?.renditions[0]?.segments ?? [];
      expect(found?.producer?.expected).toEqual({ main: 40 });
      expect(segments.at(-1)?.msn).toBe(10);
      for (let id = segments[0]?.firstPartId ?? -1; id < 40; id++) {
        const sizeBytes = id < expected ? sizeOf(id - (id % 2)) : 300;
        expect(told(await last.part("studio", "main", id))).toBe(told(mediaOf(id, sizeBytes)));
      }
    }
  },
);

test("a kill at load changes nothing", async () => {
  const { store } = await openStore();
  await store.load();
  const producer = new Producer(store);
  producer.init();
  for (let id = 0; id < 6; id++) producer.parts(id, id + 1, { sizeBytes: sizeOf(id) });
  await store.close();
  const killed = await openStore({ faults: faultAt("load").faults });
  await expect(killed.store.load()).rejects.toThrow();
  expect((await reopened(60_000)).expected).toBe(6);
});

test("kills at any moments, one after the other, lose nothing that was told as kept", async () => {
  const run = fc.record({
    point: fc.constantFrom(...POINTS),
    nth: fc.integer({ min: 1, max: 6 }),
    batches: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(run, { minLength: 1, maxLength: 4 }), async (runs) => {
      globalThis.indexedDB = new IDBFactory();
      let next = 0;
      for (const { point, nth, batches } of runs) {
        const { store, kept } = await openStore({ windowMs: 6_000, faults: faultAt(point, nth).faults });
        await store.load();
        const producer = new Producer(store);
        if (next === 0) producer.init();
        let id = next;
        for (const count of batches) {
          for (const until = id + count; id < until; id++) producer.parts(id, id + 1, { sizeBytes: sizeOf(id) });
          producer.recorder().listedFrom(Math.max(1, Math.floor(id / 4) - 1));
          await store.flush();
        }
        const { expected } = await reopened(6_000);
        expect(expected).toBeGreaterThanOrEqual(Math.max(next, kept.get("studio/main") ?? 0));
        expect(expected).toBeLessThanOrEqual(id);
        next = expected;
      }
    }),
    { numRuns: 40 },
  );
});

test("what a kill left of removed streams and of old segments is swept when the store is next read", async () => {
  const { store } = await openStore({ windowMs: 2_000, faults: faultAt("sweep", 6).faults });
  await store.load();
  for (const name of ["gone", "studio"]) {
    const producer = new Producer(store, name);
    producer.init();
    producer.parts(0, 24);
    producer.recorder().listedFrom(4);
  }
  await store.flush();
  store.remove("gone");
  await store.flush();
  const { store: again } = await openStore({ windowMs: 2_000 });
  const [stream] = await again.load();
  expect(stream?.name).toBe("studio");
  for (let slices = 0; slices < 40; slices++) await again.flush();
  await again.close();
  const ids = new Set((await rawRecords("media")).map(({ key }) => (key as number[])[0]));
  expect(ids.size).toBe(1);
  const first = stream?.renditions[0]?.segments[0]?.firstPartId ?? -1;
  expect(first).toBe(12);
  expect((await rawRecords("media")).map(({ key }) => (key as number[])[2])).toEqual(
    Array.from({ length: 24 - first }, (_, index) => first + index),
  );
  expect(await rawRecords("segments")).toHaveLength(stream?.renditions[0]?.segments.length ?? -1);
  expect(await rawRecords("inits")).toHaveLength(1);
});

test("a stream that is published after a kill has nothing of the one that was removed last", async () => {
  let isDying = false;
  const faults = (point: FaultPoint): void => {
    if (isDying && point === "sweep") throw new Error("killed");
  };
  const { store } = await openStore({ faults });
  await store.load();
  const removed = new Producer(store);
  removed.init();
  // Pieces that the next stream's own parts do not all replace.
  removed.parts(0, 24, { sizeBytes: 64_100 });
  await store.flush();
  isDying = true;
  store.remove("studio");
  await store.flush();
  const { store: next } = await openStore();
  expect(await next.load()).toEqual([]);
  const producer = new Producer(next);
  producer.init();
  producer.parts(0, 8, { sizeBytes: 300 });
  await next.close();
  const { store: last } = await openStore();
  const [stream] = await last.load();
  expect(stream?.renditions[0]?.segments.map(({ msn }) => msn)).toEqual([1, 2]);
  for (let id = 0; id < 8; id++) expect(told(await last.part("studio", "main", id))).toBe(told(mediaOf(id, 300)));
});
