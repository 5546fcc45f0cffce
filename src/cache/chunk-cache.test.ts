import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import { ChunkCache } from "./chunk-cache.ts";
import { FakeClock } from "./fake-clock.test-support.ts";
import type { SlotRing } from "./slot-ring.ts";

const coded = (code: string) => expect.objectContaining({ code });
const part = (content: number, sizeBytes = 4): Bytes => new Uint8Array(sizeBytes).fill(content);

function cacheOf(options: ConstructorParameters<typeof ChunkCache>[0] = {}): ChunkCache {
  return new ChunkCache(
    { numPlaylists: 2, maxSegments: 2, maxPartsPerSegment: 3, ...options },
    { clock: new FakeClock() },
  );
}

test("the reference sizes give five rings of 32 x 128 slots", () => {
  const cache = new ChunkCache();
  const rings = ["a", "b", "c", "d", "e"].map((name) => cache.open(name));
  expect(rings.map(({ capacity }) => capacity)).toEqual(Array(5).fill(4096));
  expect(() => cache.open("f")).toThrow(coded("stream-limit"));
  expect(cache.find("e")).toBe(rings[4]);
});

test("open() gives the same handle while the stream lives, whatever it is asked for", () => {
  const cache = cacheOf();
  const ring = cache.open("studio", { firstId: 5 });
  expect(ring.append(part(1))).toBe(5);
  expect(cache.open("studio", { firstId: 9 })).toBe(ring);
  expect(cache.find("studio")).toBe(ring);
  expect(cache.find("stage")).toBeUndefined();
});

test("close() frees the place, and handles of the former stream never see the next one", async () => {
  const cache = cacheOf({ numPlaylists: 1 });
  const former = cache.open("studio");
  former.append(part(1));
  const wait = former.waitFor(1, { deadlineMs: 100 });
  expect(() => cache.open("stage")).toThrow(coded("stream-limit"));
  expect(former.get(0)?.bytes).toEqual(part(1));
  expect(cache.close("studio")).toBe(true);
  expect(cache.close("studio")).toBe(false);
  const next = cache.open("studio");
  next.append(part(2));
  next.append(part(3));
  expect(next.generation).toBeGreaterThan(former.generation);
  expect([former.get(0), former.get(1), former.last]).toEqual([undefined, undefined, undefined]);
  expect(() => former.append(part(9))).toThrow(coded("closed"));
  expect(await wait).toBeUndefined();
  expect(cache.sizeBytes).toBe(8);
});

test("reset() closes the former handle and starts an empty ring at the id it is given", () => {
  const cache = cacheOf({ numPlaylists: 1 });
  const former = cache.open("studio");
  former.append(part(1));
  const next = cache.reset("studio", { firstId: 1 });
  expect(cache.find("studio")).toBe(next);
  expect(next.generation).toBe(former.generation + 1);
  expect(next.append(part(2))).toBe(1);
  expect(former.get(0)).toBeUndefined();
  expect(() => former.put(2, part(3))).toThrow(coded("closed"));
});

test("a reset that is refused leaves the stream as it was", () => {
  const cache = cacheOf({ numPlaylists: 1 });
  const ring = cache.open("studio");
  ring.append(part(1));
  expect(() => cache.reset("studio", { firstId: -1 })).toThrow(coded("invalid-option"));
  expect(() => cache.reset("stage")).toThrow(coded("stream-limit"));
  expect(cache.find("studio")).toBe(ring);
  expect(ring.get(0)?.bytes).toEqual(part(1));
});

test("one ring may hold its own budget only", () => {
  const cache = cacheOf({ maxBytesPerPlaylist: 8 });
  const ring = cache.open("studio");
  for (const content of [1, 2, 3]) ring.append(part(content));
  expect([ring.oldestId, ring.sizeBytes]).toEqual([1, 8]);
  expect(() => ring.append(part(4, 9))).toThrow(coded("part-too-large"));
});

test("over the common budget, the part written longest ago leaves, whichever ring has it", () => {
  const cache = cacheOf({ maxBytes: 16 });
  const studio = cache.open("studio");
  const stage = cache.open("stage");
  studio.append(part(0));
  stage.append(part(0));
  studio.append(part(1));
  stage.append(part(1));
  stage.append(part(2));
  expect([studio.oldestId, stage.oldestId]).toEqual([1, 0]);
  stage.append(part(3));
  expect([studio.oldestId, stage.oldestId]).toEqual([1, 1]);
  expect(cache.sizeBytes).toBe(16);
});

test("a part larger than the common budget is refused and nothing is lost", () => {
  const cache = cacheOf({ maxBytes: 10 });
  cache.open("studio").append(part(0));
  expect(() => cache.open("stage").append(part(0, 11))).toThrow(coded("part-too-large"));
  expect(cache.find("studio")?.get(0)?.bytes).toEqual(part(0));
});

test("a waiter of another ring whose part was pushed out is answered", async () => {
  const cache = cacheOf({ maxBytes: 8 });
  const studio = cache.open("studio");
  studio.put(1, part(1));
  const wait = studio.waitFor(0, { deadlineMs: 100 });
  expect(studio.stats.waiters.waiting).toBe(1);
  cache.open("stage").append(part(0, 8));
  expect(studio.stats.waiters.waiting).toBe(0);
  expect(await wait).toBeUndefined();
});

test("more slots than memory should hold for positions are refused", () => {
  expect(() => cacheOf({ maxSegments: 2 ** 20, maxPartsPerSegment: 2 ** 20 })).toThrow(coded("invalid-option"));
  expect(() => cacheOf({ numPlaylists: 0 })).toThrow(coded("invalid-option"));
});

test("sizes agree with what can be read, and what is kept is what was written last", () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ name: fc.constantFrom("a", "b"), sizeBytes: fc.integer({ min: 0, max: 9 }) }) },
    { weight: 1, arbitrary: fc.record({ close: fc.constantFrom("a", "b") }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const cache = cacheOf({ maxBytes: 20, maxBytesPerPlaylist: 15 });
      /** In the order they were written. */
      let model: { name: string; id: number; sizeBytes: number }[] = [];
      const sum = (parts: typeof model) => parts.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
      for (const next of steps) {
        if ("close" in next) {
          cache.close(next.close);
          model = model.filter(({ name }) => name !== next.close);
        } else {
          const { name, sizeBytes } = next;
          const id = cache.open(name).append(part(1, sizeBytes));
          model.push({ name, id, sizeBytes });
          const own = () => model.filter((entry) => entry.name === name);
          while (own().length > 6 || sum(own()) > 15) model.splice(model.indexOf(own()[0]!), 1);
          while (sum(model) > 20) model.shift();
        }
        const rings = ["a", "b"].map((name) => cache.find(name)).filter((ring) => ring !== undefined);
        expect(cache.sizeBytes).toBe(sum(model));
        expect(rings.reduce((total, { sizeBytes }) => total + sizeBytes, 0)).toBe(sum(model));
        for (const name of ["a", "b"])
          expect(ids(cache.find(name))).toEqual(model.filter((x) => x.name === name).map((x) => x.id));
      }
    }),
    { numRuns: 200 },
  );
});

function ids(ring: SlotRing | undefined): number[] {
  return [...Array(ring?.nextId ?? 0).keys()].filter((id) => ring?.get(id) !== undefined);
}
