import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test } from "vitest";
import { PART_GAP } from "../../src/model/record.ts";
import { type InitRow, SCHEMA_VERSION } from "./schema.ts";
import {
  config,
  gapRecord,
  LARGE_BYTES,
  mediaOf,
  opening,
  openStore,
  PARTS_PER_SEGMENT,
  Producer,
  partRecord,
  rawRecords,
  told,
} from "./store.test-support.ts";
import { StreamStore } from "./stream-store.ts";

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

test("a store that is read anew holds every stream with its segments, init segments and steps", async () => {
  const { store } = await openStore();
  expect(await store.load()).toEqual([]);
  const producer = new Producer(store);
  producer.init();
  producer.parts(0, 6);
  producer.part(gapRecord(6));
  producer.recorder().listedFrom(1);
  producer.recorder().dateRange({ id: "ad", startDate: 5, attributes: { "X-A": 1 } });
  producer.recorder().dateRange({ id: "ad", startDate: 5, durationMs: 10, attributes: { "X-B": 2 } });
  await store.close();

  const [stream] = await (await openStore()).store.load();
  expect(stream).toMatchObject({
    name: "studio",
    epoch: "e1",
    config: config(),
    ended: false,
    pinned: false,
    producer: { epoch: "e1", session: 7, expected: { main: 7 } },
  });
  expect(stream?.renditions).toEqual([
    {
      id: "main",
      liveMsn: 1,
      segments: [
        {
          ...opening(1),
          durationsMs: [500, 500, 500, 500],
          sizesBytes: [1000, 1000, 1000, 1000],
          flags: [1, 0, 0, 0],
        },
        { ...opening(2), durationsMs: [500, 500, 500], sizesBytes: [1000, 1000, 0], flags: [1, 0, PART_GAP] },
      ],
      inits: [{ epoch: "e1", index: 0, bytes: mediaOf(200, 500) }],
      dateRanges: [{ id: "ad", startDate: 5, durationMs: 10, attributes: { "X-A": 1, "X-B": 2 } }],
    },
  ]);
});

test("media is given while it waits and after it is written, whole and part by part, in pieces or not", async () => {
  const { store } = await openStore();
  await store.load();
  const producer = new Producer(store);
  producer.init();
  producer.part(partRecord(0));
  producer.part(partRecord(1, LARGE_BYTES));
  producer.part(gapRecord(2));
  producer.part(partRecord(3, 64_000));
  const whole = [mediaOf(0), mediaOf(1, LARGE_BYTES), mediaOf(3, 64_000)].map(told);
  expect((await store.segment("studio", "main", 1))?.map(told)).toEqual(whole);
  await store.flush();
  producer.parts(4, 6);
  expect(store.stats.streams.get("studio")?.pendingBytes).toBe(2_000);
  expect((await store.segment("studio", "main", 1))?.map(told)).toEqual(whole);
  expect(told(await store.part("studio", "main", 1))).toBe(told(mediaOf(1, LARGE_BYTES)));
  expect(told(await store.part("studio", "main", 5))).toBe(told(mediaOf(5)));
  expect(told(await store.init("studio", "main", "e1", 0))).toBe(told(mediaOf(200, 500)));
  for (const missing of [
    store.init("studio", "main", "e1", 1),
    store.init("studio", "main", "e2", 0),
    store.init("studio", "other", "e1", 0),
  ]) {
    expect(await missing).toBeUndefined();
  }
  for (const missing of [2, 6, 100]) expect(await store.part("studio", "main", missing)).toBeUndefined();
  expect(await store.part("studio", "other", 0)).toBeUndefined();
  expect(await store.segment("studio", "main", 3)).toBeUndefined();
  await store.close();
  const { store: again } = await openStore();
  await again.load();
  expect((await again.segment("studio", "main", 1))?.map(told)).toEqual(whole);
  expect(told(await again.part("studio", "main", 5))).toBe(told(mediaOf(5)));
});

test("no more is stored of a view than its bytes, and no piece is larger than 64,000", async () => {
  const { store } = await openStore();
  await store.load();
  const producer = new Producer(store);
  producer.init();
  producer.parts(0, 2);
  producer.part(partRecord(2, LARGE_BYTES));
  await store.close();
  const pieces = (await rawRecords("media")).map(({ value }) => (value as Uint8Array).buffer.byteLength);
  expect(pieces).toEqual([1_000, 1_000, 64_000, 36_000]);
  const inits = (await rawRecords("inits")).map(({ value }) => (value as InitRow).bytes.buffer.byteLength);
  expect(inits).toEqual([500]);
});

