import fc from "fast-check";
import { expect, test } from "vitest";
import { checkDateRange } from "../model/date-range.ts";
import { RelayError } from "../model/errors.ts";
import { DateRanges } from "./date-ranges.ts";
import { M3u8Manifest } from "./m3u8-manifest.ts";
import { parsePlaylist, textOf } from "./test-support/parse-playlist.ts";
import { lintPlaylists } from "./test-support/playlist-lint.ts";

const START_MS = Date.UTC(2026, 4, 1, 12);
const refused = (code: string) => expect.objectContaining({ code });

function manifestOf(canSkipDateRanges = true): M3u8Manifest {
  return new M3u8Manifest({ targetDurationMs: 2000, maxSegments: 12, wallMs: () => START_MS + 500, canSkipDateRanges });
}

/** Seconds of media, two-second segments from `START_MS` on. */
function play(manifest: M3u8Manifest, seconds: number): void {
  for (let n = 0; n < seconds * 2; n++)
    manifest.addPart({ durationMs: 500, independent: (manifest.nextPartId + 1) % 4 === 1, sizeBytes: 1 });
}

test("4.4.5.1: every attribute is written in its own form", () => {
  const ranges = new DateRanges(256);
  ranges.add(
    {
      id: "ad 1",
      class: "com.example.ad",
      startDate: "2026-05-01T14:00:00.25+02:00",
      plannedDurationMs: 30_000,
      attributes: {
        "X-NAME": "a, b",
        "X-N": -1.5,
        "X-HEX": new Uint8Array([1, 171]),
        "SCTE35-OUT": new Uint8Array([252]),
      },
      endOnNext: true,
    },
    0,
  );
  expect(ranges.text()).toBe(
    '#EXT-X-DATERANGE:ID="ad 1",CLASS="com.example.ad",START-DATE="2026-05-01T12:00:00.250Z",PLANNED-DURATION=30.00000' +
      ',X-NAME="a, b",X-N=-1.5,X-HEX=0x01AB,SCTE35-OUT=0xFC,END-ON-NEXT=YES\n',
  );
});

test("rule 35: an id may gain attributes and never change one; the same again is no news", () => {
  const ranges = new DateRanges(256);
  expect(ranges.add({ id: "a", startDate: START_MS }, 0)).toBe(true);
  expect(ranges.add({ id: "a", startDate: START_MS }, 0)).toBe(false);
  expect(ranges.add({ id: "a", startDate: START_MS, durationMs: 5000 }, 0)).toBe(true);
  const before = ranges.text();
  for (const options of [{ startDate: START_MS + 1 }, { startDate: START_MS, durationMs: 1 }])
    expect(() => ranges.add({ id: "a", ...options }, 0)).toThrowError(refused("conflict"));
  expect(ranges.text()).toBe(before);
});

test("a range takes no more attributes for being added to many times, and what it has stays", () => {
  const ranges = new DateRanges(256);
  const some = (from: number, count: number) => ({
    id: "a",
    startDate: START_MS,
    attributes: Object.fromEntries(Array.from({ length: count }, (_, n) => [`X-${from + n}`, "x"])),
  });
  ranges.add(some(0, 20), 0);
  ranges.add(some(20, 12), 0);
  const before = ranges.text();
  expect(() => ranges.add(some(32, 1), 0)).toThrowError(refused("invalid-option"));
  expect(ranges.text()).toBe(before);
  // What is no attribute of the client's still fits, and so does what is known.
  expect(ranges.add({ ...some(0, 20), class: "c", durationMs: 1 }, 0)).toBe(true);
});

test("rule 35: an id whose range has left is not used with other values, which a player that holds it would see change", () => {
  const ranges = new DateRanges(256);
  ranges.add({ id: "a", startDate: START_MS, durationMs: 0 }, 0);
  expect(ranges.removeBefore(START_MS + 1, 5)).toBe(true);
  expect(() => ranges.add({ id: "a", startDate: START_MS, durationMs: 1 }, 6)).toThrowError(refused("conflict"));
  expect(() => ranges.add({ id: "a", startDate: START_MS + 9000 }, 6)).toThrowError(refused("conflict"));
  // The same again is no news, nor is more of what nobody is told any more; but that binds too.
  expect(ranges.add({ id: "a", startDate: START_MS, durationMs: 0 }, 6)).toBe(false);
  expect(ranges.add({ id: "a", startDate: START_MS, attributes: { "X-A": 1 } }, 6)).toBe(false);
  expect(() => ranges.add({ id: "a", startDate: START_MS, attributes: { "X-A": 2 } }, 6)).toThrowError(
    refused("conflict"),
  );
  expect([ranges.text(), ranges.removedSince(0)]).toEqual(["", "a"]);
});

