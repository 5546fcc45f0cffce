import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TEST_VIDEO, testInit, testVtt } from "../media/media.test-support.ts";
import { lintPlaylists } from "../playlist/test-support/playlist-lint.ts";
import { CAPTIONS, ENGLISH, START_MS, TestOrigin, VIDEO } from "./origin.test-support.ts";

const GERMAN = { ...ENGLISH, id: "de", language: "de", name: "Deutsch – „Ton“", default: false };
const LOW = {
  ...VIDEO,
  id: "low",
  bandwidth: 300_000,
  width: 320,
  height: 180,
  frameRate: 30,
  videoRange: "SDR",
} as const;
const ALL = [VIDEO, LOW, ENGLISH, GERMAN, CAPTIONS];

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("the Multivariant Playlist has groups, and what the init segments say where the options do not", async () => {
  const origin = new TestOrigin({ renditions: ALL });
  origin.setInits();
  expect((await origin.text("main.m3u8")).split("\n")).toEqual([
    "#EXTM3U",
    "#EXT-X-VERSION:6",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="en",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="en/media.m3u8"',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Deutsch – „Ton“",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,URI="de/media.m3u8"',
    '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="cc",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,URI="cc/media.m3u8"',
    '#EXT-X-STREAM-INF:BANDWIDTH=1065000,CODECS="avc1.42c01f,opus",RESOLUTION=640x360,AUDIO="audio",SUBTITLES="subtitles"',
    "hd/media.m3u8",
    '#EXT-X-STREAM-INF:BANDWIDTH=365000,CODECS="avc1.42c01f,opus",RESOLUTION=320x180,FRAME-RATE=30.000,VIDEO-RANGE=SDR,AUDIO="audio",SUBTITLES="subtitles"',
    "low/media.m3u8",
    "",
  ]);
});

test("several audio groups list each variant once for each of them", async () => {
  const stereo = { ...ENGLISH, id: "stereo", group: "stereo", codecs: "mp4a.40.2" };
  const origin = new TestOrigin({ renditions: [{ ...VIDEO, codecs: "avc1.42c01f" }, ENGLISH, stereo] });
  origin.setInits();
  const text = await origin.text("main.m3u8");
  expect([...text.matchAll(/STREAM-INF:.*CODECS="([^"]*)".*AUDIO="([^"]*)"/g)].map((match) => match.slice(1))).toEqual([
    ["avc1.42c01f,opus", "audio"],
    ["avc1.42c01f,mp4a.40.2", "stereo"],
  ]);
});

test("BANDWIDTH and AVERAGE-BANDWIDTH tell what was published once a segment has closed, and no less than was declared", async () => {
  const origin = new TestOrigin({ renditions: [{ ...VIDEO, bandwidth: 1 }, ENGLISH] });
  origin.setInits();
  expect(await origin.text("main.m3u8")).not.toContain("AVERAGE-BANDWIDTH");
  origin.parts(0, 11);
  const [, peak, average] = /BANDWIDTH=(\d+),AVERAGE-BANDWIDTH=(\d+)/.exec(await origin.text("main.m3u8")) ?? [];
  const sizeBytes = async (path: string) => (await (await origin.get(path)).arrayBuffer()).byteLength;
  const videoBits = 8 * Math.max(await sizeBytes("hd/e1/seg-1.mp4"), await sizeBytes("hd/e1/seg-2.mp4"));
  expect(Number(peak)).toBe(videoBits + 64_000);
  const audioBits = 8 * (await sizeBytes("en/e1/seg-1.mp4"));
  expect(Math.abs(Number(average) - videoBits - audioBits)).toBeLessThan(20);
});

