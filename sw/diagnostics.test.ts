import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { testInit, testPart } from "../src/media/media.test-support.ts";
import {
  SLOT_GAP,
  SLOT_IN_DVR,
  SLOT_IN_RING,
  SLOT_INDEPENDENT,
  SLOT_LISTED,
  SLOT_STORED,
} from "../src/model/inspection.ts";
import type { StreamOptions } from "../src/model/options.ts";
import { type Diagnostics, diagnosticsOver } from "../src/page/diagnostics.ts";
import { Publisher } from "../src/page/publisher.ts";
import { WorkerLink } from "../src/page/worker-link.ts";
import { diagnostics as allowed } from "./diagnostics.ts";
import { MemoryDisk, MemoryStore } from "./memory-store.test-support.ts";
import type { ServeRelayOptions } from "./serve-relay.ts";
import { Client, TestWorker } from "./worker.test-support.ts";

const OPTIONS: StreamOptions = {
  renditions: [{ id: "main", codecs: "avc1.42c01f,opus", bandwidth: 1_000_000 }],
  partTargetMs: 200,
  targetDurationMs: 1000,
  segmentMinMs: 1000,
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  vi.stubGlobal("Client", Client);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

interface Setup {
  readonly worker: TestWorker;
  readonly publisher: Publisher;
  readonly diagnostics: Diagnostics;
}

function inspectorOf(worker: TestWorker): Diagnostics {
  return diagnosticsOver({ link: new WorkerLink(worker.port("inspector")), base: "/live/", check: () => undefined });
}

/** A stream of eleven parts: two closed segments of five, and one part of the third. */
async function published(options: ServeRelayOptions = {}, disk?: MemoryDisk): Promise<Setup> {
  const worker = new TestWorker(
    { diagnostics: allowed(), ...options },
    disk === undefined ? undefined : async () => new MemoryStore(disk),
  );
  const publisher = new Publisher("studio", OPTIONS, { link: new WorkerLink(worker.port("page")), epoch: "e1" });
  await publisher.open();
  await publisher.init("main", testInit());
  await play(publisher, 0, 11);
  return { worker, publisher, diagnostics: inspectorOf(worker) };
}

async function play(publisher: Publisher, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    const independent = n % 5 === 0;
    const bytes = testPart({ sequenceNumber: n + 1, firstFrame: n * 6, frames: 6, independent });
    await publisher.part("main", { bytes, durationMs: 200, independent, programDateTimeMs: 1.8e12 + n * 200 });
  }
}

async function slotsOf(diagnostics: Diagnostics) {
  const [stream] = await diagnostics.inspect("studio");
  const [rendition] = stream?.renditions ?? [];
  if (rendition === undefined) throw new Error("nothing was inspected");
  return rendition;
}

test("a worker whose site does not allow it answers no diagnostics, and says so", async () => {
  const diagnostics = inspectorOf(new TestWorker());
  for (const asked of [diagnostics.inspect(), diagnostics.trace(), diagnostics.restart()])
    await expect(asked).rejects.toMatchObject({ code: "diagnostics-off" });
});

test("a feature that is not what its function returns is refused, as the script of a site may give it", () => {
  const features: object[] = [{ dvr: { windowMs: 60_000 } }, { clips: true }, { diagnostics: true }];
  for (const options of features) expect(() => new TestWorker(options)).toThrow(/expected what \w+\(\) returns/);
});

test("inspect() gives every slot in columns: where it stands, what it is, where it came from", async () => {
  const { diagnostics, publisher } = await published();
  await publisher.gap("main", { durationMs: 200 });
  const { slots, nextId, floorId, evicted, kind } = await slotsOf(diagnostics);
  expect({ firstId: slots.firstId, nextId, floorId, evicted, kind }).toMatchObject({
    firstId: 0,
    nextId: 12,
    evicted: 0,
  });
  expect([...slots.msns]).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3]);
  expect([...slots.parts]).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]);
  expect([...slots.durationsMs].map(Math.round)).toEqual(new Array(12).fill(200));
  expect(slots.sizesBytes[0]).toBeGreaterThan(100);
  expect([slots.flags[0], slots.flags[1], slots.flags[11]]).toEqual([
    SLOT_IN_RING | SLOT_INDEPENDENT | SLOT_LISTED | SLOT_IN_DVR,
    SLOT_IN_RING | SLOT_LISTED | SLOT_IN_DVR,
    SLOT_GAP | SLOT_LISTED | SLOT_IN_DVR,
  ]);
  expect([...slots.sources.slice(0, 11)]).toEqual(new Array(11).fill(1));
});

