import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { lintPlaylists } from "../playlist/test-support/playlist-lint.ts";
import { ENGLISH, mediaPart, TestOrigin, VIDEO } from "./origin.test-support.ts";

const RENDITIONS = [VIDEO, ENGLISH];

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("rule 36: a sliding window has no type, an EVENT has one from the first playlist on and loses nothing", async () => {
  const live = new TestOrigin({ renditions: RENDITIONS }, {}, { maxSegments: 4 });
  live.setInits();
  live.parts(0, 101);
  const sliding = await live.text("hd/media.m3u8");
  expect(sliding).not.toContain("PLAYLIST-TYPE");
  expect(sliding).toContain("MEDIA-SEQUENCE:17\n");

  const origin = new TestOrigin({ renditions: RENDITIONS, type: "event" }, {}, { maxSegments: 4 });
  origin.setInits();
  const texts: string[] = [];
  for (let n = 0; n < 105; n += 7) {
    origin.parts(n, n + 7);
    texts.push(await origin.text("hd/media.m3u8"));
  }
  expect(lintPlaylists(texts)).toEqual([]);
  expect(texts.at(-1)).toContain("#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MEDIA-SEQUENCE:1\n");
  expect(texts.at(-1)?.match(/#EXTINF/g)).toHaveLength(20);
  expect((await origin.get("hd/e1/seg-1.mp4")).status).toBe(200);
  origin.playlists.get("studio").end();
  texts.push(await origin.text("hd/media.m3u8"));
  expect(lintPlaylists(texts)).toEqual([]);
  expect(texts.at(-1)).toContain("#EXT-X-PLAYLIST-TYPE:VOD\n");
  expect(texts.at(-1)).toContain("#EXT-X-ENDLIST");
});

test.each([
  { maxSegments: 2, maxPartsPerSegment: 10 },
  { maxBytesPerPlaylist: mediaPart("variant", 0).byteLength * 20 },
  { maxBytes: (mediaPart("variant", 0).byteLength + mediaPart("audio", 0).byteLength) * 20 },
])("rule 36: an EVENT whose ring is full (%o) ends with all that it lists, and says so", async (cache) => {
  const origin = new TestOrigin({ renditions: RENDITIONS, type: "event" }, {}, cache);
  origin.setInits();
  origin.parts(0, 19);
  const before = await origin.text("hd/media.m3u8");
  const waiting = origin.text("en/media.m3u8?_HLS_msn=5&_HLS_part=0");
  expect(() => origin.parts(19, 30)).toThrowError(expect.objectContaining({ code: "stream-limit" }));
  expect(await waiting).toContain("#EXT-X-ENDLIST");
  const after = await origin.text("hd/media.m3u8");
  expect(lintPlaylists([before, after])).toEqual([]);
  expect(after).toContain("MEDIA-SEQUENCE:1\n");
  expect(after).toContain("#EXT-X-ENDLIST");
  for (const [uri] of after.matchAll(/^e1\/seg.*$/gm)) expect((await origin.get(`hd/${uri}`)).status).toBe(200);
  expect(() => origin.part("hd", 40)).toThrowError(expect.objectContaining({ code: "stream-ended" }));
});

test("an EVENT is not pushed out by another stream, which gives up its own oldest parts instead", async () => {
  const partBytes = mediaPart("variant", 0).byteLength;
  const origin = new TestOrigin({ renditions: [VIDEO], type: "event" }, {}, { maxBytes: partBytes * 60 });
  origin.setInits();
  origin.parts(0, 21);
  const { type: _, ...live } = origin.options;
  const other = origin.playlists.open("other", { options: live, epoch: "o1" }).rendition("hd");
  origin.setInit("hd");
  other.setInit(new Uint8Array(await (await origin.get("hd/e1/init-0.mp4")).arrayBuffer()));
  for (let n = 0; n < 200; n++) other.addPart({ bytes: mediaPart("variant", n) });
  for (const msn of [1, 2, 3, 4]) expect((await origin.get(`hd/e1/seg-${msn}.mp4`)).status).toBe(200);
  expect(origin.playlists.stats.sizeBytes).toBeLessThanOrEqual(partBytes * 60);
});

test("rule 57: the end wakes every waiter at once, in every rendition", async () => {
  const origin = new TestOrigin({ renditions: RENDITIONS });
  origin.setInits();
  origin.parts(0, 7);
  const waiting = ["hd/media.m3u8?_HLS_msn=2&_HLS_part=3", "en/media.m3u8?_HLS_msn=3"].map((path) => origin.text(path));
  origin.playlists.get("studio").end();
  for (const text of await Promise.all(waiting)) expect(text).toContain("#EXT-X-ENDLIST");
  expect(origin.playlists.stats.streams[0]?.renditionStats.map(({ waiting: count }) => count)).toEqual([0, 0]);
});
