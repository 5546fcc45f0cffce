import { expect, test } from "vitest";
import { M3u8Manifest } from "../m3u8-manifest.ts";
import { textOf } from "./parse-playlist.ts";
import { lintPlaylists } from "./playlist-lint.ts";

/** Three closed segments and an open one of two parts, with the init segment changed after the first. */
function playlistOf(partCount = 14): string {
  const manifest = new M3u8Manifest({ partTargetMs: 500, targetDurationMs: 2000, wallMs: () => 1_777_636_800_000 });
  for (let i = 0; i < partCount; i++) {
    if (i === 4) manifest.setInit(1);
    if (i === 8) manifest.discontinuity();
    manifest.addPart({ durationMs: 500, independent: i % 4 === 0, sizeBytes: 1 });
  }
  manifest.setReports([{ uri: "../b/media.m3u8", lastMsn: 4, lastPart: 1 }]);
  return textOf(manifest.render());
}

function rulesOf(...playlists: readonly string[]): number[] {
  const rules = lintPlaylists(playlists).map((finding) => Number(/rule (\d+)/.exec(finding)?.[1]));
  return [...new Set(rules)].sort((a, b) => a - b);
}

test("finds nothing in a playlist that is right, nor in its successors", () => {
  expect(lintPlaylists([playlistOf(14), playlistOf(14), playlistOf(15), playlistOf(21)])).toEqual([]);
});

test("finds what the validator finds in one playlist, and from one to the next", () => {
  expect(rulesOf(playlistOf().replace("TYPE=PART,", "TYPE=PART,TYPE=PART,"))).toEqual([1]);
  expect(rulesOf(playlistOf(), playlistOf().replace("MEDIA-SEQUENCE:1", "MEDIA-SEQUENCE:2"))).toEqual([27]);
});

test.each<[string, string, string, number[]]>([
  ["no line break at the end", "\n$", "", [1]],
  ["a letter beyond ASCII", "\n$", "\n# \u00e9\n", [1]],
  ["decimals that do not add up", '0.50000,URI="0/part-6', '0.49999,URI="0/part-6', [18]],
])("finds %s, which the validator lets pass", (_, from, to, rules) => {
  const edited = playlistOf().replace(new RegExp(from), to);
  expect(edited).not.toBe(playlistOf());
  expect(rulesOf(edited)).toEqual(rules);
});

test("lets a range be hinted in a segment of gaps, though the next part opens another", () => {
  const manifest = new M3u8Manifest({
    partTargetMs: 500,
    targetDurationMs: 2000,
    parts: "byterange",
    wallMs: () => 1_777_636_800_000,
  });
  const texts: string[] = [];
  for (let i = 0; i < 14; i++) {
    if (i === 10) manifest.setInit(1);
    const gap = i === 8 || i === 9;
    manifest.addPart({ durationMs: 500, independent: i % 4 === 0, gap, sizeBytes: gap ? 0 : 1 });
    texts.push(textOf(manifest.render()));
  }
  expect(texts[9]).toContain('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="0/seg-3.mp4"');
  expect(lintPlaylists(texts)).toEqual([]);
});

test("finds a hint that its own producer drops at a discontinuity", () => {
  const before = playlistOf(8).replace("part-8.mp4", "part-99.mp4");
  expect(rulesOf(before, playlistOf(9))).toEqual([40]);
});
