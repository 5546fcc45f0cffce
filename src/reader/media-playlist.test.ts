import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { readAttributes } from "./attributes.ts";
import { allSegments, endWallMs, lastPosition, mergeDelta, nextPosition } from "./media-playlist.ts";
import { parseMultivariant } from "./multivariant-playlist.ts";
import { parseMediaPlaylist } from "./playlist-reader.ts";

const URL = "http://origin.example/a/media.m3u8";
const parse = (...lines: readonly string[]) => parseMediaPlaylist(`#EXTM3U\n${lines.join("\n")}\n`, URL);

describe("parseMediaPlaylist()", () => {
  test("reads parts and segments as ranges of a resource that grows, and where a range without offset goes on", () => {
    const { segments, open } = parse(
      "#EXT-X-MEDIA-SEQUENCE:7",
      '#EXT-X-MAP:URI="all.mp4",BYTERANGE="600@0"',
      '#EXT-X-PART:DURATION=0.5,URI="all.mp4",BYTERANGE="100@600",INDEPENDENT=YES',
      '#EXT-X-PART:DURATION=0.5,URI="all.mp4",BYTERANGE="50"',
      "#EXTINF:1.0,",
      "#EXT-X-BYTERANGE:150@600",
      "all.mp4",
      '#EXT-X-PART:DURATION=0.5,URI="all.mp4",BYTERANGE="70@750"',
    );
    expect(segments[0]?.map).toEqual({ uri: "all.mp4", range: { offsetBytes: 0, lengthBytes: 600 } });
    expect(segments[0]?.parts.map(({ range }) => range)).toEqual([
      { offsetBytes: 600, lengthBytes: 100 },
      { offsetBytes: 700, lengthBytes: 50 },
    ]);
    expect(segments[0]?.resource).toEqual({ uri: "all.mp4", range: { offsetBytes: 600, lengthBytes: 150 } });
    expect([segments[0]?.msn, open?.msn]).toEqual([7, 8]);
  });

  test("knows the key, the date ranges and the gaps in effect", () => {
    const playlist = parse(
      '#EXT-X-DATERANGE:ID="ad",START-DATE="2026-01-01T00:00:00Z",X-COM="a,b"',
      '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="key"',
      "#EXTINF:1,",
      "a.mp4",
      "#EXT-X-KEY:METHOD=NONE",
      "#EXT-X-GAP",
      "#EXTINF:1,",
      "b.mp4",
    );
    expect(playlist.dateRanges[0]?.values.get("X-COM")).toBe("a,b");
    expect(playlist.segments.map(({ keys, gap }) => [keys, gap])).toEqual([
      [['METHOD=SAMPLE-AES,URI="key"'], false],
      [[], true],
    ]);
  });

  test("says where a client stands, and what it asks for next", () => {
    const open = ["#EXTINF:1,", "a.mp4", '#EXT-X-PART:DURATION=0.5,URI="b"', '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="c"'];
    const playlist = parse("#EXT-X-MEDIA-SEQUENCE:3", "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z", ...open);
    expect([lastPosition(playlist), nextPosition(playlist)]).toEqual([
      { msn: 4, part: 0 },
      { msn: 4, part: 1 },
    ]);
    expect(endWallMs(playlist)).toBe(Date.UTC(2026, 0, 1) + 1_500);
    expect(nextPosition(parse("#EXT-X-MEDIA-SEQUENCE:3", ...open.slice(0, 2)))).toEqual({ msn: 4, part: 0 });
  });

  test("names the line of what it cannot read, and goes on", () => {
    const playlist = parse("#EXTINF:x,", "a.mp4", "#EXT-X-PART:DURATION=1", "#EXT-X-MAP:URI", "#EXTINF:1,", "b.mp4");
    expect(playlist.problems.map(({ line }) => line)).toEqual([2, 4, 5]);
    expect(playlist.segments).toHaveLength(2);
  });

  test("throws at nothing, whatever the text is", () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(
        "#EXTINF:",
        "#EXT-X-PART:URI=",
        "#EXT-X-SKIP:SKIPPED-SEGMENTS=99999999999999999999",
        "#EXT-X-BYTERANGE:1@",
        "#EXT-X-MAP",
        "seg",
      ),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const playlist = parseMediaPlaylist(lines.join("\n"), URL);
        allSegments(playlist);
        endWallMs(playlist);
      }),
    );
  });
});