test("what has left the ring is seen to have gone, and what is on disk to be there", async () => {
  const { diagnostics } = await published({ cache: { maxSegments: 2, maxPartsPerSegment: 4 } }, new MemoryDisk());
  await vi.advanceTimersByTimeAsync(200);
  const { slots, evicted, capacity } = await slotsOf(diagnostics);
  expect({ evicted, capacity, firstId: slots.firstId }).toEqual({ evicted: 3, capacity: 8, firstId: 3 });
  expect([...slots.flags].every((flags) => (flags & SLOT_IN_RING) !== 0 && (flags & SLOT_STORED) !== 0)).toBe(true);
});

test("who waits is told with what is waited for", async () => {
  const { diagnostics, worker } = await published();
  const blocked = worker.get("studio/main/media.m3u8?_HLS_msn=3&_HLS_part=1");
  const hinted = worker.get("studio/main/e1/part-11.mp4");
  const { waits } = await slotsOf(diagnostics);
  expect(waits).toEqual([
    { position: { msn: 3, part: 1 }, requests: 1 },
    { partId: 11, requests: 1 },
  ]);
  await diagnostics.restart();
  await Promise.allSettled([blocked, hinted]);
});

test("requests are recorded from the first look on, with how long they were blocked, and only what changed is told again", async () => {
  const { diagnostics, worker, publisher } = await published();
  await worker.text("studio/main/media.m3u8");
  let trace = await diagnostics.trace();
  expect(trace.requests).toEqual([]);
  const blocked = worker.text("studio/main/media.m3u8?_HLS_msn=3&_HLS_part=1");
  await worker.get("studio/main/e1/part-3.mp4").then((response) => response.arrayBuffer());
  trace = await diagnostics.trace(trace);
  expect(trace.requests).toMatchObject([
    { number: 0, kind: "media", stream: "studio", rendition: "main", state: "waiting" },
    { number: 1, kind: "part", media: 3, from: "ring", status: 200, state: "done" },
  ]);
  expect(trace.requests[1]?.sizeBytes).toBeGreaterThan(100);
  await vi.advanceTimersByTimeAsync(130);
  await play(publisher, 11, 12);
  const text = await blocked;
  trace = await diagnostics.trace(trace);
  expect(trace.requests).toMatchObject([{ number: 0, state: "done", status: 200, sizeBytes: text.length }]);
  expect(trace.requests[0]?.answeredAfterMs).toBeGreaterThanOrEqual(130);
});

test("nothing is recorded once nobody has looked for ten seconds", async () => {
  const { diagnostics, worker } = await published();
  await diagnostics.trace();
  await vi.advanceTimersByTimeAsync(10_100);
  await worker.text("studio/main/media.m3u8");
  expect((await diagnostics.trace()).requests).toEqual([]);
});

test("at most the newest five hundred requests are remembered", async () => {
  const { diagnostics, worker } = await published();
  await diagnostics.trace();
  for (let count = 0; count < 510; count++) await worker.text("studio/main/e1/part-1.mp4");
  const { requests, forgotten } = await diagnostics.trace();
  expect({ count: requests.length, first: requests[0]?.number, forgotten }).toEqual({
    count: 500,
    first: 10,
    forgotten: 10,
  });
});

test("a reader that leaves breaks its answer off", async () => {
  const { diagnostics, worker } = await published();
  await diagnostics.trace();
  const response = await worker.get("studio/main/e1/seg-1.mp4");
  await response.body?.cancel();
  expect((await diagnostics.trace()).requests).toMatchObject([{ kind: "segment", from: "ring", state: "broken" }]);
});

test("an init segment that has left the ring is seen to be on disk", async () => {
  const { diagnostics, worker, publisher } = await published({}, new MemoryDisk());
  // The ring keeps 64 of them.
  for (let n = 11; n < 80; n++) {
    await publisher.init("main", testInit());
    await play(publisher, n, n + 1);
  }
  await vi.advanceTimersByTimeAsync(200);
  await diagnostics.trace();
  for (const path of ["init-0.mp4", "init-69.mp4", "init-70.mp4"]) await worker.text(`studio/main/e1/${path}`);
  expect((await diagnostics.trace()).requests).toMatchObject([
    { kind: "init", media: 0, status: 200, from: "disk" },
    { kind: "init", media: 69, status: 200, from: "ring" },
    { kind: "init", media: 70, status: 404, from: "nowhere" },
  ]);
});

