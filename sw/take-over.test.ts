import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { testInit, testPart } from "../src/media/media.test-support.ts";
import type { StreamOptions } from "../src/model/options.ts";
import { Publisher } from "../src/page/publisher.ts";
import { WorkerLink } from "../src/page/worker-link.ts";
import { MemoryDisk, MemoryStore } from "./memory-store.test-support.ts";
import { Client, TestWorker } from "./worker.test-support.ts";

const OPTIONS: StreamOptions = {
  renditions: [{ id: "main", codecs: "avc1.42c01f,opus", bandwidth: 1_000_000 }],
  partTargetMs: 200,
  targetDurationMs: 1000,
  segmentMinMs: 1000,
};
const KEY = "0123456789abcdef";

let worker: TestWorker;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("Client", Client);
  worker = new TestWorker();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function lead(clientId: string, epoch: string, key = KEY): Promise<Publisher> {
  const publisher = new Publisher("studio", OPTIONS, { link: new WorkerLink(worker.port(clientId)), epoch, key });
  await publisher.open();
  return publisher;
}

async function takeOver(clientId: string, key = KEY, options = OPTIONS) {
  const link = new WorkerLink(worker.port(clientId));
  const { session } = await link.ask({ type: "takeOver", stream: "studio", key, options });
  if (session === undefined) return undefined;
  const publisher = new Publisher("studio", OPTIONS, { link, epoch: session.epoch, key, session });
  await publisher.open();
  return { publisher, session };
}

async function publishParts(publisher: Publisher, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    const bytes = testPart({ sequenceNumber: n + 1, firstFrame: n * 6, frames: 6, independent: n % 5 === 0 });
    const part = { bytes, durationMs: 200, independent: n % 5 === 0, programDateTimeMs: 1_800_000_000_000 + n * 200 };
    await publisher.part("main", { ...part, mark: `part ${n}`, source: "peer" } as typeof part);
  }
}

const playlist = () => worker.text("studio/main/media.m3u8");
const partsIn = (text: string) =>
  [...text.matchAll(/(\w+)\/part-(\d+)\.mp4"(?!.*HINT)/g)].map(([, epoch, id]) => [epoch, Number(id)]);

test("a page that takes over goes on with the next part: the same epoch, no discontinuity, nothing twice", async () => {
  const first = await lead("first", "e1");
  await first.init("main", testInit());
  await publishParts(first, 0, 8);
  worker.clients.delete("first");
  const taken = await takeOver("second");
  expect(taken?.session).toMatchObject({ epoch: "e1", marks: [{ rendition: "main", mark: "part 7" }] });
  if (taken === undefined) return;
  await publishParts(taken.publisher, 8, 16);
  const text = await playlist();
  expect(partsIn(text)).toEqual(Array.from({ length: 17 }, (_, n) => ["e1", n]));
  expect(text).not.toContain("DISCONTINUITY\n");
});

test("what the page that was there before still sends is refused, and its publisher closes", async () => {
  const first = await lead("first", "e1");
  await first.init("main", testInit());
  await publishParts(first, 0, 5);
  const taken = await takeOver("second");
  const late = publishParts(first, 5, 6);
  await expect(late).rejects.toMatchObject({ code: "stream-exists" });
  expect(first.closed?.code).toBe("stream-exists");
  await publishParts(taken?.publisher as Publisher, 5, 6);
  expect(partsIn(await playlist()).map(([, id]) => id)).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test("a stream is taken over by its key alone, and not where its playlists would have to change", async () => {
  const first = await lead("first", "e1");
  await first.init("main", testInit());
  await publishParts(first, 0, 5);
  expect(await takeOver("second", "another key")).toBeUndefined();
  expect(await takeOver("second", KEY, { ...OPTIONS, partTargetMs: 300 })).toBeUndefined();
  await publishParts(first, 5, 6);
  expect(first.closed).toBeUndefined();
});

test("the source that changed what playlists fix opens the stream anew from the same page", async () => {
  const first = await lead("first", "e1");
  await first.init("main", testInit());
  await publishParts(first, 0, 5);
  await first.end();
  const second = await lead("first", "e2");
  await second.init("main", testInit());
  await publishParts(second, 5, 11);
  expect(partsIn(await playlist())[0]?.[0]).toBe("e2");
});

test("the key and the last mark are on disk: a page takes over from a worker that was killed", async () => {
  const disk = new MemoryDisk();
  let store: MemoryStore | undefined;
  worker = new TestWorker({}, async () => {
    store = new MemoryStore(disk);
    return store;
  });
  const first = await lead("first", "e1");
  await first.init("main", testInit());
  await publishParts(first, 0, 8);
  await vi.advanceTimersByTimeAsync(500);
  worker.clients.delete("first");
  store?.kill();
  worker.kill();
  const taken = await takeOver("second");
  expect(taken?.session.marks).toEqual([{ rendition: "main", mark: "part 7" }]);
  await publishParts(taken?.publisher as Publisher, 8, 11);
  expect(partsIn(await playlist()).map(([, id]) => id)).toEqual(Array.from({ length: 12 }, (_, n) => n));
});

test("a worker without a disk that is killed after a page took over is told what that page has, with the init segment", async () => {
  const first = await lead("first", "e1");
  await first.init("main", testInit());
  await publishParts(first, 0, 10);
  const taken = await takeOver("second");
  const publisher = taken?.publisher as Publisher;
  publisher.rememberInit("main", testInit());
  await publishParts(publisher, 10, 16);
  worker.kill();
  await publishParts(publisher, 16, 21);
  expect(publisher.reopened).toBe(1);
  const ids = partsIn(await playlist()).map(([, id]) => id);
  expect(ids).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]);
});

test("bytes are counted by where they came from", async () => {
  const first = await lead("first", "e1");
  await first.init("main", testInit());
  await publishParts(first, 0, 2);
  const link = new WorkerLink(worker.port("third"));
  const stats = await link.ask({ type: "stats", stream: "studio" });
  expect(stats).toMatchObject({ sources: { page: 0, origin: 0, peer: expect.any(Number) } });
});
