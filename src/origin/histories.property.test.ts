import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RelayError } from "../model/errors.ts";
import type { StreamOptions } from "../model/options.ts";
import { mergeDelta, parsePlaylist } from "../playlist/test-support/parse-playlist.ts";
import { lintPlaylists } from "../playlist/test-support/playlist-lint.ts";
import { CAPTIONS, ENGLISH, TestOrigin, VIDEO } from "./origin.test-support.ts";

const RENDITIONS = [VIDEO, { ...VIDEO, id: "low" }, ENGLISH, CAPTIONS];
const IDS = RENDITIONS.map(({ id }) => id);

type Operation =
  | { readonly do: "parts"; readonly count: number; readonly late: number }
  | { readonly do: "gap" | "discontinuity" | "init" | "key"; readonly rendition: number }
  | { readonly do: "dateRange"; readonly id: number; readonly startMs: number; readonly durationMs: number }
  | { readonly do: "look" | "return" };

const index = fc.nat(RENDITIONS.length - 1);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  // A rendition may fall behind by a few parts, and catches up with the next.
  {
    weight: 20,
    arbitrary: fc.record({ do: fc.constant("parts" as const), count: fc.integer({ min: 1, max: 9 }), late: index }),
  },
  { weight: 12, arbitrary: fc.record({ do: fc.constant("look" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("gap", "discontinuity", "init", "key"),
      rendition: index,
    }) as fc.Arbitrary<Operation>,
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("dateRange" as const),
      id: fc.nat(8),
      startMs: fc.nat(60_000),
      durationMs: fc.nat(5_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("return" as const) }) },
);
const history = fc.record({
  type: fc.constantFrom("live", "event"),
  parts: fc.constantFrom("files", "byterange"),
  skipDateRanges: fc.boolean(),
  maxSegments: fc.integer({ min: 3, max: 12 }),
  operations: fc.array(operation, { minLength: 20, maxLength: 60, size: "max" }),
}) as fc.Arbitrary<
  Pick<StreamOptions, "type" | "parts" | "skipDateRanges"> & { maxSegments: number; operations: readonly Operation[] }
>;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** What is there is answered at once: a wait is an error here, and shows as one instead of as a test that hangs. */
async function atOnce<T>(asked: Promise<T>, what: string): Promise<T> {
  let answered = false;
  const settled = asked.finally(() => {
    answered = true;
  });
  settled.catch(() => undefined);
  for (let turn = 0; turn < 1000 && !answered; turn++) await Promise.resolve();
  if (!answered) throw new Error(`${what} waits`);
  return settled;
}

/** Plays a history; its own mistakes, such as a date range that is used twice, are refused and cost nothing. */
class Player {
  readonly origin: TestOrigin;
  /** Part of the media that comes next, by rendition. */
  readonly #next = new Map(IDS.map((id) => [id, 0]));
  /** Renditions whose init segment is hinted: a producer that sends another one now takes its hint back, as it may. */
  readonly #hinted = new Set<string>();
  #producers = 1;

  constructor(options: Partial<StreamOptions>, maxSegments: number) {
    this.origin = new TestOrigin({ renditions: RENDITIONS, ...options }, {}, { maxSegments, maxPartsPerSegment: 64 });
    this.origin.setInits();
  }

  do(one: Operation): void {
    try {
      this.#do(one);
    } catch (error) {
      expect(error).toBeInstanceOf(RelayError);
      expect(["conflict", "stream-limit", "stream-ended", "invalid-option"]).toContain((error as RelayError).code);
    }
  }

