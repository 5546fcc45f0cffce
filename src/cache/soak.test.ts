import { describe, expect, test } from "vitest";
import { M3u8Manifest } from "../playlist/m3u8-manifest.ts";
import { ChunkCache } from "./chunk-cache.ts";
import { collectGarbage, usedBytes } from "./collect-garbage.test-support.ts";
import { FakeClock } from "./fake-clock.test-support.ts";
import { M3u8Cache } from "./m3u8-cache.ts";
import { SlotRing } from "./slot-ring.ts";

const PART_MS = 500;
const PART_SIZE_BYTES = 512;
const PARTS_PER_HOUR = 3_600_000 / PART_MS;
const MEBIBYTE = 1024 * 1024;
/** Where the heap's own bookkeeping ends and a leak begins: one leaked object for each part would be four times as much. */
const NOISE_BYTES = 2 * MEBIBYTE;

/** A stream as the worker keeps it, without its clockwork: ring, manifest, playlists, and a reader that always waits. */
class LiveStream {
  readonly manifest: M3u8Manifest;
  readonly #clock = new FakeClock();
  readonly #ring;
  readonly #playlists;
  readonly #dvrSegments: number;

  constructor(dvrSegments: number) {
    this.#dvrSegments = dvrSegments;
    this.#ring = new ChunkCache({ maxSegments: 32, maxPartsPerSegment: 8 }, { clock: this.#clock }).open("live");
    this.#playlists = new M3u8Cache().open("live");
    this.manifest = new M3u8Manifest({
      partTargetMs: PART_MS,
      targetDurationMs: 2000,
      canSkipDateRanges: true,
      dvr: dvrSegments > 0,
    });
  }

  async play(hours: number): Promise<void> {
    const { manifest } = this;
    for (let count = 0; count < hours * PARTS_PER_HOUR; count++) {
      const next = this.#ring.waitFor(manifest.nextPartId);
      this.#ring.put(manifest.nextPartId, new Uint8Array(PART_SIZE_BYTES));
      const { msn, part, opensSegment, id } = manifest.addPart({
        durationMs: PART_MS,
        independent: count % 4 === 0,
        sizeBytes: PART_SIZE_BYTES,
      });
      if (opensSegment && id % 400 === 0)
        manifest.addDateRange({ id: `${id}`, startDate: manifest.segmentWallMs ?? 0, durationMs: 30_000 });
      if (opensSegment) manifest.forgetBefore(msn - this.#dvrSegments);
      const [delta, deltaV2] = [manifest.renderDelta(), manifest.renderDeltaV2()];
      this.#playlists.put({
        position: { msn, part },
        playlist: manifest.render(),
        ...(delta && { delta }),
        ...(deltaV2 && { deltaV2 }),
      });
      manifest.renderDvr();
      manifest.renderDvrDelta();
      // Not expect(), which takes longer than all of the above.
      if ((await next)?.id !== id) throw new Error(`the reader of part ${id} got another`);
    }
  }
}

describe("over 24 hours of two parts a second", () => {
  test("memory does not grow once the ring is full", async () => {
    const stream = new LiveStream(0);
    await stream.play(2);
    const beforeBytes = await usedBytes();
    await stream.play(22);
    expect((await usedBytes()) - beforeBytes).toBeLessThan(NOISE_BYTES);
    expect(stream.manifest.nextPartId).toBe(24 * PARTS_PER_HOUR);
  });

  test("memory does not grow once a DVR window of an hour has slid by twice", async () => {
    const stream = new LiveStream(1800);
    await stream.play(3);
    const beforeBytes = await usedBytes();
    await stream.play(21);
    expect((await usedBytes()) - beforeBytes).toBeLessThan(NOISE_BYTES);
    expect(stream.manifest.dvrSegmentCount).toBeLessThanOrEqual(1801);
  });
});

describe("buffers that left a ring", () => {
  /** Puts `count` parts into the ring and tells which were collected since. */
  function watched(ring: SlotRing, count: number): Set<number> {
    const collected = new Set<number>();
    const registry = new FinalizationRegistry<number>((id) => collected.add(id));
    for (let id = 0; id < count; id++) {
      const bytes = new Uint8Array(64 * 1024);
      registry.register(bytes.buffer, id);
      ring.append(bytes);
      // Their hash and a reader that came and went keep nothing.
      void ring.get(id)?.hash;
    }
    registries.push(registry);
    return collected;
  }
  /** A registry that is collected itself tells nothing. */
  const registries: FinalizationRegistry<number>[] = [];

  test("by count are collected, and those in the ring are not", async () => {
    const ring = new SlotRing({ capacity: 8 });
    const collected = watched(ring, 40);
    await collectGarbage();
    expect([...collected].sort((a, b) => a - b)).toEqual(Array.from({ length: 32 }, (_, id) => id));
    expect(ring.stats.count).toBe(8);
  });

  test("by bytes are collected", async () => {
    const ring = new SlotRing({ capacity: 100, maxBytes: 5 * 64 * 1024 });
    const collected = watched(ring, 40);
    await collectGarbage();
    expect(collected.size).toBe(35);
    expect(ring.oldestId).toBe(35);
  });

  test("because it was closed are collected, though its handle is held", async () => {
    const ring = new SlotRing({ capacity: 100 });
    const collected = watched(ring, 40);
    ring.close();
    await collectGarbage();
    expect(collected.size).toBe(40);
    expect(ring.closed).toBe(true);
  });
});
