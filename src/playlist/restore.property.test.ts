import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MediaKey } from "../model/media-key.ts";
import type { SegmentOpening, SegmentRecord } from "../model/record.ts";
import { M3u8Manifest } from "./m3u8-manifest.ts";
import type { ManifestOptions } from "./manifest-options.ts";
import type { PartInfo } from "./manifest-types.ts";
import { restoreManifest } from "./restore-manifest.ts";
import { textOf } from "./test-support/parse-playlist.ts";

type Step =
  | {
      readonly do: "part";
      readonly share: number;
      readonly independent: boolean;
      readonly gap: boolean;
      readonly size: number;
    }
  | { readonly do: "discontinuity" | "init" | "resume" }
  | { readonly do: "keys"; readonly keys: readonly MediaKey[] }
  | { readonly do: "drop" | "forget"; readonly share: number };

const share = fc.double({ min: 0, max: 1, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.record({
      do: fc.constant("part" as const),
      share: fc.oneof(fc.constant(1), fc.double({ min: 0.1, max: 1, noNaN: true })),
      independent: fc.boolean(),
      gap: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
      size: fc.nat(100_000),
    }),
  },
  { weight: 3, arbitrary: fc.constantFrom({ do: "discontinuity" }, { do: "init" }, { do: "resume" }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("keys" as const),
      keys: fc.constantFrom<readonly MediaKey[]>(
        [{ method: "NONE" }],
        [{ method: "AES-128", uri: "key-1", iv: new Uint8Array(16).fill(7) }],
        [{ method: "AES-128", uri: "key-2" }],
        [{ method: "SAMPLE-AES", uri: "skd://a", keyFormat: "com.apple.streamingkeydelivery", keyFormatVersions: "1" }],
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("drop" as const, "forget" as const), share }) },
);
const scenario = fc.record({
  partTargetMs: fc.constantFrom(100, 200, 1000 / 3, 500, 1001 / 3, 999.99),
  targetDurationMs: fc.constantFrom(1000, 2000),
  segmentMinShare: share,
  maxSegments: fc.integer({ min: 1, max: 24 }),
  maxPartsPerSegment: fc.integer({ min: 2, max: 20 }),
  dvr: fc.boolean(),
  parts: fc.constantFrom("files" as const, "byterange" as const),
  container: fc.constantFrom("mp4" as const, "mp4" as const, "vtt" as const),
  before: fc.array(step, { minLength: 1, maxLength: 300, size: "max" }),
  after: fc.array(step, { minLength: 1, maxLength: 100, size: "max" }),
});

type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never;

interface OpenRecord {
  readonly opens: SegmentOpening;
  readonly durationsMs: number[];
  readonly sizesBytes: number[];
  readonly flags: number[];
}

/** What a store would hold of a manifest: everything that its placements told, from the DVR window's start on. */
class Recording {
  readonly manifest: M3u8Manifest;
  readonly #records: OpenRecord[] = [];
  readonly #partTargetMs: number;
  readonly #hasInit: boolean;
  #isSettled = true;

  constructor(manifest: M3u8Manifest, { partTargetMs, container }: Pick<Scenario, "partTargetMs" | "container">) {
    this.manifest = manifest;
    this.#partTargetMs = partTargetMs;
    this.#hasInit = container === "mp4";
  }

  get segments(): readonly SegmentRecord[] {
    const { dvrFirstMsn } = this.manifest;
    const kept = this.#records.filter(({ opens }) => opens.msn >= dvrFirstMsn);
    return kept.map(({ opens, ...columns }) => structuredClone({ ...opens, ...columns }));
  }

