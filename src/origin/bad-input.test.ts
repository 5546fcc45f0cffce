import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TEST_AUDIO, TEST_VIDEO, testInit, testPart } from "../media/media.test-support.ts";
import type { Bytes } from "../model/bytes.ts";
import { lintPlaylists } from "../playlist/test-support/playlist-lint.ts";
import { ENGLISH, TestOrigin, VIDEO } from "./origin.test-support.ts";

const refused = (code: string) => expect.objectContaining({ code });

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function started(): TestOrigin {
  const origin = new TestOrigin({ renditions: [VIDEO, ENGLISH] });
  origin.setInits();
  origin.parts(0, 7);
  return origin;
}

/** A part of six frames that starts `atMs` into the media. */
function partAt(atMs: number, frames = 6): Bytes {
  return testPart({ firstFrame: (atMs * 30) / 1000, frames, independent: false, audio: false });
}

const statsOf = (origin: TestOrigin) => origin.playlists.stats.streams[0]?.renditionStats[0];

test("a part that overlaps the one before is refused with timeline-jump, and the right one is taken after it", () => {
  const origin = started();
  const rendition = origin.rendition("hd");
  for (const atMs of [1200, 1300, 0]) {
    expect(() => rendition.addPart({ bytes: partAt(atMs) })).toThrowError(refused("timeline-jump"));
  }
  expect(rendition.position).toEqual({ msn: 2, part: 1 });
  origin.part("hd", 7);
  expect(rendition.position).toEqual({ msn: 2, part: 2 });
});

test("a leap ahead is taken with a warning up to a target duration, and refused beyond", () => {
  const origin = started();
  const rendition = origin.rendition("hd");
  rendition.addPart({ bytes: partAt(1400 + 1000) });
  expect(statsOf(origin)).toMatchObject({
    warnings: 1,
    lastWarning: expect.stringContaining("1000 ms of media are missing"),
  });
  expect(() => rendition.addPart({ bytes: partAt(2600 + 1100) })).toThrowError(refused("timeline-jump"));
  expect(rendition.position).toEqual({ msn: 2, part: 2 });
});

test("rule 33: after discontinuity() a part may stand anywhere, and after a gap it is taken where it stands", () => {
  const origin = started();
  const rendition = origin.rendition("hd");
  rendition.discontinuity();
  rendition.addPart({ bytes: partAt(60_000) });
  rendition.addGap(200);
  rendition.addPart({ bytes: partAt(63_000) });
  expect(rendition.position).toEqual({ msn: 3, part: 2 });
  expect(statsOf(origin)).toMatchObject({ warnings: 0 });
});

test("rule 14: what a part is said to last is measured; the media wins, with a warning", async () => {
  const origin = started();
  origin.rendition("hd").addPart({ bytes: partAt(1400), durationMs: 150 });
  expect(statsOf(origin)).toMatchObject({
    warnings: 1,
    lastWarning: "a part was said to last 150.0 ms, and lasts 200.0 ms",
  });
  expect(await origin.text("hd/media.m3u8")).toContain('DURATION=0.20000,URI="e1/part-7.mp4"');
  origin.rendition("hd").addPart({ bytes: partAt(1600), durationMs: 195 }); // the last sample's duration is a guess
  expect(statsOf(origin)).toMatchObject({ warnings: 1 });
});

test("rule 33: an init segment of another codec or clock in mid-segment opens a segment after a discontinuity", async () => {
  const origin = started();
  const texts = [await origin.text("hd/media.m3u8")];
  const rendition = origin.rendition("hd");
  rendition.setInit(testInit({ video: { ...TEST_VIDEO, timescale: 45_000 } }));
  texts.push(await origin.text("hd/media.m3u8"));
  rendition.addPart({ bytes: partAt(0, 3) }); // 100 ms of a 90 kHz clock are 200 of 45
  texts.push(await origin.text("hd/media.m3u8"));
  expect(texts[1]).toContain('TYPE=MAP,URI="e1/init-1.mp4"');
  expect(texts[2]).toMatch(/seg-2\.mp4\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="e1\/init-1\.mp4"\n/);
  expect(lintPlaylists(texts)).toEqual([]);
});

