import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { testInit, testPart } from "../src/media/media.test-support.ts";
import { RelayError } from "../src/model/errors.ts";
import type { StreamOptions } from "../src/model/options.ts";
import { Publisher } from "../src/page/publisher.ts";
import { WorkerLink } from "../src/page/worker-link.ts";
import { MemoryDisk, MemoryStore } from "./memory-store.test-support.ts";
import type { ServeRelayOptions } from "./serve-relay.ts";
import { StreamStore } from "./store/stream-store.ts";
import { Client, TestWorker } from "./worker.test-support.ts";

const OPTIONS: StreamOptions = {
  renditions: [{ id: "main", codecs: "avc1.42c01f,opus", bandwidth: 1_000_000 }],
  partTargetMs: 200,
  targetDurationMs: 1000,
  segmentMinMs: 1000,
};

let disk: MemoryDisk;
let stores: MemoryStore[];

beforeEach(() => {
  // What stands for IndexedDB works with setImmediate.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  vi.stubGlobal("Client", Client);
  disk = new MemoryDisk();
  stores = [];
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function started(options: ServeRelayOptions = {}): TestWorker {
  return new TestWorker(options, async () => {
    const store = new MemoryStore(disk);
    stores.push(store);
    return store;
  });
}

function kill(worker: TestWorker): void {
  stores.at(-1)?.kill();
  worker.kill();
}

async function publish(worker: TestWorker, clientId = "page", epoch = "e1", name = "studio"): Promise<Publisher> {
  const publisher = new Publisher(name, OPTIONS, { link: new WorkerLink(worker.port(clientId)), epoch });
  await publisher.open();
  await publisher.init("main", testInit());
  return publisher;
}

function part(n: number) {
  const bytes = testPart({ sequenceNumber: n + 1, firstFrame: n * 6, frames: 6, independent: n % 5 === 0 });
  return { bytes, durationMs: 200, independent: n % 5 === 0, programDateTimeMs: 1_800_000_000_000 + n * 200 };
}

async function publishParts(publisher: Publisher, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) await publisher.part("main", part(n));
}

const stats = async (worker: TestWorker) => (await worker.get("stats.json")).json();

test("nothing is answered and no step applied before the disk has been read; what is not ours is nobody's at once", async () => {
  const first = started();
  await publishParts(await publish(first), 0, 12);
  await vi.advanceTimersByTimeAsync(200);
  const before = await first.text("studio/main/media.m3u8");
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const worker = new TestWorker({}, async () => {
    await held;
    return new MemoryStore(disk);
  });
  expect(worker.relay.match(new Request("http://localhost/other"))).toBeUndefined();
  let answered = 0;
  const playlist = worker.text("studio/main/media.m3u8").finally(() => answered++);
  const other = publish(worker, "other", "e2").finally(() => answered++);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(answered).toBe(0);
  release();
  expect(await playlist).toBe(before);
  // The producer of the stream that was found has been silent for too long to be still there.
  expect((await other).closed).toBeUndefined();
});

test.each([
  ["fails", () => Promise.reject(new RelayError("store-newer", "expected version 1, got 2")), "store-newer"],
  ["does not answer", () => new Promise<MemoryStore>(() => undefined), "deadline"],
])("where the disk %s, streams go on in memory, and the stats say so", async (_how, open, code) => {
  const worker = new TestWorker({}, open);
  const opening = publish(worker).catch(() => undefined);
  await vi.advanceTimersByTimeAsync(5_500);
  // An ask that waits for as long as the disk may be given up first.
  const publisher = (await opening) ?? (await publish(worker));
  await publishParts(publisher, 0, 7);
  expect(await stats(worker)).toMatchObject({
    persistence: "memory",
    persistenceError: expect.stringContaining(code),
    streams: [{ name: "studio", persistence: "memory" }],
  });
});

test.each(["opens", "is read"])("a disk that %s too late is let go of", async (what) => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  const late = () => new Promise<void>((resolve) => setTimeout(resolve, 6_000));
  let opened: StreamStore | undefined;
  const worker = new TestWorker({}, async () => {
    if (what === "opens") await late();
    const faults = (point: string) => (what === "is read" && point === "load" ? late() : undefined);
    opened = await StreamStore.open({ faults, quota: async () => undefined });
    return opened;
  });
  const answered = stats(worker);
  for (let turn = 0; turn < 70; turn++) {
    for (let step = 0; step < 20; step++) await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(await answered).toMatchObject({ persistence: "memory" });
  expect(opened?.available).toBe(false);
});

test("a worker that waits to take over leaves the disk alone", async () => {
  const worker = started();
  const link = new WorkerLink(worker.port("page"));
  expect(await link.ask({ type: "hello" })).toMatchObject({ base: "/live/" });
  expect(stores).toHaveLength(0);
  await link.ask({ type: "streams" });
  expect(stores).toHaveLength(1);
});

test("a disk that lags holds acknowledgements back, not steps; none is lost, and it is given up for a while after 10 s", async () => {
  const worker = started();
  const publisher = await publish(worker);
  await publishParts(publisher, 0, 5);
  disk.isStuck = true;
  let settled = 0;
  const all = Array.from({ length: 280 }, (_, n) => n + 5).map(async (n) => {
    await Promise.resolve();
    await publisher.part("main", part(n)).finally(() => settled++);
  });
  void Promise.allSettled(all);
  await vi.advanceTimersByTimeAsync(300);
  // Those over the cap of what may be on its way at once were refused; all others are in the ring already.
  const refused = (await Promise.allSettled(all.slice(256, 257)))[0]?.status;
  expect(refused).toBe("rejected");
  expect(publisher.pending).toBe(0);
  const { last } = (await stats(worker)).streams[0].renditionStats[0];
  expect((last.msn - 1) * 5 + last.part).toBe(260);
  const before = settled;
  expect(before).toBeLessThan(280);
  await vi.advanceTimersByTimeAsync(10_500);
  expect(settled).toBe(280);
  disk.isStuck = false;
  await publisher.part("main", part(261));
  await vi.advanceTimersByTimeAsync(300);
  kill(worker);
  await publisher.part("main", part(262));
  expect(publisher.reopened).toBe(0);
  expect(await worker.text("studio/main/dvr.m3u8")).toContain("#EXT-X-MEDIA-SEQUENCE:1\n");
});

test("an end that comes to a worker without the last parts waits until it has them", async () => {
  const worker = started();
  const publisher = await publish(worker);
  await publishParts(publisher, 0, 6);
  await vi.advanceTimersByTimeAsync(200);
  await publishParts(publisher, 6, 12);
  kill(worker); // parts 6 to 11 were in memory alone
  await publisher.end();
  kill(worker);
  const recording = await worker.text("studio/main/dvr.m3u8");
  expect(recording).toContain("e1/seg-3.mp4");
  expect(recording).toContain("#EXT-X-PLAYLIST-TYPE:VOD");
  expect((await worker.get("studio/main/e1/part-11.mp4")).status).toBe(200);
  expect(publisher.reopened).toBe(0);
});

test("a producer that is silent is waited for, can go on, and has ended after a while, also for a worker that starts then", async () => {
  const worker = started({ endAfterMs: 60_000 });
  const publisher = await publish(worker);
  await publishParts(publisher, 0, 6);
  const stateOf = async (which: TestWorker) => (await stats(which)).streams[0]?.state;
  expect(await stateOf(worker)).toBe("live");
  await vi.advanceTimersByTimeAsync(15_000);
  expect(await stateOf(worker)).toBe("waiting");
  await publishParts(publisher, 6, 7);
  expect(await stateOf(worker)).toBe("live");
  await vi.advanceTimersByTimeAsync(200);
  kill(worker);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(await worker.text("studio/main/dvr.m3u8")).toContain("#EXT-X-ENDLIST");
});

test("a producer whose page was reloaded takes its stream over from a worker that has been restarted", async () => {
  const worker = started();
  await publishParts(await publish(worker), 0, 7);
  await vi.advanceTimersByTimeAsync(300);
  kill(worker);
  worker.clients.delete("page");
  const second = await publish(worker, "page-2", "e2");
  expect(await second.part("main", part(0))).toEqual({ msn: 3, part: 0 });
  expect(await worker.text("studio/main/media.m3u8")).toMatch(/e1\/seg-2\.mp4\n#EXT-X-DISCONTINUITY\n/);
});

test("a producer whose page is open keeps its stream through a restart, also where it is silent for longer than parts last", async () => {
  const worker = started();
  const publisher = await publish(worker);
  await publishParts(publisher, 0, 7);
  await vi.advanceTimersByTimeAsync(300);
  kill(worker);
  await vi.advanceTimersByTimeAsync(5_000);
  await expect(publish(worker, "page-2", "e2")).rejects.toMatchObject({ code: "stream-exists" });
  expect(await publisher.part("main", part(7))).toEqual({ msn: 2, part: 2 });
});

test("a session that is older than the page's is over: the page tells its own again", async () => {
  const worker = started();
  const publisher = await publish(worker);
  await publishParts(publisher, 0, 12);
  await vi.advanceTimersByTimeAsync(200);
  const found = { ...disk, archive: disk.archive };
  // A worker whose disk failed goes on without one, in a session of its own.
  const store = stores.at(-1);
  store?.kill();
  const name = disk.name;
  disk.name = undefined;
  worker.kill();
  await publishParts(publisher, 12, 30);
  expect(publisher.reopened).toBe(1);
  stores.at(-1)?.kill();
  Object.assign(disk, found, { name });
  worker.kill();
  await publishParts(publisher, 30, 36);
  expect(publisher.reopened).toBe(2);
  const text = await worker.text("studio/main/media.m3u8");
  expect(text).toContain("e1/part-35.mp4");
  expect((await worker.get("studio/main/e1/part-34.mp4")).status).toBe(200);
});

test("what IndexedDB has is found again: playlists digit for digit, media byte for byte, and the publisher goes on in its session", async () => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  let isDead = false;
  const open = () => {
    let isMine = true;
    const faults = async () => {
      if (isDead) isMine = false;
      // A worker that is gone does nothing more.
      if (!isMine) await new Promise(() => undefined);
    };
    return StreamStore.open({ faults, quota: async () => undefined });
  };
  const settle = async () => {
    for (let turn = 0; turn < 40; turn++) {
      for (let step = 0; step < 20; step++) await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(10);
    }
  };
  const worker = new TestWorker({ cache: { maxSegments: 4 } }, open);
  const opening = publish(worker);
  await settle();
  const publisher = await opening;
  await publishParts(publisher, 0, 48);
  await settle();
  const paths = [
    "main.m3u8",
    "dvr.m3u8",
    "main/media.m3u8",
    "main/dvr.m3u8",
    "main/e1/init-0.mp4",
    "main/e1/seg-2.mp4",
  ];
  const picture = async () => {
    const responses = paths.map(async (path) => Buffer.from(await (await worker.get(`studio/${path}`)).arrayBuffer()));
    const all = Promise.all(responses);
    await settle();
    return (await all).map((bytes) => bytes.toString("base64"));
  };
  const before = await picture();
  isDead = true;
  const tail = publishParts(publisher, 48, 50); // in memory alone
  await settle();
  await tail;
  isDead = false;
  worker.kill();
  expect(await picture()).toEqual(before);
  const more = publishParts(publisher, 50, 52);
  await settle();
  await more;
  expect(publisher.reopened).toBe(0);
  const dvr = await worker.text("studio/main/dvr.m3u8");
  for (let n = 45; n < 52; n++) expect(dvr).toContain(`e1/part-${n}.mp4`);
  expect(dvr).toContain("#EXT-X-MEDIA-SEQUENCE:1\n");
});

test("a recording that ended in this worker and gave up its place is still listed, and takes one when it is asked for", async () => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  const worker = new TestWorker({ cache: { numPlaylists: 1 } }, () =>
    StreamStore.open({ quota: async () => undefined }),
  );
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    for (let turn = 0; turn < 40; turn++) {
      for (let step = 0; step < 20; step++) await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(10);
    }
    return promise;
  };
  const played = (name: string): Promise<string> => settled(worker.text(`${name}/main/dvr.m3u8`));
  let before = "";
  for (const name of ["one", "two"]) {
    const publisher = await settled(publish(worker, "page", name, name));
    await settled(publishParts(publisher, 0, 12));
    await settled(publisher.end());
    if (name === "one") before = await played("one");
  }
  expect(before).toContain("#EXT-X-ENDLIST");
  expect(await played("one")).toBe(before);
  expect((await settled(worker.get("one/main/one/seg-2.mp4"))).status).toBe(200);
  expect(await played("two")).toContain("two/part-11.mp4");
});