  /** Nothing is pending that only the next part would make last. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  take(given: Step): void {
    const { manifest } = this;
    if (given.do !== "part" && given.do !== "drop" && given.do !== "forget") this.#isSettled = false;
    switch (given.do) {
      case "part":
        this.#add({
          durationMs: Math.max(1, this.#partTargetMs * given.share),
          independent: given.independent,
          gap: given.gap,
          sizeBytes: given.gap ? 0 : given.size,
          programDateTimeMs: Date.UTC(2026, 4, 1) + this.manifest.nextPartId * 777.3,
        });
        this.#isSettled = true;
        break;
      case "discontinuity":
        manifest.discontinuity();
        break;
      case "init":
        // Text has none.
        if (this.#hasInit) manifest.setInit(manifest.nextPartId);
        break;
      case "resume":
        manifest.resume(`e${manifest.nextPartId}`);
        break;
      case "keys":
        manifest.setKeys(given.keys);
        break;
      case "drop": {
        const { firstListedPartId, nextPartId } = manifest;
        manifest.dropBefore(Math.floor(firstListedPartId + (nextPartId - firstListedPartId) * given.share ** 3));
        break;
      }
      default: {
        const { dvrFirstMsn, firstMsn } = manifest;
        manifest.forgetBefore(Math.floor(dvrFirstMsn + (firstMsn - dvrFirstMsn) * given.share));
      }
    }
  }

  #add(info: PartInfo): void {
    const { opens, flags } = this.manifest.addPart(info);
    if (opens !== undefined) this.#records.push({ opens, durationsMs: [], sizesBytes: [], flags: [] });
    const record = this.#records.at(-1);
    record?.durationsMs.push(info.durationMs);
    record?.sizesBytes.push(info.sizeBytes);
    record?.flags.push(flags);
  }
}

function optionsOf(given: Scenario): ManifestOptions {
  const { partTargetMs, targetDurationMs, segmentMinShare, before: _, after: __, ...rest } = given;
  const segmentMinMs = segmentMinShare * targetDurationMs;
  return { ...rest, partTargetMs, targetDurationMs, segmentMinMs, wallMs: () => Date.UTC(2026, 4, 1) };
}

/** Everything that a manifest says. */
function saidBy(manifest: M3u8Manifest) {
  const text = (chunks: readonly Uint8Array[] | undefined) => chunks && textOf(chunks);
  const segments = [];
  for (let msn = manifest.dvrFirstMsn; msn <= manifest.lastMsn; msn++) segments.push(manifest.segment(msn));
  const { position, reportPosition, nextPartId, firstMsn, lastMsn, dvrFirstMsn, dvrDurationMs } = manifest;
  const { segmentWallMs, endWallMs, firstListedPartId, nextDiscontinuitySequence, sessionKeys } = manifest;
  return {
    full: text(manifest.render()),
    delta: text(manifest.renderDelta()),
    dvr: text(manifest.renderDvr()),
    dvrDelta: text(manifest.renderDvrDelta()),
    segments,
    ...{ position, reportPosition, nextPartId, firstMsn, lastMsn, dvrFirstMsn, dvrDurationMs },
    ...{ segmentWallMs, endWallMs, firstListedPartId, nextDiscontinuitySequence, sessionKeys },
  };
}

describe("restoreManifest()", () => {
  test("rules 28 and 32: rebuilds what was recorded digit for digit, and goes on as if nothing had been", () => {
    let restored = 0;
    fc.assert(
      fc.property(scenario, (given) => {
        const recording = new Recording(new M3u8Manifest(optionsOf(given)), given);
        for (const one of given.before) recording.take(one);
        // What is pending is sent again by its producer; here a part makes it last.
        if (!recording.isSettled) recording.take({ do: "part", share: 1, independent: true, gap: false, size: 1 });
        const { manifest, segments } = recording;
        const again = restoreManifest(optionsOf(given), { segments, liveMsn: manifest.firstMsn });
        expect(saidBy(again)).toEqual(saidBy(manifest));
        if (segments.length > 0) restored++;

        const other = new Recording(again, given);
        for (const one of given.after) {
          if (manifest.position === undefined) break;
          for (const each of [recording, other]) each.take(one);
          if (one.do === "discontinuity" || one.do === "resume") continue;
          expect(saidBy(again)).toEqual(saidBy(manifest));
        }
        const since = again.stats.dependentSegments + again.stats.shortParts;
        expect(since).toBeLessThanOrEqual(manifest.stats.dependentSegments + manifest.stats.shortParts);
      }),
      { numRuns: 60 },
    );
    expect(restored).toBeGreaterThan(30);
  });

  test("the text of what begins the DVR window does not depend on what stood before it", () => {
    const options = { partTargetMs: 500, targetDurationMs: 2000, maxSegments: 3, dvr: true };
    const recording = new Recording(new M3u8Manifest(options), { partTargetMs: 500, container: "mp4" });
    const segment = () => {
      for (let i = 0; i < 4; i++) recording.take({ do: "part", share: 1, independent: i === 0, gap: false, size: 1 });
    };
    recording.take({ do: "keys", keys: [{ method: "AES-128", uri: "key-1" }] });
    segment();
    recording.take({ do: "discontinuity" });
    recording.take({ do: "init" });
    recording.take({ do: "keys", keys: [{ method: "AES-128", uri: "key-2" }] });
    for (let i = 0; i < 9; i++) segment();
    recording.manifest.forgetBefore(2);
    const again = restoreManifest(options, { segments: recording.segments, liveMsn: recording.manifest.firstMsn });
    expect(textOf(again.renderDvr())).toBe(textOf(recording.manifest.renderDvr()));
    expect(textOf(again.renderDvr())).toContain("#EXT-X-DISCONTINUITY\n#EXT-X-KEY:METHOD=NONE\n#EXT-X-MAP");
  });

  const record: SegmentRecord = {
    msn: 5,
    epoch: "a",
    firstPartId: 10,
    startMs: 0,
    wallOffsetMs: 0,
    discontinuity: false,
    discontinuitySequence: 0,
    initIndex: 0,
    initEpoch: "a",
    keys: [],
    durationsMs: [500, 500],
    sizesBytes: [1, 1],
    flags: [1, 0],
  };
  test.each<[string, readonly SegmentRecord[]]>([
    ["a hole", [record, { ...record, msn: 7, firstPartId: 12 }]],
    ["ids twice", [record, { ...record, msn: 6, firstPartId: 11 }]],
    ["no part", [{ ...record, durationsMs: [], sizesBytes: [], flags: [] }]],
    ["columns of different length", [{ ...record, flags: [1] }]],
    ["a duration that is no number", [{ ...record, durationsMs: [500, Number.NaN] }]],
    ["a date that is none", [record, { ...record, msn: 6, firstPartId: 12, wallOffsetMs: Number.NaN }]],
  ])("records with %s are refused", (_, segments) => {
    expect(() => restoreManifest({}, { segments, liveMsn: 5 })).toThrow(
      expect.objectContaining({ code: "invalid-option" }),
    );
  });

  test("without a record it is a manifest that begins", () => {
    const manifest = restoreManifest({}, { segments: [], liveMsn: 5 });
    expect(manifest.position).toBeUndefined();
    expect(textOf(manifest.render())).toBe(textOf(new M3u8Manifest().render()));
    expect(manifest.addPart({ durationMs: 500, independent: true, sizeBytes: 1 })).toMatchObject({ msn: 1, id: 0 });
  });
});
