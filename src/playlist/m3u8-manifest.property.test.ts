import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { M3u8Manifest } from "./m3u8-manifest.ts";
import type { PartPlacement } from "./manifest-types.ts";
import { mergeDelta, type ParsedPlaylist, parsePlaylist, textOf } from "./test-support/parse-playlist.ts";
import { lintPlaylists } from "./test-support/playlist-lint.ts";

type Operation =
  | { readonly do: "part"; readonly share: number; readonly independent: boolean; readonly gap: boolean }
  | { readonly do: "discontinuity"; readonly date: boolean }
  | { readonly do: "init" }
  | { readonly do: "drop"; readonly share: number }
  | { readonly do: "render" }
  | { readonly do: "end" };

// Long enough for rule 15, so that every finding is the manifest's own.
const part = fc.record({
  do: fc.constant("part" as const),
  share: fc.oneof(fc.constant(1), fc.double({ min: 0.86, max: 1, noNaN: true })),
  independent: fc.boolean(),
  gap: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 60, arbitrary: part },
  { weight: 15, arbitrary: fc.constant({ do: "render" as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("discontinuity" as const), date: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constant({ do: "init" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("drop" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
);
const scenario = fc.record({
  partTargetMs: fc.constantFrom(100, 200, 1000 / 3, 500, 1001 / 3, 999.99),
  targetDurationMs: fc.constantFrom(1000, 2000),
  segmentMinShare: fc.double({ min: 0, max: 1, noNaN: true }),
  maxSegments: fc.integer({ min: 1, max: 24 }),
  maxPartsPerSegment: fc.integer({ min: 2, max: 20 }),
  operations: fc.array(operation, { minLength: 40, maxLength: 400, size: "max" }),
  ends: fc.boolean(),
});

type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never;

interface Answer {
  readonly full: ParsedPlaylist;
  readonly delta: ParsedPlaylist | undefined;
  readonly endTicks: number;
}

function play(given: Scenario) {
  const { partTargetMs, targetDurationMs, segmentMinShare, maxSegments, maxPartsPerSegment } = given;
  const wallMs = () => Date.UTC(2026, 4, 1);
  const segmentMinMs = segmentMinShare * targetDurationMs;
  const manifest = new M3u8Manifest({
    partTargetMs,
    targetDurationMs,
    segmentMinMs,
    maxSegments,
    maxPartsPerSegment,
    wallMs,
  });
  const placements: (PartPlacement & { readonly durationMs: number })[] = [];
  const answers: Answer[] = [];
  const texts: { readonly bytes: readonly Uint8Array[]; readonly text: string }[] = [];
  let dateMs: number | undefined;
  const render = (): void => {
    const [bytes, deltaBytes] = [manifest.render(), manifest.renderDelta()];
    for (const one of deltaBytes === undefined ? [bytes] : [bytes, deltaBytes])
      texts.push({ bytes: one, text: textOf(one) });
    const endTicks = placements.reduce((sum, placement) => sum + placement.durationMs * 100, 0);
    answers.push({ full: parsePlaylist(bytes), delta: deltaBytes && parsePlaylist(deltaBytes), endTicks });
  };
  const operations: readonly Operation[] = [...given.operations, ...(given.ends ? [{ do: "end" as const }] : [])];
  for (const step of operations) {
    switch (step.do) {
      case "part": {
        const durationMs = partTargetMs * step.share;
        const { independent, gap } = step;
        const info = {
          durationMs,
          independent,
          gap,
          sizeBytes: 1,
          ...(dateMs !== undefined && { programDateTimeMs: dateMs }),
        };
        placements.push({ ...manifest.addPart(info), durationMs });
        dateMs = undefined;
        break;
      }
      case "discontinuity":
        manifest.discontinuity();
        if (step.date) dateMs = Date.UTC(2027, 0, 1) + placements.length * 1000;
        break;
      case "init":
        manifest.setInit(placements.length); // never an earlier one: a hint once given is kept
        break;
      case "drop":
        manifest.dropBefore(
          Math.floor(manifest.firstListedPartId + (manifest.nextPartId - manifest.firstListedPartId) * step.share ** 3),
        );
        break;
      case "end":
        manifest.end();
        break;
      default:
        break;
    }
    if (step.do === "render" || step.do === "end") render();
  }
  render();
  return { manifest, placements, answers, texts };
}

describe("over random histories of parts, gaps, discontinuities, init segments, evictions and an end", () => {
  test("rules 1 to 12, 14, 15, 17, 18, 20, 25, 27 to 29, 32, 34, 37 to 41: every sequence of playlists is clean", () => {
    fc.assert(
      fc.property(scenario, (given) => {
        const { answers } = play(given);
        expect(lintPlaylists(answers.map(({ full }) => `${full.lines.join("\n")}\n`))).toEqual([]);
        // A client that takes deltas from the second answer on.
        const mixed = answers.map(({ full, delta }, index) => (index === 0 ? full : (delta ?? full)));
        expect(lintPlaylists(mixed.map(({ lines }) => `${lines.join("\n")}\n`))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  test("rules 47, 48 and 50: a fresh enough playlist merged with a delta is the whole playlist of the same state", () => {
    let merged = 0;
    fc.assert(
      fc.property(scenario, (given) => {
        const { answers } = play(given);
        const skipUntil = given.targetDurationMs * 100 * 6;
        for (const [index, { full, delta, endTicks }] of answers.entries()) {
          if (delta === undefined) continue;
          const whole = [...full.segments, ...(full.open === undefined ? [] : [full.open])];
          for (const previous of answers.slice(0, index + 1)) {
            // 6.3.7: a client asks for a delta while what it holds is younger than half the skip boundary.
            if (endTicks - previous.endTicks > skipUntil / 2) continue;
            expect(mergeDelta(previous.full, delta)).toEqual(whole);
            merged++;
          }
          const rest = ({ header, hints, reports }: ParsedPlaylist) => ({
            header: new Map([...header, ["EXT-X-VERSION", ""]]),
            hints,
            reports,
          });
          expect(rest(delta)).toEqual(rest(full));
          let fromEnd = 0;
          for (const segment of [...whole].reverse()) {
            const isSkipped = segment.msn < delta.mediaSequence + delta.skipped;
            expect(isSkipped).toBe(fromEnd > skipUntil);
            fromEnd += segment.ticks ?? segment.parts.reduce((sum, { ticks }) => sum + ticks, 0);
          }
        }
      }),
      { numRuns: 40 },
    );
    expect(merged).toBeGreaterThan(100);
  });

  test("rules 14, 18 and 28: the text lists the parts where they were put, and lasts what they last", () => {
    fc.assert(
      fc.property(scenario, (given) => {
        const { manifest, placements, answers } = play(given);
        const byMsn = new Map<number, (typeof placements)[number][]>();
        for (const placement of placements) byMsn.set(placement.msn, [...(byMsn.get(placement.msn) ?? []), placement]);
        for (const { full } of answers) {
          for (const segment of full.segments) {
            const listed = byMsn.get(segment.msn) ?? [];
            expect(segment.uri).toBe(`0/seg-${segment.msn}.mp4`);
            const exactTicks = listed.reduce((sum, { durationMs }) => sum + durationMs * 100, 0);
            expect(Math.abs((segment.ticks ?? 0) - exactTicks)).toBeLessThanOrEqual(1.01);
            if (segment.parts.length > 0)
              expect(segment.parts.map(({ uri }) => uri)).toEqual(listed.map(({ id }) => `0/part-${id}.mp4`));
          }
        }
        const last = answers.at(-1)?.full;
        expect([manifest.firstMsn, manifest.closedSegmentCount]).toEqual([last?.mediaSequence, last?.segments.length]);
        expect(manifest.position).toEqual(
          placements.length === 0 ? undefined : { msn: placements.at(-1)?.msn, part: placements.at(-1)?.part },
        );
        for (const [msn, listed] of byMsn) {
          const info = manifest.segment(msn);
          if (msn >= manifest.firstMsn) expect(info).toBeDefined();
          if (info !== undefined) expect([info.firstPartId, info.partCount]).toEqual([listed[0]?.id, listed.length]);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("rule 32: bytes once rendered are never edited", () => {
    fc.assert(
      fc.property(scenario, (given) => {
        for (const { bytes, text } of play(given).texts) expect(textOf(bytes)).toBe(text);
      }),
      { numRuns: 20 },
    );
  });
});