test("what comes within the time of a batch is one transaction, and is told as kept only after it", async () => {
  const { store, clock, kept } = await openStore();
  await store.load();
  await store.flush();
  const { batches } = store.stats;
  const producer = new Producer(store);
  producer.init();
  producer.parts(0, 5);
  clock.advance(99);
  expect(store.stats.batches).toBe(batches);
  clock.advance(1);
  expect(kept.size).toBe(0);
  await store.flush();
  expect(store.stats.batches).toBe(batches + 1);
  expect(kept).toEqual(new Map([["studio/main", 5]]));
});

test("as many date ranges are kept as a DVR window lists, and those beyond make room for newer ones", async () => {
  const { store } = await openStore();
  await store.load();
  const producer = new Producer(store);
  producer.init();
  producer.parts(0, 1);
  for (let n = 0; n < 4_102; n++) {
    producer.recorder().dateRange({ id: `r${n}`, startDate: n });
    if (n === 500) await store.flush();
  }
  await store.close();
  const [stream] = await (await openStore()).store.load();
  expect(stream?.renditions[0]?.dateRanges.map(({ id }) => id)).toEqual(
    Array.from({ length: 4_096 }, (_, index) => `r${index + 6}`),
  );
});

test("a stream goes on in its open segment after the store was read anew", async () => {
  const first = await openStore();
  await first.store.load();
  const before = new Producer(first.store);
  before.init();
  before.parts(0, 6);
  await first.store.close();
  const second = await openStore();
  await second.store.load();
  new Producer(second.store).parts(6, 10);
  await second.store.close();
  const third = await openStore();
  const [stream] = await third.store.load();
  expect(stream?.producer?.expected).toEqual({ main: 10 });
  expect(stream?.renditions[0]?.segments.map(({ msn, sizesBytes }) => [msn, sizesBytes.length])).toEqual([
    [1, 4],
    [2, 4],
    [3, 2],
  ]);
  for (let id = 0; id < 10; id++) expect(await third.store.part("studio", "main", id)).toEqual(mediaOf(id));
});

test("a producer of whom nothing is stored yet has changed nothing", async () => {
  const { store } = await openStore();
  await store.load();
  const producer = new Producer(store);
  producer.init();
  producer.parts(0, 2);
  store.open("studio", "e2", config());
  store.open("other", "x", config());
  await store.close();
  const streams = await (await openStore()).store.load();
  expect(streams.map(({ name, epoch }) => [name, epoch])).toEqual([["studio", "e1"]]);
});

test("another producer goes on in a stream; one that comes after its end replaces it, and leaves nothing of it", async () => {
  const { store } = await openStore();
  await store.load();
  const producer = new Producer(store);
  producer.init();
  producer.parts(0, 4);
  const second = store.open("studio", "e2", config())("main");
  second.init("e2", 1, mediaOf(201));
  second.part({
    ...partRecord(5),
    msn: 2,
    opens: opening(2, { epoch: "e2", firstPartId: 5, initIndex: 1, initEpoch: "e2" }),
  });
  await store.flush();
  const stats = store.stats.streams.get("studio");
  expect(stats?.segments).toBe(2);
  expect(await store.part("studio", "main", 4)).toBeUndefined();
  expect(told(await store.part("studio", "main", 5))).toBe(told(mediaOf(5)));
  store.end("studio");
  await store.flush();
  const third = store.open("studio", "e3", config())("main");
  third.init("e3", 2, mediaOf(202));
  third.part({
    ...partRecord(7),
    msn: 3,
    opens: opening(3, { epoch: "e3", firstPartId: 7, initIndex: 2, initEpoch: "e3" }),
  });
  second.part({ ...partRecord(6), msn: 2 });
  await store.close();
  const { store: again } = await openStore();
  const streams = await again.load();
  expect(streams).toHaveLength(1);
  expect(streams[0]).toMatchObject({ epoch: "e3", ended: false });
  expect(streams[0]?.renditions[0]?.segments.map(({ msn }) => msn)).toEqual([3]);
  expect(await again.part("studio", "main", 0)).toBeUndefined();
  expect(told(await again.part("studio", "main", 7))).toBe(told(mediaOf(7)));
});