test("without a disk, a segment that has left the ring in part is nowhere", async () => {
  const { diagnostics, worker } = await published({ cache: { maxSegments: 2, maxPartsPerSegment: 4 } });
  await diagnostics.trace();
  for (const msn of [1, 2]) await worker.text(`studio/main/e1/seg-${msn}.mp4`);
  expect((await diagnostics.trace()).requests).toMatchObject([
    { kind: "segment", media: 1, status: 404, from: "nowhere" },
    { kind: "segment", media: 2, status: 200, from: "ring" },
  ]);
});

test("the hash of a part is told while the ring has it", async () => {
  const { diagnostics } = await published();
  expect(await diagnostics.hash("studio", "main", 3)).toMatch(/^[0-9a-f]{16}$/);
  expect(await diagnostics.hash("studio", "main", 30)).toBeUndefined();
  await expect(diagnostics.hash("studio", "other", 3)).rejects.toMatchObject({ code: "rendition-not-found" });
});

test("restart() breaks off what waits, and the stream goes on from the disk with the same numbers", async () => {
  const { diagnostics, worker, publisher } = await published({}, new MemoryDisk());
  await vi.advanceTimersByTimeAsync(200);
  const before = await diagnostics.trace();
  const blocked = worker.text("studio/main/media.m3u8?_HLS_msn=3&_HLS_part=1");
  const broken = expect(blocked).rejects.toMatchObject({ code: "closed" });
  expect(await diagnostics.restart()).toMatchObject({ streams: 1, brokenOff: 1, persistence: "disk" });
  await broken;
  await play(publisher, 11, 12);
  const playlist = await worker.text("studio/main/media.m3u8");
  expect(playlist).toContain("e1/part-11.mp4");
  expect(playlist).not.toMatch(/DISCONTINUITY\n|ENDLIST/);
  expect(publisher.reopened).toBe(0);
  const after = await diagnostics.trace(before);
  expect(after.worker).not.toBe(before.worker);
  const { slots } = await slotsOf(diagnostics);
  // What was before is on disk alone, and what it lasts is known from there.
  expect([slots.flags[3], Math.round(slots.durationsMs[3] ?? 0), slots.sources[3]]).toEqual([
    SLOT_STORED | SLOT_LISTED | SLOT_IN_DVR,
    200,
    0,
  ]);
});

test("restart() of a relay in memory is mended by the publisher, who sends again what it has", async () => {
  const { diagnostics, worker, publisher } = await published();
  expect(await diagnostics.restart()).toMatchObject({ persistence: "memory" });
  await play(publisher, 11, 16);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(publisher.reopened).toBe(1);
  expect(await worker.text("studio/main/media.m3u8")).toContain("e1/part-15.mp4");
});

test("what is written behind is lost with a restart, and nothing of the worker before is written after it", async () => {
  const disk = new MemoryDisk();
  const { diagnostics } = await published({}, disk);
  await vi.advanceTimersByTimeAsync(200);
  const kept = disk.archive.recordings.get("main")?.parts.size;
  const { publisher } = { publisher: (await published({}, new MemoryDisk())).publisher };
  publisher.close();
  await diagnostics.restart();
  await vi.advanceTimersByTimeAsync(500);
  expect(disk.archive.recordings.get("main")?.parts.size).toBe(kept);
});

test("a gap and a discontinuity are made by the page that publishes", async () => {
  const { diagnostics, worker, publisher } = await published();
  await diagnostics.fault("studio", { kind: "gap" });
  await play(publisher, 11, 14);
  expect(await worker.text("studio/main/media.m3u8")).toMatch(/part-11\.mp4".*GAP=YES\n.*part-12\.mp4"\n/);
  await diagnostics.fault("studio", { kind: "discontinuity" });
  await play(publisher, 14, 16);
  expect(await worker.text("studio/main/media.m3u8")).toContain("#EXT-X-DISCONTINUITY\n");
});

test("nothing can be made to go wrong where nobody feeds the stream", async () => {
  const { diagnostics } = await published();
  await expect(diagnostics.fault("other", { kind: "gap" })).rejects.toMatchObject({ code: "stream-not-found" });
  await expect(diagnostics.fault("studio", { kind: "flood" } as never)).rejects.toMatchObject({
    code: "malformed-message",
  });
  const tooLong = { kind: "offline", durationMs: 3_600_000 } as const;
  await expect(diagnostics.fault("studio", tooLong)).rejects.toMatchObject({ code: "malformed-message" });
});