test("the Multivariant Playlist is held for a codec that is not known yet, and a late rendition is left out in the end", async () => {
  const origin = new TestOrigin({ renditions: [VIDEO, ENGLISH] });
  let held = true;
  const first = origin.text("main.m3u8").then((text) => {
    held = false;
    return text;
  });
  origin.setInit("hd");
  await vi.advanceTimersByTimeAsync(100);
  expect(held).toBe(true);
  origin.setInit("en");
  expect(await first).toContain('CODECS="avc1.42c01f,opus"');

  const late = new TestOrigin({ renditions: [VIDEO, ENGLISH] });
  late.setInit("hd");
  const second = late.text("main.m3u8");
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await second).not.toContain("AUDIO");
  expect(await second).toContain('CODECS="avc1.42c01f"');
  const silent = new TestOrigin({ renditions: [VIDEO] }).get("main.m3u8");
  await vi.advanceTimersByTimeAsync(3_000);
  expect((await silent).status).toBe(503);
});

test("rule 26: EXT-X-INDEPENDENT-SEGMENTS goes once a segment had to open without a key frame", async () => {
  const origin = new TestOrigin({ renditions: [{ ...VIDEO, codecs: "avc1.42c01f" }] });
  origin.setInits();
  origin.parts(0, 5);
  expect(await origin.text("main.m3u8")).toContain("#EXT-X-INDEPENDENT-SEGMENTS");
  for (const n of [6, 7, 8]) origin.part("hd", n);
  expect(await origin.text("main.m3u8")).not.toContain("#EXT-X-INDEPENDENT-SEGMENTS");
});