test("as many ids of ranges that have left are known as are told to players, the oldest going first", () => {
  const ranges = new DateRanges(256);
  for (let n = 0; n <= 1024; n++) {
    ranges.add({ id: `${n}`, startDate: START_MS + n, durationMs: 0 }, n);
    ranges.removeBefore(START_MS + n + 1, n);
  }
  expect(ranges.add({ id: "0", startDate: START_MS + 9000 }, 2000)).toBe(true);
  expect(() => ranges.add({ id: "1", startDate: START_MS + 9000 }, 2000)).toThrowError(refused("conflict"));
});

test("a range leaves when it has ended before the first segment, one without an end stays, END-ON-NEXT gives one", () => {
  const ranges = new DateRanges(256);
  ranges.add({ id: "ended", startDate: START_MS, durationMs: 1000 }, 0);
  ranges.add({ id: "open", startDate: START_MS }, 0);
  ranges.add({ id: "one", startDate: START_MS, class: "c", endOnNext: true }, 0);
  expect(ranges.removeBefore(START_MS + 1000, 5)).toBe(false);
  ranges.add({ id: "two", startDate: START_MS + 2000, class: "c", endOnNext: true }, 0);
  expect(ranges.removeBefore(START_MS + 2001, 7)).toBe(true);
  expect(ranges.text().match(/ID="\w+"/g)).toEqual(['ID="open"', 'ID="two"']);
  expect(ranges.removedSince(7)).toBe("ended\tone");
  expect(ranges.removedSince(8)).toBe("");
});

test("4.4.5.1: END-ON-NEXT ends a range in whatever order it and the next one are told, and when it is said later", () => {
  const next = { id: "next", startDate: START_MS + 2000, class: "c" };
  const first = { id: "first", startDate: START_MS, class: "c", endOnNext: true };
  const { endOnNext: _, class: __, ...bare } = first;
  for (const told of [
    [first, next],
    [next, first],
    [bare, next, first],
    [bare, first, next],
  ]) {
    const ranges = new DateRanges(256);
    for (const range of told) ranges.add(range, 0);
    expect(ranges.removeBefore(START_MS + 2000, 1)).toBe(false);
    expect(ranges.removeBefore(START_MS + 2001, 2)).toBe(true);
    expect(ranges.removedSince(0)).toBe("first");
  }
});

test("more ranges at once than the cap are refused", () => {
  const ranges = new DateRanges(256);
  for (let n = 0; n < 256; n++) ranges.add({ id: `${n}`, startDate: START_MS }, 0);
  expect(() => ranges.add({ id: "more", startDate: START_MS }, 0)).toThrowError(refused("stream-limit"));
});

test("rules 35 and 36: ranges stand in playlists with a date, and leave with the window", () => {
  const manifest = manifestOf();
  manifest.addDateRange({ id: "a", startDate: START_MS, durationMs: 3000 });
  expect(textOf(manifest.render())).not.toContain("#EXT-X-DATERANGE");
  const texts: (readonly Uint8Array[])[] = [];
  for (let n = 0; n < 20; n++) {
    play(manifest, 2);
    texts.push(manifest.render());
  }
  expect(lintPlaylists(texts)).toEqual([]);
  expect(texts.map((bytes) => parsePlaylist(bytes).dateRanges.length)).toEqual([
    ...new Array(14).fill(1),
    ...new Array(6).fill(0),
  ]);
});

test("rules 3, 12 and 49: a v2 delta leaves old ranges out, names those that went, and is version 10; others keep all", () => {
  const manifest = manifestOf();
  play(manifest, 4);
  manifest.addDateRange({ id: "old", startDate: START_MS + 2000 });
  manifest.addDateRange({ id: "gone", startDate: START_MS, durationMs: 5000 });
  play(manifest, 22);
  manifest.addDateRange({ id: "new", startDate: START_MS + 26_000 });
  play(manifest, 6);
  const idsOf = (bytes: readonly Uint8Array[] | undefined) =>
    parsePlaylist(bytes ?? "\n").dateRanges.map((range) => range.get("ID"));
  expect(idsOf(manifest.render())).toEqual(["old", "new"]);
  expect(idsOf(manifest.renderDelta())).toEqual(["old", "new"]);
  const v2 = manifest.renderDeltaV2();
  expect(idsOf(v2)).toEqual(["new"]);
  expect(parsePlaylist(v2 ?? "")).toMatchObject({ removedDateRanges: ["gone"], skipped: 6 });
  expect(lintPlaylists([manifest.render(), v2 ?? ""])).toEqual([]);
  expect(textOf(manifest.render())).toContain("CAN-SKIP-UNTIL=12.00000,CAN-SKIP-DATERANGES=YES,");
  play(manifest, 14);
  expect(parsePlaylist(manifest.renderDeltaV2() ?? "").removedDateRanges).toEqual([]);
  expect(manifestOf(false).renderDeltaV2()).toBeUndefined();
});

