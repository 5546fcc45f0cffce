import "fake-indexeddb/auto";
import { IDBFactory, IDBObjectStore } from "fake-indexeddb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { testInit } from "../../src/media/media.test-support.ts";
import { eventually } from "../../src/model/eventually.test-support.ts";
import { PART_GAP } from "../../src/model/record.ts";
import { Playlists } from "../../src/origin/playlists.ts";
import { Recordings } from "../../src/origin/recordings.ts";
import { PART_LOST } from "./schema.ts";
import { changeRaw, mediaOf, openStore, PART_MS, Producer, rawRecords, told } from "./store.test-support.ts";

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** A disk on which `media` has room for so many bytes; deleting does give it back. */
function fullDisk(limitBytes: () => number): void {
  const put = IDBObjectStore.prototype.put;
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, value, key) {
    if (this.name === "media" && key !== undefined) {
      const records = (
        this as unknown as { _rawObjectStore: { records: { values(): Iterable<{ value: Uint8Array }> } } }
      )._rawObjectStore.records;
      let sizeBytes = (value as Uint8Array).byteLength;
      for (const record of records.values()) sizeBytes += record.value.byteLength;
      if (sizeBytes > limitBytes()) throw new DOMException("full", "QuotaExceededError");
    }
    return put.call(this, value, key);
  });
}

async function written(parts: number): Promise<void> {
  const { store } = await openStore();
  await store.load();
  const producer = new Producer(store);
  producer.init();
  producer.parts(0, parts);
  producer.recorder().listedFrom(1);
  await store.close();
}

test("a disk that is full shrinks the window, tells it once, and the live edge goes on being stored", async () => {
  const { store, kept } = await openStore();
  await store.load();
  fullDisk(() => 20_000);
  const troubles: string[] = [];
  const forgotten: number[] = [];
  store.onTrouble = ({ code }) => troubles.push(code);
  store.onForget = (_stream, _rendition, beforeMsn) => forgotten.push(beforeMsn);
  const producer = new Producer(store);
  producer.init();
  for (let id = 0; id < 60; id++) {
    producer.parts(id, id + 1);
    producer.recorder().listedFrom(Math.max(1, Math.floor(id / 4) - 1));
    await store.flush();
    expect(kept.get("studio/main")).toBe(id + 1);
  }
  expect(troubles).toEqual(["store-full"]);
  expect(store.stats.dropped).toBe(0);
  expect(forgotten).toEqual([...forgotten].sort((a, b) => a - b));
  await store.close();
  const { store: again } = await openStore();
  const [stream] = await again.load();
  const segments = stream?.renditions[0]?.segments ?? [];
  expect(segments[0]?.msn).toBe(forgotten.at(-1));
  expect(segments.at(-1)?.msn).toBe(15);
  for (let id = segments[0]?.firstPartId ?? -1; id < 60; id++) {
    expect(told(await again.part("studio", "main", id))).toBe(told(mediaOf(id)));
  }
});

test("the last trouble is that of now, also where one of its kind was told before", async () => {
  const { store, clock } = await openStore();
  await store.load();
  let limitBytes = 0;
  fullDisk(() => limitBytes);
  const producer = new Producer(store);
  for (const id of [0, 1]) {
    limitBytes = 0;
    producer.parts(id, id + 1);
    await store.flush();
    expect(store.storage.trouble).toMatchObject({ code: "store-full", atMs: clock.wallMs() });
    limitBytes = Number.POSITIVE_INFINITY;
    clock.advance(60_000);
    await store.flush();
    expect(store.isStored("studio", "main", id)).toBe(true);
  }
});