  #do(one: Operation): void {
    const { origin } = this;
    switch (one.do) {
      case "parts": {
        const end = Math.max(...this.#next.values()) + one.count;
        for (const [n, id] of IDS.entries()) this.#catchUp(id, n === one.late ? end - Math.min(2, one.count) : end);
        return;
      }
      case "return": {
        // After the end, as of an event that is full, it would be another stream.
        if (origin.playlists.get("studio").ended) return;
        // As a page that was reloaded: the media goes on, and the boxes start anew.
        this.#producers += 1;
        origin.open(`e${this.#producers}`);
        origin.setInits();
        for (const hinted of IDS) this.#hinted.add(hinted);
        return;
      }
      case "dateRange":
        for (const id of IDS)
          origin.rendition(id).addDateRange({
            id: `r${one.id}`,
            startDate: Date.UTC(2026, 4, 1, 12) + one.startMs,
            durationMs: one.durationMs,
          });
        return;
      case "look":
        return;
    }
    const id = IDS[one.rendition] ?? "hd";
    const rendition = origin.rendition(id);
    if (one.do === "discontinuity") rendition.discontinuity();
    if (one.do === "init" && !rendition.isText && !this.#hinted.has(id)) {
      origin.setInit(id);
      this.#hinted.add(id);
    }
    if (one.do === "key") rendition.setKeys([{ method: "SAMPLE-AES", uri: `skd://${this.#next.get(id)}` }]);
    if (one.do === "gap") {
      rendition.addGap(200);
      this.#hinted.delete(id);
      this.#next.set(id, (this.#next.get(id) ?? 0) + 1);
    }
  }

  #catchUp(id: string, end: number): void {
    for (let n = this.#next.get(id) ?? 0; n < end; n++) {
      this.origin.part(id, n);
      this.#hinted.delete(id);
      this.#next.set(id, n + 1);
    }
  }
}

test("over random histories of several renditions every sequence of playlists is clean, deltas merge, and what is listed is there", async () => {
  let looked = 0;
  await fc.assert(
    fc.asyncProperty(history, async ({ operations, maxSegments, ...options }) => {
      const player = new Player(options, maxSegments);
      const { origin } = player;
      const fulls = new Map(IDS.map((id) => [id, [] as string[]]));
      const deltas = new Map(IDS.map((id) => [id, [] as string[]]));
      const look = async () => {
        for (const id of IDS) {
          if (origin.rendition(id).position === undefined || (origin.rendition(id).position?.msn ?? 0) < 2) continue;
          const full = await atOnce(origin.text(`${id}/media.m3u8`), id);
          const delta = await atOnce(origin.text(`${id}/media.m3u8?_HLS_skip=v2`), `${id} delta`);
          const before = fulls.get(id)?.at(-1);
          fulls.get(id)?.push(full);
          deltas.get(id)?.push(before === undefined ? full : delta);
          const whole = parsePlaylist(full);
          expect(mergeDelta(whole, parsePlaylist(delta))).toEqual([
            ...whole.segments,
            ...(whole.open ? [whole.open] : []),
          ]);
          // The ends of the window are where something may be missing.
          for (const segment of [...whole.segments.slice(0, 2), ...whole.segments.slice(-2)]) {
            const status = segment.gap ? 404 : 200;
            expect((await origin.get(`${id}/${segment.uri}`, { method: "HEAD" })).status, segment.uri).toBe(status);
            if (segment.map !== undefined) expect((await origin.get(`${id}/${segment.map}`)).status).toBe(200);
          }
          for (const { uri, gap } of whole.open?.parts ?? []) {
            const response = await origin.get(`${id}/${uri.split("#")[0]}`, { method: "HEAD" });
            expect(response.status, uri).toBe(gap ? 404 : 200);
          }
          expect(whole.reports.length).toBeLessThan(RENDITIONS.length);
          looked++;
        }
      };
      for (const one of operations) {
        player.do(one);
        if (one.do === "look") await look();
      }
      await look();
      origin.playlists.get("studio").end();
      await look();
      for (const id of IDS) {
        expect(lintPlaylists(fulls.get(id) ?? [])).toEqual([]);
        expect(lintPlaylists(deltas.get(id) ?? [])).toEqual([]);
      }
    }),
    { numRuns: 25 },
  );
  expect(looked).toBeGreaterThan(200);
});