test("rules 13, 34 and 43: all playlists have one header, a date, and one report of each other rendition as it stands", async () => {
  const origin = new TestOrigin({ renditions: ALL });
  origin.setInits();
  origin.parts(0, 13);
  origin.part("hd", 13);
  const heads = new Set<string>();
  for (const { id } of ALL) {
    const text = await origin.text(`${id}/media.m3u8`);
    expect(lintPlaylists([text])).toEqual([]);
    heads.add(/#EXT-X-TARGETDURATION.*\n.*\n#EXT-X-PART-INF.*/.exec(text)?.[0] ?? "");
    expect(text).toContain(`PROGRAM-DATE-TIME:${new Date(START_MS).toISOString()}`);
    const reports = [
      ...text.matchAll(/RENDITION-REPORT:URI="\.\.\/(\w+)\/media\.m3u8",LAST-MSN=(\d+),LAST-PART=(\d+)/g),
    ];
    expect(reports.map((match) => match.slice(1).join(" "))).toEqual(
      ALL.filter((other) => other.id !== id).map((other) => `${other.id} 3 ${other.id === "hd" ? 3 : 2}`),
    );
  }
  expect(heads.size).toBe(1);
});

test("rule 43: a rendition without a part yet is not reported", async () => {
  const origin = new TestOrigin({ renditions: [VIDEO, ENGLISH] });
  origin.setInits();
  origin.parts(0, 6, ["hd"]);
  expect(await origin.text("hd/media.m3u8")).not.toContain("RENDITION-REPORT");
});

test("rule 44: a blocking answer waits for a healthy rendition that is more than a part behind, a part long at most", async () => {
  const origin = new TestOrigin({ renditions: [VIDEO, ENGLISH] });
  origin.setInits();
  origin.parts(0, 7);
  let answers = 0;
  const ask = (part: number) =>
    origin.get(`hd/media.m3u8?_HLS_msn=2&_HLS_part=${part}`).then((response) => {
      answers++;
      return response.text();
    });
  const one = ask(2);
  origin.part("hd", 7); // one part ahead is together
  await vi.advanceTimersByTimeAsync(0);
  expect(answers).toBe(1);
  const two = ask(3);
  origin.part("hd", 8);
  await vi.advanceTimersByTimeAsync(10);
  expect(answers).toBe(1);
  origin.part("en", 7);
  await vi.advanceTimersByTimeAsync(0);
  expect(answers).toBe(2);
  expect(await two).toContain('../en/media.m3u8",LAST-MSN=2,LAST-PART=2');
  await one;
  const three = ask(4);
  origin.part("hd", 9);
  await vi.advanceTimersByTimeAsync(200);
  expect(answers).toBe(3);
  await three;
});

test("rule 44: one late rendition does not stop the others", async () => {
  const origin = new TestOrigin({ renditions: [VIDEO, ENGLISH, CAPTIONS] });
  origin.setInits();
  origin.parts(0, 6);
  await vi.advanceTimersByTimeAsync(500); // captions have nothing new for two parts and a half
  origin.parts(6, 8, ["hd", "en"]);
  let answered = false;
  const asked = origin.text("hd/media.m3u8?_HLS_msn=2&_HLS_part=3").then(() => {
    answered = true;
  });
  origin.parts(8, 9, ["hd", "en"]);
  await vi.advanceTimersByTimeAsync(0);
  expect(answered).toBe(true);
  await asked;
});

test("subtitles: a part is a whole WebVTT file, a segment is all of them under one header, and there is no MAP", async () => {
  const origin = new TestOrigin({ renditions: [{ ...VIDEO, codecs: "avc1.42c01f" }, CAPTIONS] });
  origin.setInits();
  origin.parts(0, 12);
  const text = await origin.text("cc/media.m3u8");
  expect(text).not.toContain("#EXT-X-MAP");
  expect(text).toContain("#EXT-X-VERSION:3\n");
  expect(text).toContain('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="e1/part-12.vtt"');
  const part = await origin.get("cc/e1/part-7.vtt");
  expect(part.headers.get("content-type")).toBe("text/vtt");
  expect(await part.text()).toBe(new TextDecoder().decode(testVtt("cue 7", 1400)));
  const segment = await origin.text("cc/e1/seg-2.vtt");
  expect(segment.match(/WEBVTT/g)).toHaveLength(1);
  expect(segment.match(/cue \d+/g)).toEqual(["cue 5", "cue 6", "cue 7", "cue 8", "cue 9"]);
  expect((await origin.get("cc/e1/part-7.mp4")).status).toBe(404);
  expect((await origin.get("hd/e1/part-7.vtt")).status).toBe(404);
});

test("subtitles: what is no WebVTT, lasts too long, or brings an init segment is refused, and nothing is lost", () => {
  const origin = new TestOrigin({ renditions: [VIDEO, CAPTIONS] });
  const captions = origin.rendition("cc");
  const refused = (code: string) => expect.objectContaining({ code });
  const bytes = testVtt("cue");
  origin.part("cc", 0);
  expect(() => captions.addPart({ bytes: new Uint8Array([255, 254]), durationMs: 200 })).toThrowError(
    refused("malformed-part"),
  );
  expect(() => captions.addPart({ bytes: bytes.subarray(1), durationMs: 200 })).toThrowError(refused("malformed-part"));
  expect(() => captions.addPart({ bytes })).toThrowError(refused("malformed-part"));
  expect(() => captions.addPart({ bytes, durationMs: 201 })).toThrowError(refused("part-too-long"));
  expect(() => captions.setInit(testInit({ video: TEST_VIDEO }))).toThrowError(refused("malformed-init"));
  expect(captions.position).toEqual({ msn: 1, part: 0 });
});

test.each([
  [[ENGLISH]],
  [[VIDEO, ENGLISH, { ...ENGLISH, id: "en2", name: "two" }]], // two defaults
  [[VIDEO, ENGLISH, { ...GERMAN, name: "en" }]],
  [[VIDEO, CAPTIONS, { ...CAPTIONS, id: "c2", group: "other" }]],
  [[{ ...VIDEO, language: "en" }]],
  [[VIDEO, { ...ENGLISH, language: 'en"' }]],
  [[VIDEO, { ...ENGLISH, name: "a\nb" }]],
  [[{ ...VIDEO, kind: "other" as "variant" }]],
])("renditions %# are refused with invalid-option", (renditions) => {
  expect(() => new TestOrigin({ renditions })).toThrowError(expect.objectContaining({ code: "invalid-option" }));
});