test("where nothing may go, nobody waits for the disk, and what it did not take is stored once there is room", async () => {
  const { store, clock, kept } = await openStore();
  await store.load();
  let limitBytes = 5_000;
  fullDisk(() => limitBytes);
  const troubles: string[] = [];
  store.onTrouble = ({ code }) => troubles.push(code);
  const producer = new Producer(store);
  producer.init();
  producer.recorder().listedFrom(1);
  for (let id = 0; id < 8; id++) {
    producer.parts(id, id + 1);
    await store.flush();
  }
  expect(kept.get("studio/main")).toBe(8);
  expect(store.stats.streams.get("studio")?.pendingBytes).toBe(3_000);
  expect(told(await store.part("studio", "main", 7))).toBe(told(mediaOf(7)));
  limitBytes = 1e9;
  clock.advance(2_000);
  producer.parts(8, 9);
  await store.close();
  expect(troubles).toEqual(["store-full"]);
  const { store: again } = await openStore();
  await again.load();
  for (let id = 0; id < 9; id++) expect(told(await again.part("studio", "main", id))).toBe(told(mediaOf(id)));
});

test("a stream that is removed from a full disk does not come back", async () => {
  await written(4);
  const { store } = await openStore();
  await store.load();
  fullDisk(() => 0);
  const other = new Producer(store, "other");
  other.init();
  other.parts(0, 1);
  await store.flush();
  store.remove("studio");
  await store.flush();
  const { store: again } = await openStore();
  expect(await again.load()).toEqual([]);
});

test("a stream that is pinned keeps its window when the disk is full", async () => {
  await written(12);
  const { store } = await openStore();
  await store.load();
  await store.pin("studio", true);
  fullDisk(() => 14_000);
  const other = new Producer(store, "other");
  other.init();
  other.recorder().listedFrom(1);
  for (let id = 0; id < 12; id++) {
    other.parts(id, id + 1);
    other.recorder().listedFrom(Math.floor(id / 4) + 1);
    await store.flush();
  }
  expect(store.stats.streams.get("studio")?.segments).toBe(3);
  for (let id = 0; id < 12; id++) expect(told(await store.part("studio", "main", id))).toBe(told(mediaOf(id)));
});

test("media that waits beyond its cap is given up, and the parts after it are stored", async () => {
  const { store, kept } = await openStore({ maxPendingBytes: 3_500 });
  await store.load();
  const producer = new Producer(store);
  producer.init();
  producer.parts(0, 6);
  expect(store.stats.streams.get("studio")?.pendingBytes).toBe(2_000);
  await store.flush();
  expect(kept.get("studio/main")).toBe(6);
  expect(store.stats.dropped).toBe(4);
  expect(await store.part("studio", "main", 3)).toBeUndefined();
  expect(told(await store.part("studio", "main", 5))).toBe(told(mediaOf(5)));
  await store.close();
  const [stream] = await (await openStore()).store.load();
  const gaps = stream?.renditions[0]?.segments.flatMap(({ flags }) => flags.map((bits) => (bits & PART_GAP) !== 0));
  expect(gaps).toEqual([true, true, true, true, false, false]);
});

test("media that is given up while a batch with it fails is a gap, not a part that is missing", async () => {
  const { store } = await openStore({ maxPendingBytes: 3_500 });
  await store.load();
  const producer = new Producer(store);
  producer.init();
  producer.parts(0, 3);
  let fails = 1;
  const put = IDBObjectStore.prototype.put;
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, ...args) {
    if (this.name === "streams" && fails-- > 0) {
      producer.parts(3, 5);
      throw new DOMException("broken", "UnknownError");
    }
    return put.apply(this, args);
  });
  await store.flush();
  await store.flush();
  await store.close();
  const { store: again } = await openStore();
  const [stream] = await again.load();
  const gaps = stream?.renditions[0]?.segments.flatMap(({ flags }) => flags.map((bits) => (bits & PART_GAP) !== 0));
  expect(gaps).toEqual([true, true, true, true, false]);
  expect(told(await again.part("studio", "main", 4))).toBe(told(mediaOf(4)));
});

test("a database that fails for another reason is tried again, and then left", async () => {
  const { store, clock, kept } = await openStore();
  await store.load();
  const producer = new Producer(store);
  producer.init();
  let fails = 2;
  const put = IDBObjectStore.prototype.put;
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, ...args) {
    if (fails-- > 0) throw new DOMException("broken", "UnknownError");
    return put.apply(this, args);
  });
  producer.parts(0, 2);
  await store.flush();
  await store.flush();
  expect(kept.size).toBe(0);
  await store.flush();
  expect(kept.get("studio/main")).toBe(2);
  expect(told(await store.part("studio", "main", 1))).toBe(told(mediaOf(1)));
  fails = Number.POSITIVE_INFINITY;
  producer.parts(2, 3);
  for (let attempt = 0; attempt < 5; attempt++) await store.flush();
  clock.advance(10_000);
  expect(store.stats.state).toBe("memory");
  expect(kept.get("studio/main")).toBe(3);
});

