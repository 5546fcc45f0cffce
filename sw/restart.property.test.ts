import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { testInit, testPart } from "../src/media/media.test-support.ts";
import { RelayError } from "../src/model/errors.ts";
import type { StreamOptions } from "../src/model/options.ts";
import { Publisher } from "../src/page/publisher.ts";
import { WorkerLink } from "../src/page/worker-link.ts";
import { lintPlaylists } from "../src/playlist/test-support/playlist-lint.ts";
import { MemoryDisk, MemoryStore } from "./memory-store.test-support.ts";
import { Client, TestWorker } from "./worker.test-support.ts";

const OPTIONS: StreamOptions = {
  renditions: [
    { id: "hd", codecs: "avc1.42c01f,opus", bandwidth: 1_000_000 },
    { id: "low", codecs: "avc1.42c01f,opus", bandwidth: 500_000 },
  ],
  partTargetMs: 200,
  targetDurationMs: 1000,
  segmentMinMs: 1000,
};
const IDS = ["hd", "low"] as const;
const START_MS = 1_800_000_000_000;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("Client", Client);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** What a producer does, and how long it takes until it does the next. */
type Operation = {
  readonly do: "part" | "gap" | "discontinuity" | "init" | "key" | "dateRange" | "bad";
  readonly rendition: number;
  readonly waitMs: number;
};

const operation: fc.Arbitrary<Operation> = fc.record({
  do: fc.oneof(
    { weight: 12, arbitrary: fc.constant("part" as const) },
    { weight: 4, arbitrary: fc.constantFrom("gap", "discontinuity", "init", "key", "dateRange", "bad") },
  ),
  rendition: fc.nat(1),
  waitMs: fc.constantFrom(0, 0, 20, 70, 150, 400),
}) as fc.Arbitrary<Operation>;

/** One broadcast, with a worker that dies before it reads certain messages. */
class Broadcast {
  readonly #disk = new MemoryDisk();
  #store: MemoryStore | undefined;
  readonly worker = new TestWorker({ cache: { maxSegments: 4, maxPartsPerSegment: 32 } }, async () => {
    this.#store = new MemoryStore(this.#disk);
    return this.#store;
  });
  readonly publisher = new Publisher("studio", OPTIONS, {
    link: new WorkerLink(this.worker.port("page")),
    epoch: "e1",
  });
  readonly #asked: Promise<unknown>[] = [];
  readonly #next = [0, 0];
  kills = 0;

  kill(): void {
    this.kills += 1;
    this.#store?.kill();
    this.worker.kill();
  }

  /** Opens, and has a part of each rendition on disk: before that a worker that dies leaves nothing. */
  async open(): Promise<void> {
    await this.publisher.open();
    for (const [rendition, id] of IDS.entries()) {
      await this.publisher.init(id, testInit());
      this.do({ do: "part", rendition, waitMs: 0 });
    }
    await vi.advanceTimersByTimeAsync(500);
  }

  do({ do: what, rendition }: Operation): void {
    const id = IDS[rendition] ?? "hd";
    const n = this.#next[rendition] ?? 0;
    switch (what) {
      case "part":
        this.#next[rendition] = n + 1;
        this.#ask(this.publisher.part(id, mediaPart(n)));
        return;
      case "gap":
        this.#next[rendition] = n + 1;
        this.#ask(this.publisher.gap(id, { durationMs: 200 }));
        return;
      case "discontinuity":
        this.#ask(this.publisher.discontinuity(id));
        return;
      case "init":
        this.#ask(this.publisher.init(id, testInit()));
        return;
      case "key":
        this.#ask(this.publisher.key(id, { method: "SAMPLE-AES", uri: `skd://${n % 3}` }));
        return;
      case "dateRange":
        this.#ask(this.publisher.dateRange({ id: `r${n}`, startDate: START_MS + n * 200, durationMs: 5_000 }));
        return;
      case "bad":
        this.#ask(this.publisher.part(id, { bytes: new Uint8Array([1, 2, 3]), durationMs: 200 }));
    }
  }

  /** How each step ended. */
  outcomes(): Promise<unknown[]> {
    return Promise.all(this.#asked);
  }

  async playlists(): Promise<string[]> {
    const paths = IDS.flatMap((id) => [`${id}/media.m3u8`, `${id}/dvr.m3u8`]);
    return Promise.all(["main.m3u8", ...paths].map((path) => this.worker.text(`studio/${path}`)));
  }

  #ask(asked: Promise<unknown>): void {
    this.#asked.push(asked.catch((error: unknown) => RelayError.from(error).code));
  }
}

function mediaPart(n: number) {
  const independent = n % 5 === 0;
  const bytes = testPart({ sequenceNumber: n + 1, firstFrame: n * 6, frames: 6, independent });
  return { bytes, durationMs: 200, independent, programDateTimeMs: START_MS + n * 200 };
}

/** What takes time, with the time that it takes. */
async function timely<T>(asked: Promise<T>): Promise<T> {
  asked.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(15_000);
  return asked;
}

async function play(operations: readonly Operation[], kills: ReadonlySet<number>): Promise<Broadcast> {
  const broadcast = new Broadcast();
  await broadcast.open();
  let messages = 0;
  broadcast.worker.arrives = () => {
    messages += 1;
    if (kills.has(messages)) broadcast.kill();
  };
  for (const one of operations) {
    broadcast.do(one);
    await vi.advanceTimersByTimeAsync(one.waitMs);
  }
  // What is pending between parts is the page's to keep, and nobody else's.
  for (const rendition of IDS.keys()) broadcast.do({ do: "part", rendition, waitMs: 0 });
  await vi.advanceTimersByTimeAsync(8_000);
  return broadcast;
}

test("a worker that dies at any moment costs nothing: the same playlists digit for digit, every part once, no new session", async () => {
  let killed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 20, maxLength: 80, size: "max" }),
      fc.uniqueArray(fc.integer({ min: 1, max: 150 }), { minLength: 1, maxLength: 8 }),
      async (operations, kills) => {
        const expected = await play(operations, new Set());
        const broadcast = await play(operations, new Set(kills));
        killed += broadcast.kills;
        expect(await timely(broadcast.outcomes())).toEqual(await timely(expected.outcomes()));
        const playlists = await timely(broadcast.playlists());
        expect(playlists).toEqual(await timely(expected.playlists()));
        expect(broadcast.publisher.reopened).toBe(0);
        expect(broadcast.publisher.pending).toBe(0);
        for (const [index, id] of IDS.entries()) {
          const dvr = playlists[2 + index * 2] ?? "";
          if (!dvr.includes("#EXTINF")) continue;
          expect(lintPlaylists([dvr])).toEqual([]);
          for (const [, gap, segment] of dvr.matchAll(/(#EXT-X-GAP\n)?#EXTINF.*\n(.*)/g)) {
            const { status } = await timely(broadcast.worker.get(`studio/${id}/${segment}`));
            expect(status, segment).toBe(gap === undefined ? 200 : 404);
          }
        }
        await timely(broadcast.publisher.end());
        await timely(expected.publisher.end());
        broadcast.kill();
        expect(await timely(broadcast.playlists())).toEqual(await timely(expected.playlists()));
      },
    ),
    { numRuns: 15 },
  );
  expect(killed).toBeGreaterThan(5);
});
