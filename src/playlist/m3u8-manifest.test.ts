import { describe, expect, test } from "vitest";
import { M3u8Manifest } from "./m3u8-manifest.ts";
import type { ManifestOptions } from "./manifest-options.ts";
import type { PartInfo } from "./manifest-types.ts";
import { type ParsedPlaylist, parsePlaylist, textOf } from "./test-support/parse-playlist.ts";
import { lintPlaylists } from "./test-support/playlist-lint.ts";

const START_MS = Date.UTC(2026, 4, 1, 12);

/** Half-second parts, two-second segments. */
function manifestOf(options: ManifestOptions = {}): M3u8Manifest {
  return new M3u8Manifest({
    partTargetMs: 500,
    targetDurationMs: 2000,
    segmentMinMs: 1500,
    wallMs: () => START_MS,
    ...options,
  });
}

function partOf(info: Partial<PartInfo> = {}): PartInfo {
  return { durationMs: 500, independent: false, sizeBytes: 1000, ...info };
}

/** Adds parts of which each `gop`th is independent. */
function addParts(manifest: M3u8Manifest, count: number, gop = 4): void {
  for (let i = 0; i < count; i++) manifest.addPart(partOf({ independent: i % gop === 0 }));
}

function read(manifest: M3u8Manifest): ParsedPlaylist {
  const playlist = manifest.render();
  expect(lintPlaylists([playlist])).toEqual([]);
  return parsePlaylist(playlist);
}

function codeOf(action: () => unknown): unknown {
  try {
    action();
  } catch (thrown) {
    return (thrown as { code?: unknown }).code;
  }
  return undefined;
}

describe("the text of a playlist", () => {
  test("rules 1 to 12, 17, 20, 34, 38 and 43: header, segments, open parts, hint and reports, in this order", () => {
    const manifest = manifestOf({ epoch: "k3" });
    addParts(manifest, 18);
    manifest.setReports([{ uri: "../low/media.m3u8", lastMsn: 5, lastPart: 1 }]);
    expect(textOf(manifest.render()).split("\n")).toEqual([
      "#EXTM3U",
      "#EXT-X-VERSION:6",
      "#EXT-X-TARGETDURATION:2",
      "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.00000,PART-HOLD-BACK=1.50000,HOLD-BACK=6.00000",
      "#EXT-X-PART-INF:PART-TARGET=0.50000",
      "#EXT-X-MEDIA-SEQUENCE:1",
      "#EXT-X-DISCONTINUITY-SEQUENCE:0",
      '#EXT-X-MAP:URI="k3/init-0.mp4"',
      "#EXT-X-PROGRAM-DATE-TIME:2026-05-01T11:59:59.500Z",
      "#EXTINF:2.00000,",
      "k3/seg-1.mp4",
      ...[2, 3, 4].flatMap((msn) => [
        `#EXT-X-PROGRAM-DATE-TIME:2026-05-01T12:00:0${msn * 2 - 3}.500Z`,
        ...[0, 1, 2, 3].map((part) => {
          const independent = part === 0 ? ",INDEPENDENT=YES" : "";
          return `#EXT-X-PART:DURATION=0.50000,URI="k3/part-${(msn - 1) * 4 + part}.mp4"${independent}`;
        }),
        "#EXTINF:2.00000,",
        `k3/seg-${msn}.mp4`,
      ]),
      "#EXT-X-PROGRAM-DATE-TIME:2026-05-01T12:00:07.500Z",
      '#EXT-X-PART:DURATION=0.50000,URI="k3/part-16.mp4",INDEPENDENT=YES',
      '#EXT-X-PART:DURATION=0.50000,URI="k3/part-17.mp4"',
      '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="k3/part-18.mp4"',
      '#EXT-X-RENDITION-REPORT:URI="../low/media.m3u8",LAST-MSN=5,LAST-PART=1',
      "",
    ]);
  });

  test("the same bytes come back until something changes, and never change themselves", () => {
    const manifest = manifestOf();
    addParts(manifest, 30);
    const [full, delta] = [manifest.render(), manifest.renderDelta()];
    const [fullText, deltaText] = [textOf(full), textOf(delta ?? "")];
    expect(manifest.render()).toBe(full);
    expect(manifest.renderDelta()).toBe(delta);
    addParts(manifest, 300);
    expect(manifest.render()).not.toBe(full);
    expect([textOf(full), textOf(delta ?? "")]).toEqual([fullText, deltaText]);
  });

  test("rules 11 and 14: a part target that decimals cannot hold is rounded up, and no part is listed as longer", () => {
    const manifest = manifestOf({ partTargetMs: 1000 / 3 });
    for (let i = 0; i < 200; i++) manifest.addPart(partOf({ durationMs: 1000 / 3, independent: i % 6 === 0 }));
    const { partTarget, control, segments } = read(manifest);
    expect(partTarget).toBe(33_334);
    expect(control.get("PART-HOLD-BACK")).toBe("1.00002");
    // 18: the sum of the parts is the EXTINF, and neither drifts from the media.
    expect(segments.map((segment) => segment.ticks)).toEqual(segments.map(() => 200_000));
  });

  test("rule 14: rounding in the sample clock neither refuses a part nor lists it as longer", () => {
    const manifest = manifestOf();
    for (let i = 0; i < 100; i++) manifest.addPart(partOf({ durationMs: 500.0009, independent: i % 4 === 0 }));
    expect(read(manifest).segments.at(-1)?.ticks).toBe(200_000);
  });

  test("rule 34: PROGRAM-DATE-TIME follows the media exactly over a long time, not the clock", () => {
    const manifest = manifestOf({ partTargetMs: 1000 / 3 });
    manifest.addPart(partOf({ durationMs: 1000 / 3, independent: true, programDateTimeMs: START_MS }));
    for (let i = 1; i <= 60_000; i++) {
      const independent = i % 6 === 0;
      manifest.addPart(partOf({ durationMs: 1000 / 3, independent, programDateTimeMs: START_MS + i * 400 }));
    }
    expect(read(manifest).open?.programDateTime).toBe(new Date(START_MS + 20_000_000).toISOString());
  });
});

