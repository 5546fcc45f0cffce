import { expect, test } from "vitest";
import { M3u8Manifest } from "../playlist/m3u8-manifest.ts";
import { annotatePlaylist, ruleText } from "./annotate-playlist.ts";

/** A playlist of ours with six segments of four parts, and its delta. */
function playlists(): { readonly full: string; readonly delta: string | undefined } {
  const manifest = new M3u8Manifest({
    partTargetMs: 500,
    targetDurationMs: 2000,
    segmentMinMs: 2000,
    wallMs: () => 1e12,
  });
  for (let part = 0; part < 42; part++)
    manifest.addPart({ durationMs: 500, independent: part % 4 === 0, sizeBytes: 1000, gap: part === 39 });
  const textOf = (chunks: readonly Uint8Array[] | undefined) =>
    chunks?.map((chunk) => new TextDecoder().decode(chunk)).join("");
  return { full: textOf(manifest.render()) ?? "", delta: textOf(manifest.renderDelta()) };
}

test("every line of a playlist of ours, full or delta, is named the rules that bear on it, and breaks none", () => {
  const { full, delta } = playlists();
  expect(delta).toContain("#EXT-X-SKIP");
  for (const text of [full, delta ?? ""]) {
    const lines = annotatePlaylist(text);
    expect(lines.map((line) => line.text).join("\n")).toBe(text.trimEnd());
    expect(lines.filter(({ rules }) => rules.length === 0)).toEqual([]);
    expect(lines.flatMap(({ findings }) => findings)).toEqual([]);
  }
});

test("a part that is a gap, and one that is a range, bring the rules of those", () => {
  const rulesOf = (line: string) => annotatePlaylist(line)[0]?.rules;
  expect(rulesOf('#EXT-X-PART:DURATION=0.5,URI="a.mp4",GAP=YES')).toContain(25);
  expect(rulesOf('#EXT-X-PART:DURATION=0.5,URI="a.mp4",BYTERANGE=500@0')).toContain(19);
  expect(rulesOf('#EXT-X-PART:DURATION=0.5,URI="a.mp4"')).not.toContain(25);
});

test("what a line breaks is told with it, and what a playlist lacks with its first line", () => {
  const { full } = playlists();
  const lines = annotatePlaylist(full.replace("#EXT-X-TARGETDURATION:2", "#EXT-X-TARGETDURATION:1"));
  const broken = lines.flatMap(({ text, findings }) => findings.map(({ rule }) => [rule, text.split(":")[0]]));
  expect(broken).toContainEqual([4, "0/seg-1.mp4"]);
  const hintless = annotatePlaylist(full.replace(/#EXT-X-PRELOAD-HINT.*\n/, ""));
  expect(hintless[0]?.findings.map(({ rule }) => rule)).toContain(38);
});

test("against the playlist before it, what may not change is told", () => {
  const { full } = playlists();
  const changed = full.replace("PART-HOLD-BACK=1.5", "PART-HOLD-BACK=1.6");
  expect(changed).not.toBe(full);
  const rules = annotatePlaylist(changed, { before: full }).flatMap(({ findings }) => findings.map(({ rule }) => rule));
  expect(rules).toContain(9);
});

test("every rule that a line is named has its text", () => {
  const { full, delta = "" } = playlists();
  const named = annotatePlaylist(full + delta).flatMap(({ rules }) => rules);
  expect(named.filter((number) => ruleText(number)?.number !== number)).toEqual([]);
});