test("an ended stream that was read anew stays, and opening it again for what it was does not replace it", async () => {
  const first = await openStore();
  await first.store.load();
  const producer = new Producer(first.store);
  producer.init();
  producer.parts(0, 4);
  first.store.end("studio");
  await first.store.close();
  const second = await openStore();
  expect((await second.store.load())[0]?.ended).toBe(true);
  second.store.open("studio", "e1", config());
  await second.store.close();
  expect(await (await openStore()).store.load()).toHaveLength(1);
});

test("two streams of two renditions are kept apart, and removing one leaves the other whole", async () => {
  const { store, kept } = await openStore();
  await store.load();
  const names = ["left", "right"];
  const producers = names.map((name) => new Producer(store, name, ["main", "low"]));
  for (let id = 0; id < 8; id++) {
    for (const [at, producer] of producers.entries()) {
      for (const rendition of ["main", "low"]) {
        if (id === 0) producer.init(rendition);
        producer.part(partRecord(id, 1_000 + at * 10 + (rendition === "low" ? 1 : 0)), rendition);
      }
    }
    if (id % 3 === 0) await store.flush();
  }
  await store.flush();
  expect([...kept]).toEqual([
    ["left/main", 8],
    ["left/low", 8],
    ["right/main", 8],
    ["right/low", 8],
  ]);
  store.remove("left");
  await store.close();
  const { store: again } = await openStore();
  const streams = await again.load();
  expect(streams.map(({ name }) => name)).toEqual(["right"]);
  expect(told(await again.part("right", "low", 5))).toBe(told(mediaOf(5, 1_011)));
  expect(told(await again.part("right", "main", 5))).toBe(told(mediaOf(5, 1_010)));
  expect(await again.part("left", "main", 5)).toBeUndefined();
});

test("pins and titles are kept, and a stream that is not there has neither", async () => {
  const { store } = await openStore();
  await store.load();
  const producer = new Producer(store);
  producer.init();
  producer.parts(0, 1);
  expect(await store.pin("studio", true)).toBe(true);
  expect(await store.rename("studio", "The evening show")).toBe(true);
  expect(await store.pin("nobody", true)).toBe(false);
  expect(store.stats.streams.get("studio")).toMatchObject({ pinned: true, title: "The evening show" });
  await store.close();
  const { store: again } = await openStore();
  expect(await again.load()).toMatchObject([{ pinned: true, title: "The evening show" }]);
});

test("a database of a newer version is left as it is", async () => {
  const newer = await new Promise<IDBDatabase>((resolve, reject) => {
    const asked = indexedDB.open("eddy", SCHEMA_VERSION + 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("future").put("kept", 1);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  newer.close();
  await expect(StreamStore.open()).rejects.toMatchObject({ code: "store-newer" });
  const names = await new Promise((resolve) => {
    const asked = indexedDB.open("eddy");
    asked.onsuccess = () => resolve([asked.result.version, ...asked.result.objectStoreNames]);
  });
  expect(names).toEqual([SCHEMA_VERSION + 1, "future"]);
});

test("without a database there is no store", async () => {
  globalThis.indexedDB = undefined as unknown as IDBFactory;
  await expect(StreamStore.open()).rejects.toMatchObject({ code: "store-unavailable" });
});

test("a store that a newer version wants lets go of its database, and the stream goes on without it", async () => {
  const { store, kept } = await openStore();
  await store.load();
  const troubles: string[] = [];
  store.onTrouble = ({ code }) => troubles.push(code);
  const producer = new Producer(store);
  producer.init();
  producer.parts(0, 2);
  await store.flush();
  producer.parts(2, 3);
  await new Promise<void>((resolve, reject) => {
    const asked = indexedDB.open("eddy", SCHEMA_VERSION + 1);
    asked.onsuccess = () => {
      asked.result.close();
      resolve();
    };
    asked.onerror = () => reject(asked.error);
  });
  expect(store.stats.state).toBe("memory");
  expect(troubles).toEqual(["store-unavailable"]);
  // Nobody has to wait for a disk that will not come.
  expect(kept).toEqual(new Map([["studio/main", 3]]));
  producer.parts(3, PARTS_PER_SEGMENT + 1);
  expect(await store.part("studio", "main", 0)).toBeUndefined();
});