test("a segment whose record is unreadable is a gap of its length, and the rest plays", async () => {
  await written(14);
  const middle = await changeRaw(
    "segments",
    ([, , msn]) => msn === 2,
    (value) => ({ ...value, durationsMs: ["x"] }),
  );
  expect(middle).toBe(1);
  const { store } = await openStore();
  const troubles: string[] = [];
  store.onTrouble = ({ code }) => troubles.push(code);
  const [stream] = await store.load();
  expect(troubles).toEqual(["store-corrupt"]);
  const segments = stream?.renditions[0]?.segments ?? [];
  expect(segments.map(({ msn }) => msn)).toEqual([1, 2, 3, 4]);
  expect(segments[1]).toMatchObject({
    firstPartId: 4,
    startMs: 2_000,
    durationsMs: [PART_MS, PART_MS, PART_MS, PART_MS],
    flags: [PART_GAP, PART_GAP, PART_GAP, PART_GAP],
  });
  expect(await store.part("studio", "main", 5)).toBeUndefined();
  expect(told(await store.part("studio", "main", 9))).toBe(told(mediaOf(9)));
  await store.close();
  // It is mended for good.
  const again = await openStore();
  await again.store.load();
  expect(again.store.stats.troubles).toBe(0);
});

test("an open segment whose record is unreadable keeps its numbers from being used again", async () => {
  await written(14);
  await changeRaw(
    "segments",
    ([, , msn]) => msn === 4,
    () => ({}),
  );
  const { store } = await openStore();
  const [stream] = await store.load();
  const last = stream?.renditions[0]?.segments.at(-1);
  expect(last).toMatchObject({ msn: 4, firstPartId: 12, flags: [PART_GAP, PART_GAP] });
  const producer = new Producer(store);
  producer.parts(14, 17);
  await store.flush();
  expect(told(await store.part("studio", "main", 16))).toBe(told(mediaOf(16)));
});

test("a record whose numbers lie far beyond the others is not joined with them by gaps without end", async () => {
  await written(14);
  await changeRaw(
    "segments",
    ([, , msn]) => msn === 4,
    (value) => ({ ...value, msn: 2 ** 40, firstPartId: 2 ** 50, startMs: 2 ** 52 }),
  );
  const { store } = await openStore();
  const [stream] = await store.load();
  expect(stream?.renditions[0]?.segments.length ?? 0).toBeLessThan(5);
});

test("a record whose columns have holes is not what was written", async () => {
  await written(14);
  await changeRaw(
    "segments",
    ([, , msn]) => msn === 2,
    // The second is a hole, as IndexedDB keeps it.
    (value) => ({ ...value, durationsMs: Object.assign(new Array(4), { 0: 500, 2: 500, 3: 500 }) }),
  );
  const { store } = await openStore();
  const troubles: string[] = [];
  store.onTrouble = ({ code }) => troubles.push(code);
  await store.load();
  expect(troubles).toEqual(["store-corrupt"]);
});

/** What the origin makes of the only stream. */
async function restored(): Promise<{ readonly playlist: string; readonly corrupt: number }> {
  const { store } = await openStore();
  const [found] = await store.load();
  if (found === undefined) throw new Error("nothing was found");
  const stream = new Playlists({}, { recordings: new Recordings(store) }).restore(found);
  const { raw } = await stream.rendition("main").playlist({ skip: false }, "dvr");
  await store.close();
  return { playlist: await new Blob([...raw]).text(), corrupt: store.stats.troubles };
}

async function writtenForPlaylists(parts: number): Promise<void> {
  const { store } = await openStore();
  await store.load();
  const producer = new Producer(store);
  producer.recorder().init("e1", 0, testInit());
  producer.parts(0, parts);
  producer.recorder().listedFrom(1);
  for (const id of ["one", "two"]) producer.recorder().dateRange({ id, startDate: 1_800_000_000_000 });
  await store.close();
}

