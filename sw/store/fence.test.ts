import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test } from "vitest";
import { mediaOf, openStore, Producer, rawRecords, told } from "./store.test-support.ts";

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

test("once a worker has read the database, nothing that its predecessor still has reaches it, nor is it told as kept", async () => {
  const before = await openStore();
  await before.store.load();
  const old = new Producer(before.store);
  old.init();
  old.parts(0, 6);
  await before.store.flush();
  old.parts(6, 9);

  const after = await openStore();
  const [stream] = await after.store.load();
  expect(stream?.producer?.expected.main).toBe(6);
  await before.store.flush();
  expect(before.kept.get("studio/main")).toBe(6);
  expect(before.store.available).toBe(false);

  const next = new Producer(after.store);
  next.parts(6, 14);
  await after.store.flush();
  old.parts(9, 12);
  await before.store.flush();
  expect(after.kept.get("studio/main")).toBe(14);

  const { store } = await openStore();
  const [found] = await store.load();
  expect(found?.producer?.expected.main).toBe(14);
  expect(found?.renditions[0]?.segments.flatMap(({ sizesBytes }) => sizesBytes)).toHaveLength(14);
  for (let id = 0; id < 14; id++) expect(told(await store.part("studio", "main", id))).toBe(told(mediaOf(id)));
});

test("what a predecessor wanted to delete stays", async () => {
  const before = await openStore({ windowMs: 4_000 });
  await before.store.load();
  const old = new Producer(before.store);
  old.init();
  old.parts(0, 8);
  await before.store.flush();
  const kept = (await rawRecords("media")).length;
  const after = await openStore();
  await after.store.load();
  before.store.remove("studio");
  await before.store.flush();
  expect(await rawRecords("media")).toHaveLength(kept);
  expect(await rawRecords("streams")).toHaveLength(1);
});