describe("parts", () => {
  test("take positions and ids in order, and an independent one opens a segment once the open one is long enough", () => {
    const manifest = manifestOf({ firstMsn: 7, firstPartId: 100 });
    const placements = [true, false, true, false, true].map((independent) => manifest.addPart(partOf({ independent })));
    expect(placements).toMatchObject([
      { msn: 7, part: 0, id: 100, opensSegment: true, flags: 1, opens: { msn: 7, firstPartId: 100, startMs: 0 } },
      { msn: 7, part: 1, id: 101, opensSegment: false, flags: 0 },
      { msn: 7, part: 2, id: 102, opensSegment: false, flags: 1 }, // 1000 ms so far
      { msn: 7, part: 3, id: 103, opensSegment: false, flags: 0 },
      { msn: 8, part: 0, id: 104, opensSegment: true, flags: 1, closedMsn: 7, opens: { msn: 8, startMs: 2000 } },
    ]);
    expect(placements.map(({ opens }) => opens !== undefined)).toEqual([true, false, false, false, true]);
    expect(manifest.position).toEqual({ msn: 8, part: 0 });
    expect([manifest.nextPartId, manifest.firstMsn, manifest.lastMsn]).toEqual([105, 7, 8]);
  });

  test("rule 4: a segment closes before its rounded EXTINF exceeds the target duration, even without an independent part", () => {
    const manifest = manifestOf({ partTargetMs: 499 });
    for (let i = 0; i < 12; i++) manifest.addPart(partOf({ durationMs: 499, independent: i === 0 }));
    expect(read(manifest).segments.map((segment) => segment.ticks)).toEqual([249_500, 249_500]); // 2.495 rounds to 2
    expect(manifest.stats.dependentSegments).toBe(2);
    const atHalf = manifestOf();
    for (let i = 0; i < 6; i++) atHalf.addPart(partOf({ independent: i === 0 }));
    expect(read(atHalf).segments.map((segment) => segment.ticks)).toEqual([200_000]); // 2.5 would round to 3
  });

  test("an independent part that comes exactly at segmentMinMs opens a segment, whatever rounding makes of its time", () => {
    const manifest = manifestOf({ partTargetMs: 1000 / 3, segmentMinMs: 2000, targetDurationMs: 4000 });
    manifest.addPart(partOf({ durationMs: 333.325, independent: true })); // what follows starts between two ticks
    manifest.discontinuity();
    for (let i = 0; i < 600; i++) manifest.addPart(partOf({ durationMs: 1000 / 3, independent: i % 6 === 0 }));
    expect(manifest.lastMsn).toBe(101);
    expect(manifest.segment(100)?.partCount).toBe(6);
  });

  test("a segment closes when it has as many parts as it may hold", () => {
    const manifest = manifestOf({ maxPartsPerSegment: 3 });
    addParts(manifest, 7, 100);
    expect([1, 2, 3].map((msn) => manifest.segment(msn)?.partCount)).toEqual([3, 3, 1]);
  });

  test("rule 14: a part over the part target is refused by name, and nothing has changed", () => {
    const manifest = manifestOf();
    addParts(manifest, 3);
    const before = manifest.render();
    expect(() => manifest.addPart(partOf({ durationMs: 500.01 }))).toThrowError(/500 ms.*500\.01 ms/);
    expect(codeOf(() => manifest.addPart(partOf({ durationMs: 500.01 })))).toBe("part-too-long");
    expect(manifest.render()).toBe(before);
    expect(manifest.nextPartId).toBe(3);
  });

  test.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("a part of %s ms is refused", (durationMs) => {
    const manifest = manifestOf();
    expect(codeOf(() => manifest.addPart(partOf({ durationMs })))).toBe("invalid-option");
    expect(codeOf(() => manifest.addPart(partOf({ programDateTimeMs: durationMs === 0.5 ? 1e18 : Number.NaN })))).toBe(
      "invalid-option",
    );
    expect(manifest.position).toBeUndefined();
  });

  test("rule 15: short parts count unless independent, a gap, before a gap, or the last of their parent", () => {
    const manifest = manifestOf();
    const short = { durationMs: 400 };
    manifest.addPart(partOf({ ...short, independent: true }));
    manifest.addPart(partOf(short)); // before a gap
    manifest.addPart(partOf({ ...short, gap: true }));
    manifest.addPart(partOf(short)); // the last of its parent
    manifest.addPart(partOf({ independent: true }));
    expect(manifest.stats.shortParts).toBe(0);
    manifest.addPart(partOf(short));
    manifest.addPart(partOf());
    expect(manifest.stats.shortParts).toBe(1);
    expect(lintPlaylists([manifest.render()])).toEqual([expect.stringContaining("rule 15")]); // the checker sees it too
    manifest.addPart(partOf(short));
    manifest.end();
    expect(manifest.stats.shortParts).toBe(1);
  });

  test("rule 25: a missing part is a GAP that takes an id, and a segment of nothing else is an EXT-X-GAP", () => {
    const manifest = manifestOf();
    addParts(manifest, 3);
    for (let i = 0; i < 8; i++) manifest.addPart(partOf({ gap: true, independent: true, sizeBytes: 0 }));
    const { segments, open } = read(manifest);
    // A gap holds no frame, so it does not open a segment as an independent part would.
    expect(segments.map((segment) => segment.gap)).toEqual([false, true]);
    expect(segments[1]?.parts.map(({ gap, independent }) => ({ gap, independent }))).toEqual(
      [1, 2, 3, 4].map(() => ({ gap: true, independent: false })),
    );
    expect(open?.parts).toHaveLength(3);
    expect(manifest.segment(2)).toMatchObject({ gap: true, sizeBytes: 0, firstPartId: 4 });
    expect(manifest.segment(1)).toMatchObject({ gap: false, sizeBytes: 3000, partCount: 4 });
  });
});

