import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test } from "vitest";
import { openStore, PART_MS, PARTS_PER_SEGMENT, Producer, partRecord, rawRecords } from "./store.test-support.ts";
import type { StreamStore } from "./stream-store.ts";

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

/** Sweeps all that waits to be. */
async function settled(store: StreamStore): Promise<void> {
  for (let slices = 0; slices < 20; slices++) await store.flush();
}

async function listed(store: StreamStore, name = "studio"): Promise<number[]> {
  await store.close();
  const streams = await (await openStore()).store.load();
  return streams.find((stream) => stream.name === name)?.renditions[0]?.segments.map(({ msn }) => msn) ?? [];
}

test("a window keeps the newest media of its length, and its renditions learn of it before anything is deleted", async () => {
  const { store } = await openStore({ windowMs: 6_000 });
  await store.load();
  const producer = new Producer(store, "studio", ["main", "low"]);
  const told: string[] = [];
  store.onForget = (stream, rendition, beforeMsn) => {
    told.push(`${stream}/${rendition} ${beforeMsn} ${store.stats.streams.get(stream)?.segments}`);
  };
  for (const rendition of ["main", "low"]) {
    producer.init(rendition);
    producer.parts(0, 20, { rendition });
    producer.recorder(rendition).listedFrom(4);
  }
  await settled(store);
  expect(told).toEqual(["studio/main 3 10", "studio/low 3 8"]);
  expect(store.stats.streams.get("studio")).toMatchObject({ windowMs: 6_000, sizeBytes: 24_000 });
  expect(await rawRecords("media")).toHaveLength(24);
  expect(await listed(store)).toEqual([3, 4, 5]);
});

test("the live edge stays, however small the window", async () => {
  const { store } = await openStore({ windowMs: 1, maxBytesPerStream: 1, quota: async () => 1 });
  await store.load();
  const producer = new Producer(store);
  producer.init();
  producer.parts(0, 20);
  await settled(store);
  expect(store.stats.streams.get("studio")?.segments).toBe(5);
  producer.recorder().listedFrom(3);
  producer.parts(20, 21);
  await settled(store);
  expect(await listed(store)).toEqual([3, 4, 5, 6]);
});

test("a window that has too many bytes loses its oldest segments, those of all renditions in step", async () => {
  const { store } = await openStore({ maxBytesPerStream: 25_000 });
  await store.load();
  const producer = new Producer(store, "studio", ["main", "low"]);
  for (const rendition of ["main", "low"]) {
    producer.init(rendition);
    producer.parts(0, 20, { rendition });
    producer.recorder(rendition).listedFrom(5);
  }
  await settled(store);
  expect(store.stats.streams.get("studio")).toMatchObject({ sizeBytes: 24_000, windowMs: 6_000, segments: 6 });
});

test("all streams together keep to their share of the quota: the oldest media goes, then streams that ended, and none that is pinned", async () => {
  const { store, clock } = await openStore({ quota: async () => 60_000, quotaShare: 0.5 });
  await store.load();
  const removed: string[] = [];
  store.onRemoved = (stream) => removed.push(stream);
  for (const name of ["pinned", "ended"]) {
    const producer = new Producer(store, name);
    producer.init();
    producer.parts(0, 8);
    store.end(name);
  }
  await store.pin("pinned", true);
  const live = new Producer(store, "live");
  live.init();
  for (let id = 0; id < 32; id++) {
    live.parts(id, id + 1);
    live.recorder().listedFrom(Math.floor(id / 4) + 1);
    clock.advance(100);
    await store.flush();
  }
  await settled(store);
  expect(removed).toEqual(["ended"]);
  expect(store.stats.quotaBytes).toBe(60_000);
  expect(store.stats.sizeBytes).toBeLessThanOrEqual(30_000);
  expect(store.stats.streams.get("pinned")?.segments).toBe(2);
  expect(await listed(store, "live")).toEqual([4, 5, 6, 7, 8]);
});

test("what has outgrown its window while nobody looked is gone when the store is read, and is not told as forgotten", async () => {
  const first = await openStore();
  await first.store.load();
  const producer = new Producer(first.store);
  producer.init();
  producer.parts(0, 20);
  producer.recorder().listedFrom(4);
  await first.store.close();
  const { store } = await openStore({ windowMs: 5_000 });
  const told: number[] = [];
  store.onForget = (_stream, _rendition, beforeMsn) => told.push(beforeMsn);
  const [stream] = await store.load();
  expect(stream?.renditions[0]?.segments.map(({ msn }) => msn)).toEqual([3, 4, 5]);
  expect(told).toEqual([]);
});

test("numbers that leap start the window anew", async () => {
  const { store } = await openStore();
  await store.load();
  const producer = new Producer(store);
  producer.init();
  producer.parts(0, 10);
  const { opens, ...part } = partRecord(40);
  producer.part({ ...part, ...(opens === undefined ? {} : { opens }) });
  producer.part(partRecord(12));
  expect(store.stats.dropped).toBe(1);
  expect(await listed(store)).toEqual([11]);
});

test("a window that is set at run time holds at once, for all streams but those that are pinned, and is found again", async () => {
  const { store } = await openStore({ windowMs: 3_600_000 });
  await store.load();
  for (const name of ["studio", "ended", "pinned"]) {
    const producer = new Producer(store, name);
    producer.init();
    producer.parts(0, 200);
    producer.recorder().listedFrom(49);
  }
  store.end("ended");
  await store.pin("pinned", true);
  await settled(store);
  const told = new Set<string>();
  store.onForget = (stream) => told.add(stream);
  await store.setWindow(60_000);
  expect(told).toEqual(new Set(["studio", "ended"]));
  await settled(store);
  const windows = Object.fromEntries([...store.stats.streams].map(([name, { windowMs }]) => [name, windowMs]));
  expect(windows).toEqual({ studio: 60_000, ended: 60_000, pinned: 100_000 });
  expect(store.storage.windowMs).toBe(60_000);

  await store.close();
  const { store: again } = await openStore({ windowMs: 3_600_000 });
  await again.load();
  expect(again.storage.windowMs).toBe(60_000);
  // A longer one brings nothing back.
  await again.setWindow(7_200_000);
  expect(again.stats.streams.get("studio")?.windowMs).toBe(60_000);
});

test("what is deleted keeps up with what is forgotten, however many renditions there are", async () => {
  const renditions = Array.from({ length: 16 }, (_, n) => `r${n}`);
  const { store } = await openStore({ windowMs: 2 * PARTS_PER_SEGMENT * PART_MS });
  await store.load();
  const producer = new Producer(store, "studio", renditions);
  for (const rendition of renditions) producer.init(rendition);
  const segments = 24;
  for (let id = 0; id < segments * PARTS_PER_SEGMENT; id++) {
    for (const rendition of renditions) {
      producer.parts(id, id + 1, { rendition, sizeBytes: 10 });
      producer.recorder(rendition).listedFrom(Math.max(1, Math.floor(id / PARTS_PER_SEGMENT) - 1));
    }
    // As many batches as there are in the time of a part.
    for (let batch = 0; batch < PART_MS / 100; batch++) await store.flush();
  }
  expect((await rawRecords("segments")).length).toBeLessThanOrEqual(4 * renditions.length);
  expect((await rawRecords("media")).length).toBeLessThanOrEqual(4 * PARTS_PER_SEGMENT * renditions.length);
});