test.each([
  { startDate: "yesterday" },
  { startDate: 1e300 },
  { durationMs: -1 },
  { class: 7 },
  { endOnNext: true },
  { attributes: { "X-A": {} } },
  { attributes: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`X-${n}`, n])) },
])("a date range that cannot be listed (%o) costs itself, and not its stream", async (change) => {
  await writtenForPlaylists(14);
  await changeRaw(
    "ranges",
    (key) => (key as readonly unknown[])[2] === "one",
    ({ range, ...value }) => ({ ...value, range: { ...(range as object), ...change } }),
  );
  const { playlist, corrupt } = await restored();
  expect(playlist.match(/DATERANGE:ID="\w+"/g)).toEqual(['DATERANGE:ID="two"']);
  expect(playlist.match(/#EXTINF/g)).toHaveLength(3);
  expect(corrupt).toBe(1);
});

test.each([
  { keys: [{ method: "AES-128", uri: 'a"b' }] },
  { keys: [{ method: "AES-128", uri: "key", iv: 7 }] },
  { keys: [{}] },
  { wallOffsetMs: 1e300 },
])("a segment that cannot be listed (%o) is a gap of its length, and its stream goes on", async (change) => {
  await writtenForPlaylists(14);
  await changeRaw(
    "segments",
    ([, , msn]) => msn === 2,
    (value) => ({ ...value, ...change }),
  );
  const { playlist, corrupt } = await restored();
  expect(playlist.match(/#EXT-X-GAP/g)).toHaveLength(1);
  expect(playlist.match(/#EXTINF/g)).toHaveLength(3);
  expect(corrupt).toBe(1);
});

test("a segment whose parts are not behind those before it costs what lies before it", async () => {
  await writtenForPlaylists(14);
  await changeRaw(
    "segments",
    ([, , msn]) => msn === 2,
    (value) => ({ ...value, firstPartId: 2 }),
  );
  const { playlist } = await restored();
  expect(playlist).toContain("#EXT-X-MEDIA-SEQUENCE:2\n");
  expect(playlist).toContain("e1/part-13.mp4");
});

test("unreadable records of other kinds cost only what they stand for", async () => {
  await written(4);
  const { store: second } = await openStore();
  await second.load();
  const other = new Producer(second, "other");
  other.init();
  other.parts(0, 8);
  await second.close();
  await changeRaw(
    "streams",
    () => true,
    (value) => (value.name === "studio" ? { ...value, config: {} } : value),
  );
  await changeRaw(
    "inits",
    () => true,
    (value) => ({ ...value, bytes: "none" }),
  );
  const { store } = await openStore();
  const streams = await store.load();
  expect(streams.map(({ name }) => name)).toEqual(["other"]);
  expect(streams[0]?.renditions[0]?.segments.every(({ flags }) => flags.every((bits) => bits & PART_GAP))).toBe(true);
  await store.close();
  expect(await rawRecords("streams")).toHaveLength(1);
});

test("media that is missing or short is answered with nothing, told once, and a gap from then on", async () => {
  await written(8);
  await changeRaw(
    "media",
    ([, , id]) => id === 2,
    () => new Uint8Array(10) as never,
  );
  const { store } = await openStore();
  const troubles: string[] = [];
  store.onTrouble = ({ code }) => troubles.push(code);
  await store.load();
  expect(await store.part("studio", "main", 2)).toBeUndefined();
  expect(await store.segment("studio", "main", 1)).toBeUndefined();
  expect(told(await store.part("studio", "main", 3))).toBe(told(mediaOf(3)));
  expect(troubles).toEqual(["store-corrupt"]);
  await eventually(async () => {
    const [row] = await rawRecords("segments");
    expect(row?.value).toMatchObject({ flags: [1, 0, PART_LOST, 0] });
  });
  await store.close();
  const [stream] = await (await openStore()).store.load();
  expect(stream?.renditions[0]?.segments[0]?.flags).toEqual([1, 0, PART_GAP, 0]);
});