test("rule 50: the ranges of the previous playlist, less those removed, with those of the v2 delta are the whole playlist's", () => {
  const operation = fc.oneof(
    { weight: 5, arbitrary: fc.record({ seconds: fc.integer({ min: 1, max: 5 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        id: fc.constantFrom("a", "b", "c", "d", "e"),
        offsetMs: fc.integer({ min: -20_000, max: 20_000 }),
        durationMs: fc.option(fc.integer({ min: 0, max: 20_000 })),
      }),
    },
  );
  let merged = 0;
  fc.assert(
    fc.property(fc.array(operation, { minLength: 20, maxLength: 80 }), (operations) => {
      const manifest = manifestOf();
      const seen: { readonly ids: Set<string>; readonly atMs: number }[] = [];
      let atMs = 0;
      let used = 0;
      play(manifest, 1);
      for (const one of operations) {
        if ("seconds" in one) {
          play(manifest, one.seconds);
          atMs += one.seconds * 1000;
        } else {
          const id = `${one.id}${used++}`;
          const range = { id, startDate: START_MS + atMs + Math.max(-atMs, one.offsetMs) };
          manifest.addDateRange(one.durationMs === null ? range : { ...range, durationMs: one.durationMs });
        }
        const keysOf = (bytes: readonly Uint8Array[]) =>
          parsePlaylist(bytes).dateRanges.map((range) => range.get("ID") ?? "");
        const whole = new Set(keysOf(manifest.render()));
        const v2 = manifest.renderDeltaV2();
        if (v2 !== undefined) {
          const { removedDateRanges = [] } = parsePlaylist(v2);
          for (const previous of seen.filter((state) => atMs - state.atMs <= 6000)) {
            const ids = new Set([...previous.ids, ...keysOf(v2)]);
            for (const id of removedDateRanges) ids.delete(id);
            expect(ids).toEqual(whole);
            merged++;
          }
        }
        seen.push({ ids: whole, atMs });
      }
    }),
    { numRuns: 30 },
  );
  expect(merged).toBeGreaterThan(100);
});

test.each([
  { id: "", startDate: 0 },
  { id: 'a"b', startDate: 0 },
  { id: "a", startDate: "2026-05-01" },
  { id: "a", startDate: "2026-05-01T12:00:00" },
  { id: "a", startDate: Number.NaN },
  { id: "a", startDate: 0, durationMs: -1 },
  { id: "a", startDate: 0, endOnNext: true },
  { id: "a", startDate: 0, endOnNext: true, class: "c", durationMs: 1 },
  { id: "a", startDate: 0, attributes: { "x-lower": 1 } },
  { id: "a", startDate: 0, attributes: { "X-A": 'q"' } },
  { id: "a", startDate: 0, attributes: { "X-A": "line\nbreak" } },
  { id: "a", startDate: 0, attributes: { "SCTE35-CMD": "0xFF" } },
])("%o is refused", (options) => {
  expect(() => new DateRanges(256).add(options, 0)).toThrowError(refused("invalid-option"));
});

test("whatever is given, reading it throws a RelayError or gives what one line can hold", () => {
  const value = fc.anything({ withTypedArray: true });
  const given = fc.oneof(
    value,
    fc.record({
      id: fc.oneof(fc.string(), value),
      startDate: fc.oneof(fc.nat(), fc.string(), value),
      attributes: fc.oneof(fc.dictionary(fc.constantFrom("X-A", "X-B-1", "SCTE35-CMD", "x"), value), value),
      durationMs: fc.oneof(fc.double(), value),
    }),
  );
  fc.assert(
    fc.property(given, (options) => {
      try {
        const ranges = new DateRanges(256);
        ranges.add(checkDateRange(options), 0);
        expect(ranges.text()).toMatch(/^#EXT-X-DATERANGE:[ -~]+\n$/);
      } catch (error) {
        expect(error).toBeInstanceOf(RelayError);
      }
    }),
  );
});
