import { describe, expect, test } from "vitest";
import { M3u8Manifest } from "./m3u8-manifest.ts";
import type { ManifestOptions } from "./manifest-options.ts";
import { mergeDelta, parsePlaylist, textOf } from "./test-support/parse-playlist.ts";
import { lintPlaylists } from "./test-support/playlist-lint.ts";

const START_MS = Date.UTC(2026, 4, 1, 12);

/** Half-second parts, two-second segments, and a live list of four of them. */
function manifestOf(options: ManifestOptions = {}): M3u8Manifest {
  return new M3u8Manifest({
    partTargetMs: 500,
    targetDurationMs: 2000,
    maxSegments: 4,
    dvr: true,
    wallMs: () => START_MS,
    ...options,
  });
}

function addSegments(manifest: M3u8Manifest, count: number): void {
  for (let i = 0; i < count * 4; i++) manifest.addPart({ durationMs: 500, independent: i % 4 === 0, sizeBytes: 1000 });
}

describe("the DVR list", () => {
  test("keeps what leaves the live list, until it is forgotten", () => {
    const manifest = manifestOf();
    addSegments(manifest, 20);
    expect([manifest.firstMsn, manifest.dvrFirstMsn]).toEqual([16, 1]);
    expect([manifest.dvrSegmentCount, manifest.dvrDurationMs]).toEqual([19, 40_000]);
    const before = manifest.renderDvr();
    manifest.forgetBefore(11);
    expect([manifest.firstMsn, manifest.dvrFirstMsn]).toEqual([16, 11]);
    expect([manifest.dvrSegmentCount, manifest.dvrDurationMs]).toEqual([9, 20_000]);
    const after = manifest.renderDvr();
    expect(lintPlaylists([before, after])).toEqual([]);
    expect(parsePlaylist(after)).toMatchObject({ mediaSequence: 11, segments: { length: 9 } });
    expect(parsePlaylist(manifest.render())).toMatchObject({ mediaSequence: 16, segments: { length: 4 } });
  });

  test("never loses what the live list has", () => {
    const manifest = manifestOf();
    addSegments(manifest, 20);
    manifest.forgetBefore(1000);
    expect(manifest.dvrFirstMsn).toBe(16);
    expect(parsePlaylist(manifest.renderDvr()).mediaSequence).toBe(16);
  });

  test("holds its window when the live list loses segments for want of memory", () => {
    const manifest = manifestOf({ maxSegments: 100 });
    addSegments(manifest, 20);
    manifest.dropBefore(manifest.nextPartId - 2);
    expect([manifest.firstMsn, manifest.dvrFirstMsn]).toEqual([20, 1]);
    // The live list is shorter than what stands with its parts and what no delta skips; the DVR list is not.
    const [dvr, live] = [parsePlaylist(manifest.renderDvr()), parsePlaylist(manifest.render())];
    expect(live.segments).toEqual([]);
    expect(dvr.segments.filter(({ parts }) => parts.length > 0).map(({ msn }) => msn)).toEqual([17, 18, 19]);
    expect(manifest.renderDelta()).toBeUndefined();
    expect(parsePlaylist(manifest.renderDvrDelta() ?? "").skipped).toBe(13);
  });

  test("rules 47 and 50: its delta skips from its own first segment, and costs what it holds", () => {
    const manifest = manifestOf();
    addSegments(manifest, 100);
    const full = parsePlaylist(manifest.renderDvr());
    addSegments(manifest, 1);
    const chunks = manifest.renderDvrDelta() ?? [];
    const delta = parsePlaylist(chunks);
    expect([delta.mediaSequence, delta.skipped, delta.segments.length]).toEqual([1, 94, 6]);
    const now = parsePlaylist(manifest.renderDvr());
    expect(mergeDelta(full, delta)).toEqual([...now.segments, now.open]);
    expect(textOf(chunks).length).toBeLessThan(3000);
  });

  test("rules 29 and 48: discontinuities, init segments and keys before its first segment are its own", () => {
    const manifest = manifestOf();
    addSegments(manifest, 2);
    manifest.discontinuity();
    manifest.setInit(1);
    manifest.setKeys([{ method: "SAMPLE-AES", uri: "skd://a" }]);
    addSegments(manifest, 20);
    manifest.discontinuity();
    addSegments(manifest, 20);
    const [dvr, live] = [parsePlaylist(manifest.renderDvr()), parsePlaylist(manifest.render())];
    expect([dvr.discontinuitySequence, live.discontinuitySequence]).toEqual([0, 2]);
    expect([dvr.segments[0]?.map, dvr.segments[2]?.map, live.segments[0]?.map]).toEqual([
      "0/init-0.mp4",
      "0/init-1.mp4",
      "0/init-1.mp4",
    ]);
    expect([dvr.segments[0]?.keys.length, dvr.segments[2]?.keys.length, live.segments[0]?.keys.length]).toEqual([
      0, 1, 1,
    ]);
    manifest.forgetBefore(10);
    const later = parsePlaylist(manifest.renderDvr());
    expect([later.mediaSequence, later.discontinuitySequence, later.segments[0]?.map]).toEqual([10, 1, "0/init-1.mp4"]);
    expect(later.segments[0]?.keys.length).toBe(1);
  });

  test("rule 36: has no type while it slides, and is a recording once it has ended", () => {
    const manifest = manifestOf();
    addSegments(manifest, 10);
    expect(textOf(manifest.renderDvr())).not.toContain("PLAYLIST-TYPE");
    manifest.end();
    expect(parsePlaylist(manifest.renderDvr())).toMatchObject({ ended: true, segments: { length: 10 } });
    expect(textOf(manifest.renderDvr())).toContain("#EXT-X-PLAYLIST-TYPE:VOD\n");
    expect(textOf(manifest.render())).not.toContain("PLAYLIST-TYPE");
    expect(manifest.renderDvrDelta()).toBeUndefined();
  });

  test("rule 35: date ranges stay in it after they left the live list", () => {
    const manifest = manifestOf({ canSkipDateRanges: true });
    addSegments(manifest, 1);
    manifest.addDateRange({ id: "ad", startDate: START_MS, durationMs: 1000 });
    addSegments(manifest, 20);
    const idsOf = (playlist: readonly Uint8Array[]) =>
      parsePlaylist(playlist).dateRanges.map((range) => range.get("ID"));
    expect([idsOf(manifest.render()), idsOf(manifest.renderDvr())]).toEqual([[], ["ad"]]);
    const update = { id: "ad", startDate: START_MS + 1, durationMs: 1000 };
    expect(() => manifest.addDateRange(update)).toThrow(expect.objectContaining({ code: "conflict" }));
    manifest.forgetBefore(5);
    expect(idsOf(manifest.renderDvr())).toEqual([]);
    expect(parsePlaylist(manifest.renderDvrDeltaV2() ?? "").removedDateRanges).toEqual(["ad"]);
  });

  test("reports on other DVR lists, which are not those of the live list", () => {
    const manifest = manifestOf();
    addSegments(manifest, 2);
    manifest.setReports([{ uri: "../low/media.m3u8", lastMsn: 2, lastPart: 3 }]);
    manifest.setDvrReports([{ uri: "../low/dvr.m3u8", lastMsn: 2, lastPart: 3 }]);
    const uriOf = (playlist: readonly Uint8Array[]) => parsePlaylist(playlist).reports[0]?.get("URI");
    expect([uriOf(manifest.render()), uriOf(manifest.renderDvr())]).toEqual(["../low/media.m3u8", "../low/dvr.m3u8"]);
  });

  test("rule 31: a segment that was forgotten is known for its own duration and that of the window", () => {
    const manifest = manifestOf();
    addSegments(manifest, 20);
    manifest.forgetBefore(2);
    addSegments(manifest, 20);
    expect(manifest.segment(1)).toBeDefined();
    addSegments(manifest, 30); // longer than the window was: the window has grown meanwhile
    expect(manifest.segment(1)).toBeDefined();
    manifest.forgetBefore(60);
    addSegments(manifest, 200);
    expect(manifest.segment(1)).toBeUndefined();
    expect(manifest.segment(60)).toBeDefined();
  });

  test("holds 100,000 segments at most, though nobody forgets any", () => {
    const manifest = manifestOf({ segmentMinMs: 0 });
    for (let i = 0; i < 100_050; i++) manifest.addPart({ durationMs: 500, independent: true, sizeBytes: 1 });
    expect([manifest.dvrSegmentCount, manifest.dvrFirstMsn]).toEqual([100_000, 50]);
  });

  test("without one it is the live list", () => {
    const manifest = manifestOf({ dvr: false });
    addSegments(manifest, 20);
    manifest.forgetBefore(1000);
    expect([manifest.dvrFirstMsn, manifest.dvrSegmentCount]).toEqual([manifest.firstMsn, 4]);
    expect(textOf(manifest.renderDvr())).toBe(textOf(manifest.render()));
    expect(textOf(manifest.renderDvrDelta() ?? "")).toBe(textOf(manifest.renderDelta() ?? ""));
  });
});
