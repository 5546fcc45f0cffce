import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { lintPlaylists } from "../playlist/test-support/playlist-lint.ts";
import { CAPTIONS, mediaPart, TestOrigin, VIDEO } from "./origin.test-support.ts";

const LAST = 2 ** 53 - 1;
const sizeOf = (n: number) => mediaPart("variant", n).byteLength;
const bytesOf = (from: number, to: number) =>
  Buffer.concat(Array.from({ length: to - from }, (_, n) => mediaPart("variant", from + n)));

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Segment 2 is open and holds parts 5 and 6. */
function started(): TestOrigin {
  const origin = new TestOrigin({ renditions: [VIDEO, CAPTIONS], parts: "byterange" });
  origin.setInits();
  origin.parts(0, 7);
  return origin;
}

const ask = (origin: TestOrigin, range: string | undefined, path = "hd/e1/seg-2.mp4") =>
  origin.get(path, range === undefined ? {} : { headers: { range } });

test("rules 18, 19 and 42: parts are ranges of their segment, and the hint stands behind them without a length", async () => {
  const origin = started();
  const text = await origin.text("hd/media.m3u8");
  expect(lintPlaylists([text])).toEqual([]);
  expect(text).toContain(`URI="e1/seg-1.mp4",BYTERANGE="${sizeOf(1)}@${sizeOf(0)}"\n`);
  expect(text).toContain(`URI="e1/seg-2.mp4",BYTERANGE="${sizeOf(5)}@0",INDEPENDENT=YES\n`);
  expect(text).toContain(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="e1/seg-2.mp4",BYTERANGE-START=${sizeOf(5) + sizeOf(6)}\n`);
  for (const [, uri, size, start] of text.matchAll(/URI="(e1\/seg-\d\.mp4)",BYTERANGE="(\d+)@(\d+)"/g)) {
    const response = await ask(origin, `bytes=${start}-${Number(start) + Number(size) - 1}`, `hd/${uri}`);
    expect(response.status).toBe(206);
    expect((await response.arrayBuffer()).byteLength).toBe(Number(size));
  }
  expect(await origin.text("cc/media.m3u8")).not.toContain("BYTERANGE");
});

test("rules 62 and 63: the hinted range is answered part by part, each when it is there, until the segment closes", async () => {
  const origin = started();
  const start = sizeOf(5) + sizeOf(6);
  const pending = ask(origin, `bytes=${start}-${LAST}`);
  await vi.advanceTimersByTimeAsync(100);
  origin.part("hd", 7);
  const response = await pending;
  expect(response.status).toBe(206);
  expect(response.headers.get("content-range")).toBe(`bytes ${start}-${LAST}/*`);
  expect(response.headers.get("cache-control")).toBe("no-store");
  const reader = response.body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? []).equals(bytesOf(7, 8))).toBe(true);
  let hasMore = false;
  const next = reader?.read().then((result) => {
    hasMore = true;
    return result;
  });
  await vi.advanceTimersByTimeAsync(100);
  expect(hasMore).toBe(false);
  origin.parts(8, 10, ["hd"]);
  expect(Buffer.from((await next)?.value ?? []).equals(bytesOf(8, 9))).toBe(true);
  expect(Buffer.from((await reader?.read())?.value ?? []).equals(bytesOf(9, 10))).toBe(true);
  const end = reader?.read();
  origin.part("hd", 10); // opens segment 3
  expect((await end)?.done).toBe(true);
});

test("an open segment is answered as a whole too: what there is, and what comes", async () => {
  const origin = started();
  const response = await ask(origin, undefined);
  expect([response.status, response.headers.get("content-length")]).toEqual([200, null]);
  origin.parts(7, 11, ["hd"]);
  expect(Buffer.from(await response.arrayBuffer()).equals(bytesOf(5, 10))).toBe(true);
  const closed = await ask(origin, `bytes=3-${LAST}`);
  expect(closed.headers.get("content-range")).toBe(
    `bytes 3-${bytesOf(5, 10).byteLength - 1}/${bytesOf(5, 10).byteLength}`,
  );
});

test("a range with an end is answered with what there is of it, without waiting for the rest", async () => {
  const origin = started();
  const response = await ask(origin, "bytes=2-5");
  expect(response.headers.get("content-range")).toBe("bytes 2-5/*");
  expect(Buffer.from(await response.arrayBuffer()).equals(bytesOf(5, 6).subarray(2, 6))).toBe(true);
  const beyond = await ask(origin, `bytes=2-${10 ** 9}`);
  expect((await beyond.arrayBuffer()).byteLength).toBe(sizeOf(5) + sizeOf(6) - 2);
});

test("rule 40: where the next part opens another segment, a waiting request for the hinted range is 404 at once, and the new hint is right", async () => {
  const origin = started();
  origin.parts(7, 10);
  const hinted = ask(origin, `bytes=${bytesOf(5, 10).byteLength}-`);
  const whole = ask(origin, undefined, "hd/e1/seg-3.mp4"); // the one that may open next
  origin.parts(10, 11);
  expect((await hinted).status).toBe(404);
  const response = await whole;
  expect(response.status).toBe(200);
  await response.body?.cancel();
  expect(await origin.text("hd/media.m3u8")).toContain(`URI="e1/seg-3.mp4",BYTERANGE-START=${sizeOf(10)}`);
  expect((await ask(origin, `bytes=${bytesOf(5, 10).byteLength}-`)).status).toBe(416);
});

test("rule 58: where no more of a segment comes, what was sent of it stands, and who has nothing yet is told to ask again", async () => {
  const origin = started();
  const begun = await ask(origin, "bytes=0-");
  const waiting = ask(origin, `bytes=${bytesOf(5, 7).byteLength}-`);
  const read = begun.arrayBuffer();
  await vi.waitFor(() => expect(origin.rendition("hd").stats.waiting).toBe(2));
  origin.rendition("hd").drain();
  expect((await waiting).status).toBe(503);
  expect(Buffer.from(await read).equals(bytesOf(5, 7))).toBe(true);
});

test("rule 40: a discontinuity, an init segment or a key is known to open a segment, and so the hint names it", async () => {
  const origin = started();
  for (const change of [
    () => origin.rendition("hd").discontinuity(),
    () => origin.setInit("hd"),
    () => origin.rendition("hd").setKeys([{ method: "SAMPLE-AES", uri: "skd://one" }]),
  ]) {
    const { msn = 0 } = origin.rendition("hd").position ?? {};
    change();
    const before = await origin.text("hd/media.m3u8");
    expect(before).toContain(`URI="e1/seg-${msn + 1}.mp4",BYTERANGE-START=0\n`);
    const hinted = ask(origin, "bytes=0-", `hd/e1/seg-${msn + 1}.mp4`);
    origin.rendition("hd").discontinuity();
    origin.part("hd", 7);
    const response = await hinted;
    const { value } = (await response.body?.getReader().read()) ?? {};
    expect(Buffer.from(value ?? []).equals(bytesOf(7, 8))).toBe(true);
  }
});

test("no request waits for ever: neither for a part that does not come, nor in the middle of a body, nor past the end", async () => {
  const origin = started();
  const hinted = ask(origin, `bytes=${sizeOf(5) + sizeOf(6)}-`);
  const body = (await ask(origin, undefined)).arrayBuffer();
  await vi.advanceTimersByTimeAsync(3_000);
  expect((await hinted).status).toBe(503);
  expect((await body).byteLength).toBe(sizeOf(5) + sizeOf(6));
  const ending = ask(origin, `bytes=${sizeOf(5) + sizeOf(6)}-`);
  origin.playlists.get("studio").end();
  expect((await ending).status).toBe(404);
  expect(origin.playlists.stats.streams[0]?.renditionStats[0]?.waiting).toBe(0);
});

test("a body that nobody reads any more waits for nothing", async () => {
  const origin = started();
  const reader = (await ask(origin, undefined)).body?.getReader();
  for (let n = 0; n < 2; n++) await reader?.read();
  const pending = reader?.read();
  await vi.advanceTimersByTimeAsync(0);
  expect(origin.playlists.stats.streams[0]?.renditionStats[0]?.waiting).toBe(1);
  await reader?.cancel();
  await pending;
  expect(origin.playlists.stats.streams[0]?.renditionStats[0]?.waiting).toBe(0);
});

test("rules 25 and 64: a segment with a gap in it is served with what there is, and the gap itself is 404", async () => {
  for (const parts of ["files", "byterange"] as const) {
    const origin = new TestOrigin({ renditions: [VIDEO], parts });
    origin.setInits();
    origin.parts(0, 7);
    origin.rendition("hd").addGap(200);
    origin.parts(8, 13);
    const text = await origin.text("hd/media.m3u8");
    expect(lintPlaylists([text])).toEqual([]);
    expect(text).toContain('URI="e1/part-7.mp4",GAP=YES');
    expect((await origin.get("hd/e1/part-7.mp4")).status).toBe(404);
    const segment = Buffer.from(await (await origin.get("hd/e1/seg-2.mp4")).arrayBuffer());
    expect(segment.equals(Buffer.concat([bytesOf(5, 7), bytesOf(8, 10)]))).toBe(true);
  }
});

test("unknown segments, other epochs and segments further ahead are 404 at once", async () => {
  const origin = started();
  for (const path of ["hd/e1/seg-4.mp4", "hd/e0/seg-2.mp4", "hd/e0/seg-3.mp4", "cc/e1/seg-3.vtt"])
    expect((await ask(origin, "bytes=0-", path)).status, path).toBe(404);
});