test("rule 41: an init segment with the same tracks opens a segment without a discontinuity", async () => {
  const origin = started();
  origin.setInit("hd");
  origin.part("hd", 7);
  const text = await origin.text("hd/media.m3u8");
  expect(text).toContain('#EXT-X-MAP:URI="e1/init-1.mp4"');
  expect(text).not.toContain("#EXT-X-DISCONTINUITY\n");
});

test("a part of another track set, for a rendition that was not declared, or too large is refused, and nothing is lost", () => {
  const origin = started();
  expect(() => origin.rendition("none")).toThrowError(refused("rendition-not-found"));
  expect(() => origin.rendition("en").addPart({ bytes: partAt(1400) })).toThrowError(refused("track-mismatch"));
  expect(() => origin.rendition("hd").addPart({ bytes: new Uint8Array(129 * 1024 * 1024) })).toThrowError(
    refused("part-too-large"),
  );
  origin.parts(7, 12);
  expect(origin.rendition("en").position).toEqual({ msn: 3, part: 1 });
});

test("rules 21, 27 and 64: more parts than the ring holds shorten the window, and what is listed is there", async () => {
  const origin = new TestOrigin({ renditions: [VIDEO] }, {}, { maxSegments: 3, maxPartsPerSegment: 8 });
  origin.setInits();
  const texts: string[] = [];
  for (let n = 0; n < 200; n += 7) {
    origin.parts(n, n + 7);
    const text = await origin.text("hd/media.m3u8");
    texts.push(text);
    for (const [, uri] of text.matchAll(/URI="(e1\/part-\d+\.mp4)",/g))
      expect((await origin.get(`hd/${uri}`)).status).toBe(200);
  }
  expect(lintPlaylists(texts)).toEqual([]);
});

test("an init segment that is too large to keep is refused, and the one in effect stays", async () => {
  const origin = started();
  const init = testInit({ audio: TEST_AUDIO });
  const padding = new Uint8Array(300 * 1024);
  new DataView(padding.buffer).setUint32(0, padding.byteLength);
  padding.set(new TextEncoder().encode("free"), 4);
  const large = new Uint8Array([...init, ...padding]);
  expect(() => origin.rendition("hd").setInit(large)).toThrowError(refused("part-too-large"));
  origin.parts(7, 12, ["hd"]);
  const text = await origin.text("hd/media.m3u8");
  expect(text.match(/#EXT-X-MAP:.*/g)).toEqual(['#EXT-X-MAP:URI="e1/init-0.mp4"']);
  expect((await origin.get("hd/e1/init-0.mp4")).status).toBe(200);
});

test("a part with a date that cannot be written is refused, and who waits for the next part gets the right one", async () => {
  const origin = started();
  const rendition = origin.rendition("hd");
  rendition.discontinuity();
  const hinted = origin.get("hd/e1/part-7.mp4");
  expect(() => rendition.addPart({ bytes: partAt(9_000), programDateTimeMs: 1e300 })).toThrowError(
    refused("invalid-option"),
  );
  await vi.advanceTimersByTimeAsync(100);
  rendition.addPart({ bytes: partAt(12_000) });
  expect(Buffer.from(await (await hinted).arrayBuffer()).equals(partAt(12_000))).toBe(true);
});

test("a part that is larger than all rings together may be is refused before any piece of it is listed", () => {
  const sizeBytes = partAt(0).byteLength * 3;
  const origin = new TestOrigin({ renditions: [VIDEO] }, {}, { maxBytes: sizeBytes });
  origin.setInits();
  origin.part("hd", 0);
  const bytes = new Uint8Array([...partAt(200), ...partAt(400), ...partAt(600), ...partAt(800)]);
  expect(() => origin.rendition("hd").addPart({ bytes })).toThrowError(refused("part-too-large"));
  expect(origin.rendition("hd").position).toEqual({ msn: 1, part: 0 });
});

test("an epoch that cannot stand in a URI is refused, and the producer before goes on", () => {
  const origin = started();
  expect(() => origin.playlists.open("studio", { options: origin.options, epoch: "E 2" })).toThrowError(
    refused("invalid-option"),
  );
  expect(origin.playlists.get("studio").epoch).toBe("e1");
  origin.part("hd", 7);
});
