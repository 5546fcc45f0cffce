import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { lintPlaylists } from "../playlist/test-support/playlist-lint.ts";
import { CAPTIONS, ENGLISH, START_MS, TestOrigin, VIDEO } from "./origin.test-support.ts";

const RENDITIONS = [VIDEO, ENGLISH, CAPTIONS];

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function started(): TestOrigin {
  const origin = new TestOrigin({ renditions: RENDITIONS });
  origin.setInits();
  origin.parts(0, 12);
  return origin;
}

test("rules 28, 29, 32 and 33: a producer that comes back goes on in the same playlists, with a discontinuity and URIs of its own", async () => {
  const origin = started();
  const seen = new Map(RENDITIONS.map(({ id }) => [id, [] as string[]]));
  const look = async () => {
    for (const [id, texts] of seen) texts.push(await origin.text(`${id}/media.m3u8`));
  };
  await look();
  origin.open("e2");
  await look();
  origin.setInits();
  await look();
  origin.parts(100, 105);
  await look();
  origin.open("e3");
  origin.setInits();
  for (let n = 300; n < 420; n += 7) {
    origin.parts(n, n + 7);
    await look();
  }
  for (const texts of seen.values()) expect(lintPlaylists(texts)).toEqual([]);
  const [, resumed = "", hinted = "", after = ""] = seen.get("hd") ?? [];
  expect(resumed).toContain('TYPE=PART,URI="e2/part-13.mp4"');
  expect(hinted).toContain('TYPE=MAP,URI="e2/init-1.mp4"');
  expect(after).toMatch(
    /e1\/seg-3\.mp4\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="e2\/init-1\.mp4"\n#EXT-X-PROGRAM-DATE-TIME/,
  );
  expect(after).toContain(
    `TIME:${new Date(START_MS + 20_000).toISOString()}\n#EXT-X-PART:DURATION=0.20000,URI="e2/part-13.mp4"`,
  );
});

test("rules 28 and 64: what the first producer published stays fetchable under its own URIs, and under no others", async () => {
  const origin = started();
  const first = Buffer.from(await (await origin.get("hd/e1/part-7.mp4")).arrayBuffer());
  origin.open("e2");
  origin.setInits();
  origin.parts(100, 106);
  const status = async (path: string) => (await origin.get(path)).status;
  expect(Buffer.from(await (await origin.get("hd/e1/part-7.mp4")).arrayBuffer()).equals(first)).toBe(true);
  for (const path of [
    "hd/e1/init-0.mp4",
    "hd/e1/seg-3.mp4",
    "cc/e1/seg-2.vtt",
    "hd/e2/init-1.mp4",
    "hd/e2/part-14.mp4",
  ])
    expect(await status(path), path).toBe(200);
  for (const path of [
    "hd/e2/part-7.mp4",
    "hd/e2/init-0.mp4",
    "hd/e2/seg-3.mp4",
    "hd/e1/part-14.mp4",
    "hd/e1/init-1.mp4",
  ])
    expect(await status(path), path).toBe(404);
  const playlist = await origin.text("hd/media.m3u8");
  for (const [, uri] of playlist.matchAll(/^(e\d\/seg-.*)$/gm)) expect(await status(`hd/${uri}`)).toBe(200);
});

test("rule 40: a request for the part that was hinted before is answered 404 at once, and a blocked playlist by the next part", async () => {
  const origin = started();
  const part = origin.get("hd/e1/part-12.mp4");
  const playlist = origin.text("hd/media.m3u8?_HLS_msn=4&_HLS_part=0");
  origin.open("e2");
  expect((await part).status).toBe(404);
  origin.setInits();
  origin.parts(100, 101);
  expect(await playlist).toContain("e2/part-13.mp4");
});

test("a producer that comes back must send an init segment first, and may bring another codec", async () => {
  const origin = started();
  origin.open("e2");
  expect(() => origin.part("hd", 100)).toThrowError(expect.objectContaining({ code: "init-missing" }));
  origin.setInits();
  origin.part("hd", 100);
  expect(origin.rendition("hd").position).toEqual({ msn: 4, part: 0 });
});

test("rules 5, 9 and 28: with another part target, or after the end, the numbers go on in new playlists", async () => {
  const origin = started();
  origin.open("e2", { ...origin.options, partTargetMs: 250 });
  expect((await origin.get("hd/e1/part-7.mp4")).status).toBe(404);
  origin.setInits();
  origin.parts(100, 106);
  expect(await origin.text("hd/media.m3u8")).toMatch(
    /PART-TARGET=0\.25000\n#EXT-X-MEDIA-SEQUENCE:4\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n/,
  );
  origin.playlists.get("studio").end();
  origin.open("e3");
  origin.setInits();
  origin.parts(200, 206);
  const text = await origin.text("hd/media.m3u8");
  expect(text).toMatch(/MEDIA-SEQUENCE:6\n#EXT-X-DISCONTINUITY-SEQUENCE:2\n/);
  expect(text).not.toContain("ENDLIST");
});

test("producers that come and go without media cost a number each, and nothing of what is listed", async () => {
  const origin = started();
  for (let n = 2; n < 200; n++) origin.open(`e${n}`);
  origin.setInits();
  origin.parts(100, 106);
  const text = await origin.text("hd/media.m3u8");
  expect(text.match(/#EXT-X-DISCONTINUITY$/gm)).toHaveLength(1);
  expect((await origin.get("hd/e199/part-211.mp4")).status).toBe(200);
});

test("ids that never came cost no window: of producers before the first part, and of gaps at its start", async () => {
  const origin = new TestOrigin({ renditions: [VIDEO] }, {}, { maxSegments: 4, maxPartsPerSegment: 64 });
  for (const epoch of ["e2", "e3", "e4"]) origin.open(epoch);
  origin.setInits();
  origin.rendition("hd").addGap(200);
  origin.parts(0, 11);
  expect(await origin.text("hd/media.m3u8")).toMatch(/MEDIA-SEQUENCE:1\n[\s\S]*e4\/seg-1\.mp4\n/);
  origin.parts(11, 16);
  expect((await origin.text("hd/media.m3u8")).match(/#EXTINF/g)?.length).toBeGreaterThanOrEqual(3);
});