test("mergeDelta() hands on the MAP and the key in effect, and gives up where a segment is missing", () => {
  const head = ["#EXT-X-MEDIA-SEQUENCE:1", '#EXT-X-MAP:URI="init"', '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"'];
  const base = parse(...head, "#EXTINF:1,", "1.mp4", "#EXTINF:1,", "2.mp4", "#EXTINF:1,", "3.mp4");
  const delta = parse(
    "#EXT-X-MEDIA-SEQUENCE:1",
    "#EXT-X-SKIP:SKIPPED-SEGMENTS=2",
    "#EXTINF:1,",
    "3.mp4",
    "#EXTINF:1,",
    "4.mp4",
  );
  const merged = mergeDelta(base, delta);
  expect(merged?.segments.map(({ msn, resource, map, keys }) => [msn, resource?.uri, map?.uri, keys])).toEqual(
    [1, 2, 3, 4].map((msn) => [msn, `${msn}.mp4`, "init", ['METHOD=SAMPLE-AES,URI="k"']]),
  );
  expect(mergeDelta(parse("#EXT-X-MEDIA-SEQUENCE:2", "#EXTINF:1,", "2.mp4"), delta)).toBeUndefined();
});

test("mergeDelta() lets a range without offset go on where the last one that is skipped ends", () => {
  const range = (bytes: string, uri = "all.mp4"): string[] => ["#EXTINF:1,", `#EXT-X-BYTERANGE:${bytes}`, uri];
  const base = parse(...range("10@5"), ...range("20"), ...range("30"));
  const skip = "#EXT-X-SKIP:SKIPPED-SEGMENTS=2";
  const rangesOf = (...lines: readonly string[]) =>
    mergeDelta(base, parse(skip, ...lines))?.segments.map(({ resource }) => resource?.range?.offsetBytes);
  expect(rangesOf(...range("30"), ...range("40"), ...range("50@900"), ...range("60"))).toEqual([
    5, 15, 35, 65, 900, 950,
  ]);
  expect(rangesOf(...range("30", "other.mp4"), ...range("40", "other.mp4"))).toEqual([5, 15, 0, 30]);
});

test("mergeDelta() ends where numbers are too large to be told apart", () => {
  const sequence = `#EXT-X-MEDIA-SEQUENCE:${2 ** 53}`;
  const base = parse(sequence, "#EXTINF:1,", "1.mp4", "#EXTINF:1,", "2.mp4");
  expect(mergeDelta(base, parse(sequence, "#EXT-X-SKIP:SKIPPED-SEGMENTS=6", "#EXTINF:1,", "3.mp4"))).toBeUndefined();
});

test("readAttributes() keeps what can be read of a list, and says what cannot", () => {
  const { values, problems } = readAttributes('A=1,B="x,y",A=2,c');
  expect([...values]).toEqual([
    ["A", "1"],
    ["B", "x,y"],
  ]);
  expect(problems).toHaveLength(2);
});

test("parseMultivariant() finds variants, audio and subtitles once each, and names them by what differs", () => {
  const text = [
    "#EXTM3U",
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",URI="en/media.m3u8"',
    '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="en",URI="text/media.m3u8"',
    '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="en",INSTREAM-ID="CC1"',
    '#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"',
    "high/media.m3u8",
    "#EXT-X-STREAM-INF:BANDWIDTH=1",
    "high/media.m3u8",
  ].join("\n");
  const found = parseMultivariant(text, "http://origin.example/live/main.m3u8");
  expect(found.map(({ id, kind }) => [id, kind])).toEqual([
    ["en", "rendition"],
    ["text", "rendition"],
    ["high", "variant"],
  ]);
  expect(found[0]?.url).toBe("http://origin.example/live/en/media.m3u8");
});

test("what a Multivariant Playlist lists again, or beyond the limit, costs no URL", () => {
  const canParse = vi.spyOn(globalThis.URL, "canParse");
  const lines = (names: readonly string[]): string =>
    names.flatMap((name) => ["#EXT-X-STREAM-INF:BANDWIDTH=1", name]).join("\n");
  parseMultivariant(lines(new Array(1_000).fill("a.m3u8")), URL);
  expect(canParse).toHaveBeenCalledTimes(1);
  parseMultivariant(lines(Array.from({ length: 1_000 }, (_, n) => `${n}.m3u8`)), URL);
  expect(canParse).toHaveBeenCalledTimes(33);
  canParse.mockRestore();
});

test("space around a quoted value is passed over; beside another it is part of it, which is for rules to say", () => {
  const { values, problems } = readAttributes('A=1 , B="x" ,C= "y"');
  expect([...values]).toEqual([
    ["A", "1 "],
    ["B", "x"],
  ]);
  expect(problems).toHaveLength(1);
});
