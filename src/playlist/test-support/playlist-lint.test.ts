import { describe, expect, test } from "vitest";
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

const edit = (from: string | RegExp, to: string) => {
  const text = playlistOf();
  const edited = text.replace(from, to);
  if (edited === text) throw new Error(`nothing to edit: ${from}`);
  return edited;
};

function rulesOf(...playlists: readonly string[]): number[] {
  return [...new Set(lintPlaylists(playlists).map((finding) => Number(/rule (\d+)/.exec(finding)?.[1])))].sort(
    (a, b) => a - b,
  );
}

describe("lintPlaylists", () => {
  test("finds nothing in a playlist that is right, nor in its successors", () => {
    expect(lintPlaylists([playlistOf(14), playlistOf(14), playlistOf(15), playlistOf(21)])).toEqual([]);
  });

  test.each<[string, string, number[]]>([
    ["no line break at the end", playlistOf().trimEnd(), [1]],
    ["an attribute twice", edit("TYPE=PART,", "TYPE=PART,TYPE=PART,"), [1]],
    ["a tag twice", edit("#EXT-X-MEDIA-SEQUENCE:1\n", "#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-MEDIA-SEQUENCE:1\n"), [2]],
    ["a version too high", edit("VERSION:6", "VERSION:9"), [3]],
    ["a segment too long", edit("EXTINF:2.00000", "EXTINF:2.50000"), [4, 18]],
    ["no MAP", edit(/#EXT-X-MAP:URI="0\/init-0.*\n/, ""), [6]],
    [
      "a sequence after the first segment",
      edit(/(#EXT-X-MEDIA-SEQUENCE:1\n)([\s\S]*?)(#EXT-X-PROG.*\n)/, "$2$3$1"),
      [7],
    ],
    ["a HOLD-BACK too short", edit(",HOLD-BACK=6.00000", ",HOLD-BACK=5.99999"), [10]],
    ["a PART-HOLD-BACK too short", edit("PART-HOLD-BACK=1.5", "PART-HOLD-BACK=1.4"), [11]],
    ["a CAN-SKIP-UNTIL too short", edit("UNTIL=12.0", "UNTIL=11.9"), [12]],
    ["a part too long", edit('0.50000,URI="0/part-13', '0.50001,URI="0/part-13'), [14]],
    ["a part too short", edit(/0.50000(,URI="0\/part-5[\s\S]*?)EXTINF:2.00/, "0.42000$1EXTINF:1.92"), [15]],
    ["a MAP after the first part", edit(/(#EXT-X-MAP:URI="0\/init-1.*\n)([\s\S]*?part-4.*\n)/, "$2$1"), [17]],
    ["parts that do not sum up", edit('0.50000,URI="0/part-6', '0.49999,URI="0/part-6'), [18]],
    ["a gap of parts that are none", edit("#EXTINF", "#EXT-X-GAP\n#EXTINF"), [25]],
    ["no date at a discontinuity", edit(/(#EXT-X-DISCONTINUITY\n)#EXT-X-PROG.*\n/, "$1"), [34]],
    ["a date without a zone", edit(/(DATE-TIME:[^Z]*)Z/, "$1"), [34]],
    ["a hint with ENDLIST", `${playlistOf()}#EXT-X-ENDLIST\n`, [37]],
    ["no hint", edit(/#EXT-X-PRELOAD-HINT.*\n/, ""), [38]],
    ["two hints of a type", edit(/(#EXT-X-PRELOAD-HINT.*\n)/, "$1$1"), [39]],
    ["a report with a whole URL", edit("../b/", "https://b.example/"), [43]],
    ["two SKIPs", edit(/(#EXT-X-MAP)/, "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n$1"), [3, 46]],
  ])("finds %s", (_, text, rules) => {
    expect(rulesOf(text)).toEqual(rules);
  });

  test("finds a byte order mark", () => {
    expect(rulesOf(`\uFEFF${playlistOf()}`)).toContain(1);
  });

  test("finds parts that should have gone by now", () => {
    const old = playlistOf(40).replace(
      "#EXTINF",
      '#EXT-X-PART:DURATION=0.50000,URI="0/part-0.mp4",INDEPENDENT=YES\n#EXTINF',
    );
    expect(rulesOf(old)).toEqual([18, 20]);
  });

  test.each<[string, string, number[]]>([
    ["another target duration", edit("TARGETDURATION:2", "TARGETDURATION:3"), [5, 10, 12]],
    ["another hold-back", edit(",HOLD-BACK=6.0", ",HOLD-BACK=6.5"), [9]],
    ["a sequence that jumps", edit("MEDIA-SEQUENCE:1", "MEDIA-SEQUENCE:2"), [28, 32]],
    ["a discontinuity that is not counted", edit("DISCONTINUITY-SEQUENCE:0", "DISCONTINUITY-SEQUENCE:1"), [29]],
    ["a closed segment that is edited", edit("EXTINF:2.0", "EXTINF:1.9"), [18, 32]],
    ["a part that has gone from the open segment", edit(/#EXT-X-PART.*part-12.*\n/, ""), [32]],
  ])("finds %s from one playlist to the next", (_, text, rules) => {
    expect(rulesOf(playlistOf(), text)).toEqual(rules);
  });

  test("finds a sequence that falls, a segment that is lost and a hint that is not kept", () => {
    const later = playlistOf(40).replace("MEDIA-SEQUENCE:1", "MEDIA-SEQUENCE:5");
    expect(rulesOf(later, playlistOf(40))).toContain(27);
    expect(rulesOf(playlistOf(16), playlistOf(12))).toEqual([28, 32]);
    const otherwise = playlistOf(15).replace("part-14.mp4", "part-99.mp4");
    expect(rulesOf(playlistOf(14), otherwise)).toEqual([40]);
  });
});
