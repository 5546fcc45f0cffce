import { expect, test } from "vitest";
import { parseMediaPlaylist } from "../reader/playlist-reader.ts";
import { blockingRules } from "./blocking-rules.ts";
import type { Level } from "./finding.ts";
import type { BlockedAnswer } from "./rule.ts";

/** Segments of a second up to `msn`, under a target duration of two. */
const playlistOf = (msn: number) =>
  parseMediaPlaylist(
    [
      "#EXTM3U",
      "#EXT-X-TARGETDURATION:2",
      "#EXT-X-PART-INF:PART-TARGET=0.2",
      ...Array.from({ length: msn + 1 }, (_, n) => `#EXTINF:1,\nseg-${n}.mp4`),
    ].join("\n"),
    "http://origin.example/media.m3u8",
  );

/** Asked for 3.0, answered with segments up to 6: with three seconds of media beyond. */
function levelsOf(more: Partial<BlockedAnswer>): (Level | undefined)[] {
  const levels: (Level | undefined)[] = [];
  const { checks } = blockingRules.find(({ number }) => number === 52) ?? {};
  const [before, after] = [playlistOf(2), playlistOf(6)];
  const late: BlockedAnswer = {
    kind: "part",
    asked: { msn: 3, part: 0 },
    waitedMs: 4_000,
    stalledMs: 0,
    status: 200,
    before,
    after,
    satisfied: true,
    answersBefore: 10,
    lateBefore: 0,
    ...more,
  };
  checks?.blocked?.(late, (_, details) => levels.push(details?.level));
  return levels;
}

test("rule 52: one answer that comes long after its part is a SHOULD, and a MUST when it happens again and again", () => {
  expect(levelsOf({})).toEqual(["SHOULD"]);
  expect(levelsOf({ lateBefore: 2 })).toEqual(["MUST"]);
  expect(levelsOf({ lateBefore: 2, answersBefore: 1_000 })).toEqual(["SHOULD"]);
});

test("rule 52: an answer is not late that holds little beyond its part, that was asked for late, or while we stood still", () => {
  expect(levelsOf({ after: playlistOf(4) })).toEqual([]);
  expect(levelsOf({ waitedMs: 1_000 })).toEqual([]);
  expect(levelsOf({ stalledMs: 2_000 })).toEqual([]);
});