describe("changes in the media", () => {
  test("rules 17, 29 and 33: a discontinuity opens a segment, stands before its first part and sets the date anew", () => {
    const manifest = manifestOf();
    addParts(manifest, 2);
    manifest.discontinuity();
    manifest.discontinuity(); // twice is once
    expect(manifest.nextDiscontinuitySequence).toBe(1);
    manifest.addPart(partOf({ programDateTimeMs: START_MS + 60_000 }));
    const { open } = read(manifest);
    expect(open).toMatchObject({ msn: 2, discontinuity: true, programDateTime: "2026-05-01T12:01:00.000Z" });
    expect(manifest.nextDiscontinuitySequence).toBe(1);
  });

  test("a discontinuity before the first part has nothing to lie between", () => {
    const manifest = manifestOf({ discontinuitySequence: 4 });
    manifest.discontinuity();
    addParts(manifest, 1);
    expect(read(manifest)).toMatchObject({ discontinuitySequence: 4, open: { discontinuity: false } });
  });

  test("rules 6 and 41: a new init segment is hinted, then opens a segment and is in effect from there", () => {
    const manifest = manifestOf();
    manifest.setInit(3);
    addParts(manifest, 2);
    const before = manifest.render();
    manifest.setInit(4);
    const hinted = manifest.render();
    addParts(manifest, 2);
    const after = manifest.render();
    expect(lintPlaylists([before, hinted, after])).toEqual([]);
    expect(parsePlaylist(hinted).hints.map((hint) => hint.get("URI"))).toEqual(["0/init-4.mp4", "0/part-2.mp4"]);
    expect(parsePlaylist(after)).toMatchObject({
      segments: [{ msn: 1, map: "0/init-3.mp4" }],
      open: { msn: 2, map: "0/init-4.mp4", discontinuity: false },
    });
    expect([1, 2].map((msn) => manifest.segment(msn)?.initUri)).toEqual(["0/init-3.mp4", "0/init-4.mp4"]);
  });

  test("going back to the init segment in effect takes the hint back", () => {
    const manifest = manifestOf();
    addParts(manifest, 1);
    manifest.setInit(1);
    manifest.setInit(0);
    expect(read(manifest).hints).toHaveLength(1);
    expect(manifest.addPart(partOf()).opensSegment).toBe(false);
  });

  test("rule 48: the MAP in effect is stated for the first listed segment, wherever it came from", () => {
    const manifest = manifestOf({ maxSegments: 4 });
    addParts(manifest, 4);
    manifest.setInit(1);
    for (let i = 0; i < 20; i++) {
      addParts(manifest, 4);
      expect(read(manifest).segments.at(-1)?.map).toBe(i === 0 ? "0/init-0.mp4" : "0/init-1.mp4");
      const stated = textOf(manifest.render()).match(/#EXT-X-MAP/g);
      expect(stated).toHaveLength(manifest.firstMsn === 1 ? 2 : 1);
    }
  });
});

describe("the window", () => {
  test("rules 22, 27 and 30: the oldest segments leave one by one, but never what three target durations need", () => {
    const manifest = manifestOf({ maxSegments: 2 });
    const rendered: (readonly Uint8Array[])[] = [];
    for (let i = 0; i < 40; i++) {
      addParts(manifest, 4);
      rendered.push(manifest.render());
    }
    expect(lintPlaylists(rendered)).toEqual([]);
    expect(manifest.closedSegmentCount).toBe(3); // 6 s of closed segments
    expect(manifest.firstMsn).toBe(manifest.lastMsn - 3);
    expect(manifest.listedDurationMs).toBe(8000);
    const allowed = manifestOf({ maxSegments: 5 });
    addParts(allowed, 400);
    expect(allowed.closedSegmentCount).toBe(5);
  });

  test("rule 31: a removed segment is known for its own duration and that of the longest playlist, then forgotten", () => {
    const manifest = manifestOf({ maxSegments: 4 });
    addParts(manifest, 4 * 5 + 1); // five closed: the first has just left
    expect(manifest.firstMsn).toBe(2);
    const removedAtMs = 10_500;
    const longestMs = 10_500; // five segments and a part
    let mediaMs = removedAtMs;
    while (manifest.segment(1) !== undefined) {
      expect(mediaMs - removedAtMs).toBeLessThanOrEqual(2000 + longestMs);
      manifest.addPart(partOf({ independent: (mediaMs / 500) % 4 === 0 }));
      mediaMs += 500;
    }
    expect(mediaMs - removedAtMs).toBeGreaterThan(2000 + longestMs);
    expect(manifest.segment(2)).toBeDefined();
  });

  test("a window that runs for long keeps only what must be fetchable", () => {
    const manifest = manifestOf({ maxSegments: 4 });
    addParts(manifest, 40_000);
    let known = 0;
    for (let msn = 1; msn <= manifest.lastMsn; msn++) if (manifest.segment(msn) !== undefined) known++;
    expect(known).toBeLessThan(14);
  });

  test("rules 27 and 29: what the ring has dropped leaves the list whole, with its discontinuities", () => {
    const manifest = manifestOf();
    addParts(manifest, 4);
    manifest.discontinuity();
    addParts(manifest, 8);
    const before = manifest.render();
    manifest.dropBefore(0);
    expect(manifest.render()).toBe(before);
    manifest.dropBefore(5); // the second segment holds part 4
    const after = manifest.render();
    expect(lintPlaylists([before, after])).toEqual([]);
    expect(parsePlaylist(after)).toMatchObject({ mediaSequence: 3, discontinuitySequence: 1 });
    expect(manifest.firstListedPartId).toBe(8);
    expect(manifest.nextDiscontinuitySequence).toBe(1);
    manifest.dropBefore(1000); // the open segment stays
    expect(read(manifest)).toMatchObject({ mediaSequence: 3, segments: [], open: { msn: 3 } });
    addParts(manifest, 9);
    expect(lintPlaylists([after, manifest.render()])).toEqual([]);
  });
});

describe("delta updates", () => {
  test("rules 46, 47 and 48: skips exactly the segments that end further from the end than CAN-SKIP-UNTIL", () => {
    const manifest = manifestOf();
    addParts(manifest, 28); // 14 s: the first segment ends 12 s before the end, which is not further
    expect(manifest.renderDelta()).toBeUndefined();
    manifest.addPart(partOf({ durationMs: 425, independent: true }));
    const lines = textOf(manifest.renderDelta() ?? "").split("\n");
    expect(lines.slice(0, 11)).toEqual([
      "#EXTM3U",
      "#EXT-X-VERSION:9",
      "#EXT-X-TARGETDURATION:2",
      "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.00000,PART-HOLD-BACK=1.50000,HOLD-BACK=6.00000",
      "#EXT-X-PART-INF:PART-TARGET=0.50000",
      "#EXT-X-MEDIA-SEQUENCE:1",
      "#EXT-X-DISCONTINUITY-SEQUENCE:0",
      "#EXT-X-SKIP:SKIPPED-SEGMENTS=1",
      '#EXT-X-MAP:URI="0/init-0.mp4"',
      "#EXT-X-PROGRAM-DATE-TIME:2026-05-01T12:00:01.500Z",
      "#EXTINF:2.00000,",
    ]);
  });

  test("rule 45: there is none once the playlist has ended", () => {
    const manifest = manifestOf();
    addParts(manifest, 100);
    expect(manifest.renderDelta()).toBeDefined();
    manifest.end();
    expect(manifest.renderDelta()).toBeUndefined();
  });

  test("segments the ring has dropped are not skipped but gone", () => {
    const manifest = manifestOf();
    addParts(manifest, 100);
    manifest.dropBefore(73);
    expect(manifest.renderDelta()).toBeUndefined();
    expect(read(manifest).mediaSequence).toBe(20);
  });
});

describe("the end", () => {
  test("rule 37: closes the open segment, with ENDLIST and without a hint", () => {
    const manifest = manifestOf();
    addParts(manifest, 6);
    manifest.setInit(1); // comes to nothing
    manifest.end();
    manifest.end();
    expect(read(manifest)).toMatchObject({ ended: true, hints: [], open: undefined });
    expect(manifest.closedSegmentCount).toBe(2);
    expect(manifest.segment(2)).toMatchObject({ closed: true, durationMs: 1000 });
    expect(manifest.position).toEqual({ msn: 2, part: 1 });
  });

  test("nothing is taken after it, but the ring may still drop", () => {
    const manifest = manifestOf();
    addParts(manifest, 6);
    manifest.end();
    expect(codeOf(() => manifest.addPart(partOf()))).toBe("stream-ended");
    expect(codeOf(() => manifest.discontinuity())).toBe("stream-ended");
    expect(codeOf(() => manifest.setInit(2))).toBe("stream-ended");
    manifest.dropBefore(1000);
    expect(read(manifest)).toMatchObject({ mediaSequence: 3, segments: [], ended: true });
  });

  test("an empty playlist ends too", () => {
    const manifest = manifestOf();
    expect(read(manifest)).toMatchObject({ segments: [], ended: false });
    expect([manifest.position, manifest.lastMsn, manifest.closedSegmentCount]).toEqual([undefined, 0, 0]);
    manifest.end();
    expect(read(manifest).ended).toBe(true);
  });
});

describe("reports", () => {
  test("a report names no part of a segment that no list has any more", () => {
    const manifest = new M3u8Manifest({ partTargetMs: 500, targetDurationMs: 1000, maxPartsPerSegment: 2 });
    for (let n = 0; n < 3; n++) manifest.addPart({ durationMs: 500, independent: n === 0, sizeBytes: 1 });
    expect(manifest.reportPosition).toEqual({ msn: 1, part: 1 });
    manifest.dropBefore(2);
    expect(manifest.firstMsn).toBe(2);
    expect(manifest.reportPosition).toEqual({ msn: 2, part: 0 });
  });

  test("rule 68: a first part is reported as the last part of the segment before", () => {
    const manifest = manifestOf();
    expect(manifest.reportPosition).toBeUndefined();
    addParts(manifest, 1);
    expect(manifest.reportPosition).toEqual({ msn: 1, part: 0 }); // there is no other
    addParts(manifest, 1);
    expect(manifest.reportPosition).toEqual({ msn: 1, part: 1 });
    addParts(manifest, 2);
    manifest.addPart(partOf({ independent: true }));
    expect(manifest.reportPosition).toEqual({ msn: 1, part: 3 });
  });

  test("rule 43: a report that has not changed costs no new text, and a URI cannot break out of its quotes", () => {
    const manifest = manifestOf();
    addParts(manifest, 1);
    const reports = [{ uri: "../low/media.m3u8", lastMsn: 5, lastPart: 1 }];
    manifest.setReports(reports);
    const before = manifest.render();
    manifest.setReports([...reports]);
    expect(manifest.render()).toBe(before);
    expect(codeOf(() => manifest.setReports([{ uri: 'a"\n#EXT', lastMsn: 1, lastPart: 1 }]))).toBe("invalid-option");
  });
});

describe("options", () => {
  test.each<ManifestOptions>([
    { partTargetMs: 2001 },
    { partTargetMs: 0 },
    { targetDurationMs: 0 },
    { segmentMinMs: 2001 },
    { maxSegments: 0 },
    { maxPartsPerSegment: 1.5 },
    { epoch: "../x" },
    { firstMsn: 0 }, // rule 68
    { firstPartId: -1 },
    { discontinuitySequence: Number.NaN },
  ])("%o is refused", (options) => {
    expect(codeOf(() => manifestOf(options))).toBe("invalid-option");
  });

  test("the target duration is rounded up to whole seconds", () => {
    expect(read(manifestOf({ targetDurationMs: 2001 })).targetDurationS).toBe(3);
  });
});
