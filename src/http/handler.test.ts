import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { testInit, testPart } from "../media/media.test-support.ts";
import type { StreamOptions } from "../model/options.ts";
import type { RenditionOptions } from "../model/rendition-options.ts";
import { Playlists } from "../origin/playlists.ts";
import { clips } from "./clip.ts";
import { createMatch, type HandlerOptions } from "./handler.ts";

const MAIN: RenditionOptions = {
  id: "main",
  codecs: "avc1.42c01f,opus",
  bandwidth: 1_000_000,
  width: 640,
  height: 360,
};
const OPTIONS: StreamOptions = { renditions: [MAIN], partTargetMs: 200, targetDurationMs: 1000, segmentMinMs: 1000 };

let playlists: Playlists;
let sent: Uint8Array[];

beforeEach(() => {
  vi.useFakeTimers();
  playlists = new Playlists();
  sent = [];
});

afterEach(() => {
  vi.useRealTimers();
});

function open(name = "studio", options = OPTIONS) {
  const stream = playlists.open(name, { options, epoch: "e1" });
  stream.rendition("main").setInit(testInit());
  return stream.rendition("main");
}

/** Adds parts `from` to `to`: five of six frames to the second, the first of each independent. */
function addParts(from: number, to: number, name = "studio"): void {
  for (let n = from; n < to; n++) {
    const bytes = testPart({ sequenceNumber: n + 1, firstFrame: n * 6, frames: 6, independent: n % 5 === 0 });
    sent[n] = bytes;
    playlists.get(name).rendition("main").addPart({ bytes });
  }
}

function get(path: string, init: RequestInit = {}, options: HandlerOptions = {}): Promise<Response> {
  const response = createMatch(playlists, options)(new Request(`http://localhost/live/${path}`, init));
  if (response === undefined) throw new Error(`${path} was not taken`);
  return response;
}

const MEDIA = "studio/main/media.m3u8";

test("a request outside the base is nobody's of ours, at once", () => {
  const match = createMatch(playlists);
  expect(match(new Request("http://localhost/other/main.m3u8"))).toBeUndefined();
  expect(match(new Request("http://localhost/"))).toBeUndefined();
});

test("rule 60: the Multivariant Playlist is found under its name, with the type of a playlist", async () => {
  open();
  const response = await get("studio/main.m3u8");
  expect(response.headers.get("content-type")).toBe("application/vnd.apple.mpegurl");
  const text = await response.text();
  expect(text).toContain('CODECS="avc1.42c01f,opus"');
  expect(text).toContain("main/media.m3u8");
});

test("rules 18 and 64: whatever a playlist lists is fetchable at once, and a segment is its parts byte for byte", async () => {
  open();
  addParts(0, 13);
  const text = await (await get(MEDIA)).text();
  const uris = [...text.matchAll(/#EXT-X-PART:.*URI="([^"]+)"|#EXT-X-MAP:URI="([^"]+)"|^(e1\/seg.*)$/gm)];
  expect(uris.length).toBeGreaterThan(13);
  for (const [, part, map, segment] of uris) {
    const response = await get(`studio/main/${part ?? map ?? segment}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("video/mp4");
    expect(response.headers.get("cache-control")).toContain("immutable");
  }
  const segment = new Uint8Array(await (await get("studio/main/e1/seg-2.mp4")).arrayBuffer());
  expect(Buffer.from(segment).equals(Buffer.concat(sent.slice(5, 10)))).toBe(true);
});

test("a part is never copied on its way through the core: its Response carries the very buffer that was put", async () => {
  open();
  addParts(0, 7);
  const response = await get("studio/main/e1/part-3.mp4");
  const { value } = (await response.body?.getReader().read()) ?? {};
  expect(value?.buffer).toBe(sent[3]?.buffer);
});

test("rule 68: the first playlist is held until a segment has closed", async () => {
  open();
  addParts(0, 3);
  let answered = false;
  const pending = get(MEDIA).then((response) => {
    answered = true;
    return response;
  });
  await vi.advanceTimersByTimeAsync(500);
  expect(answered).toBe(false);
  addParts(3, 6);
  expect(await (await pending).text()).toContain("#EXTINF:1.00000,");
});

test("the first playlist is refused with 503 when no segment closes in time", async () => {
  open();
  addParts(0, 1);
  const pending = get(MEDIA);
  await vi.advanceTimersByTimeAsync(10_000);
  const response = await pending;
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("1");
});

test("rule 52: a blocked request is answered by the part it waits for, and by no earlier one", async () => {
  open();
  addParts(0, 7);
  let answered = false;
  const pending = get(`${MEDIA}?_HLS_msn=2&_HLS_part=3`).then((response) => {
    answered = true;
    return response.text();
  });
  addParts(7, 8);
  await vi.advanceTimersByTimeAsync(0);
  expect(answered).toBe(false);
  addParts(8, 9);
  expect(await pending).toContain('e1/part-8.mp4"');
});

test("rule 51: _HLS_msn alone is answered when that segment is complete", async () => {
  open();
  addParts(0, 7);
  const pending = get(`${MEDIA}?_HLS_msn=2`).then((response) => response.text());
  addParts(7, 11);
  expect(await pending).toContain("e1/seg-2.mp4");
});

test("rule 53: a part past the last of a segment is answered by part 0 of the next", async () => {
  open();
  addParts(0, 10);
  const pending = get(`${MEDIA}?_HLS_msn=2&_HLS_part=5`).then((response) => response.text());
  addParts(10, 11);
  expect(await pending).toContain('e1/part-10.mp4"');
});

test("rules 54, 55 and 59: a directive that is wrong or too far ahead is refused with 400 and one line", async () => {
  open();
  addParts(0, 7);
  for (const query of [
    "_HLS_part=1",
    "_HLS_msn=99",
    "_HLS_msn=-1",
    "_HLS_msn=2&_HLS_msn=2",
    "_HLS_msn=2&_HLS_part=999",
  ]) {
    const response = await get(`${MEDIA}?${query}`);
    expect(response.status).toBe(400);
    expect((await response.text()).trim().split("\n")).toHaveLength(1);
  }
});

test("rule 57: ending wakes every waiter at once, and directives are ignored from then on", async () => {
  const rendition = open();
  addParts(0, 7);
  const playlist = get(`${MEDIA}?_HLS_msn=2&_HLS_part=4`);
  const part = get("studio/main/e1/part-7.mp4");
  rendition.end();
  expect(await (await playlist).text()).toContain("#EXT-X-ENDLIST");
  expect((await part).status).toBe(404);
  expect((await get(`${MEDIA}?_HLS_msn=500`)).status).toBe(200);
});

test("rule 58: a request whose part does not come is answered with the playlist there is, before hls.js gives up", async () => {
  open();
  addParts(0, 7);
  const pending = get(`${MEDIA}?_HLS_msn=2&_HLS_part=2`);
  await vi.advanceTimersByTimeAsync(0.8 * 1000);
  const response = await pending;
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('e1/part-6.mp4"');
  expect(playlists.stats.streams[0]?.renditionStats[0]).toMatchObject({ waiting: 0, expired: 1 });
});

test("rule 58: a hinted part that is still to come is 503 after three target durations, and at once where nobody is to wait", async () => {
  const rendition = open();
  addParts(0, 7);
  const hinted = get("studio/main/e1/part-7.mp4");
  await vi.advanceTimersByTimeAsync(3 * 1000);
  expect((await hinted).status).toBe(503);
  const drained = get("studio/main/e1/part-7.mp4");
  expect(rendition.drain()).toBe(1);
  expect((await drained).status).toBe(503);
  const given = get("studio/main/e1/part-7.mp4");
  rendition.addGap(200);
  expect((await given).status).toBe(404);
});

test("rules 40 and 63: the hinted part is answered whole once it is there, also when it opens a new segment", async () => {
  open();
  addParts(0, 10);
  const hint = /TYPE=PART,URI="([^"]+)"/.exec(await (await get(MEDIA)).text())?.[1];
  expect(hint).toBe("e1/part-10.mp4");
  const pending = get(`studio/main/${hint}`);
  addParts(10, 11); // independent: it opens segment 3
  const bytes = new Uint8Array(await (await pending).arrayBuffer());
  expect(Buffer.from(bytes).equals(Buffer.from(sent[10] ?? []))).toBe(true);
  expect(await (await get(MEDIA)).text()).toContain("e1/seg-2.mp4");
});

test("rule 65: what is unknown and not hinted is 404 at once", async () => {
  open();
  addParts(0, 7);
  for (const path of [
    "none/main.m3u8",
    "studio/none/media.m3u8",
    "studio/main/e1/part-8.mp4",
    "studio/main/e0/part-1.mp4",
    "studio/main/e1/seg-2.mp4",
    "studio/main/e1/init-1.mp4",
    "studio/other",
    "..%2f..%2fstudio/main.m3u8",
  ]) {
    expect((await get(path)).status, path).toBe(404);
  }
  expect((await get("%ff/main.m3u8")).status).toBe(400);
});

test("rule 65: a removed stream is 404", async () => {
  open();
  addParts(0, 7);
  playlists.remove("studio");
  expect((await get("studio/main.m3u8")).status).toBe(404);
  expect((await get("studio/main/e1/part-1.mp4")).status).toBe(404);
});

test("rule 65: whoever waits for a stream that is removed is told so at once, and not that it has ended", async () => {
  open();
  addParts(0, 7);
  playlists.open("silent", { options: { ...OPTIONS, renditions: [{ id: "main", bandwidth: 1 }] }, epoch: "e1" });
  const waiting = [
    "studio/main/media.m3u8?_HLS_msn=2&_HLS_part=2",
    "studio/main/dvr.m3u8?_HLS_msn=2&_HLS_part=2",
    "studio/main/e1/part-7.mp4",
    "silent/main.m3u8",
    "silent/main/media.m3u8",
    "silent/main/dvr.m3u8",
  ].map(async (path) => {
    const response = await get(path);
    return `${path}: ${response.status} ${await response.text()}`;
  });
  await vi.advanceTimersByTimeAsync(10);
  playlists.remove("studio");
  playlists.remove("silent");
  for (const answer of await Promise.all(waiting)) expect(answer).toMatch(/: (?:404|410) /);
});

test("whoever waits in playlists that others take the place of is answered from those, after the same numbers", async () => {
  open();
  addParts(0, 7);
  const paths = ["studio/main/media.m3u8?_HLS_msn=2&_HLS_part=2", "studio/main/dvr.m3u8?_HLS_msn=2&_HLS_part=2"];
  const waiting = paths.map((path) => get(path));
  await vi.advanceTimersByTimeAsync(10);
  // Rule 9: another part target has playlists of its own.
  const replaced = playlists.open("studio", { options: { ...OPTIONS, partTargetMs: 250 }, epoch: "e2" });
  replaced.rendition("main").setInit(testInit());
  await vi.advanceTimersByTimeAsync(10);
  addParts(10, 16);
  for (const response of await Promise.all(waiting)) {
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/PART-TARGET=0\.25000\n#EXT-X-MEDIA-SEQUENCE:3\n[\s\S]*e2\/seg-3\.mp4\n/);
  }
});

test("rule 25: a gap is listed, and then answers 404", async () => {
  const rendition = open();
  addParts(0, 7);
  rendition.addGap(200);
  expect(await (await get(MEDIA)).text()).toMatch(/URI="e1\/part-7\.mp4",GAP=YES/);
  expect((await get("studio/main/e1/part-7.mp4")).status).toBe(404);
});

test("rule 64: a segment with a gap among its parts is no gap, and answers with the rest of them", async () => {
  const rendition = open();
  addParts(0, 7);
  rendition.addGap(200);
  addParts(8, 11);
  expect(await (await get(MEDIA)).text()).toMatch(/(?<!#EXT-X-GAP\n)#EXTINF:1.00000,\ne1\/seg-2\.mp4/);
  const response = await get("studio/main/e1/seg-2.mp4");
  expect(response.status).toBe(200);
  const rest = [...sent.slice(5, 7), ...sent.slice(8, 10)];
  expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.concat(rest))).toBe(true);
});

test("rule 62: ranges of parts and segments, across the parts of a segment", async () => {
  open();
  addParts(0, 7);
  const whole = Buffer.concat(sent.slice(0, 5));
  const first = sent[0]?.byteLength ?? 0;
  const response = await get("studio/main/e1/seg-1.mp4", { headers: { range: `bytes=${first - 3}-${first + 2}` } });
  expect(response.status).toBe(206);
  expect(response.headers.get("content-range")).toBe(`bytes ${first - 3}-${first + 2}/${whole.byteLength}`);
  expect(response.headers.get("content-length")).toBe("6");
  expect(Buffer.from(await response.arrayBuffer()).equals(whole.subarray(first - 3, first + 3))).toBe(true);
  const open53 = await get("studio/main/e1/part-1.mp4", { headers: { range: "bytes=4-9007199254740991" } });
  expect((await open53.arrayBuffer()).byteLength).toBe((sent[1]?.byteLength ?? 0) - 4);
  const beyond = await get("studio/main/e1/part-1.mp4", { headers: { range: "bytes=999999-" } });
  expect(beyond.status).toBe(416);
  expect(beyond.headers.get("content-range")).toBe(`bytes */${sent[1]?.byteLength}`);
});

test("HEAD gives the headers alone, another method 405", async () => {
  open();
  addParts(0, 7);
  const head = await get("studio/main/e1/part-1.mp4", { method: "HEAD" });
  expect(head.headers.get("content-length")).toBe(String(sent[1]?.byteLength));
  expect(await head.text()).toBe("");
  // RFC 9110 14.2: a range is asked for with GET alone.
  for (const range of ["bytes=0-9", "bytes=9999999-"]) {
    const ranged = await get("studio/main/e1/part-1.mp4", { method: "HEAD", headers: { range } });
    expect([ranged.status, ranged.headers.get("content-length")]).toEqual([200, String(sent[1]?.byteLength)]);
  }
  const post = await get(MEDIA, { method: "POST", body: "x" });
  expect(post.status).toBe(405);
  expect(post.headers.get("allow")).toBe("GET, HEAD");
});

test("rules 45 and 50: _HLS_skip answers a delta once there is something to skip, and the whole playlist before", async () => {
  open();
  addParts(0, 12);
  expect(await (await get(`${MEDIA}?_HLS_skip=YES`)).text()).not.toContain("#EXT-X-SKIP");
  addParts(12, 61);
  expect(await (await get(`${MEDIA}?_HLS_skip=v2`)).text()).toMatch(/#EXT-X-SKIP:SKIPPED-SEGMENTS=\d+/);
  expect(await (await get(MEDIA)).text()).not.toContain("#EXT-X-SKIP");
});

test("rule 61: gzip over a network for who accepts it, never as a worker's default", async () => {
  open();
  addParts(0, 7);
  const headers = { "accept-encoding": "br, gzip" };
  expect((await get(MEDIA, { headers })).headers.get("content-encoding")).toBeNull();
  const zipped = await get(MEDIA, { headers }, { gzip: true });
  expect(zipped.headers.get("content-encoding")).toBe("gzip");
  expect(zipped.headers.get("vary")).toBe("accept-encoding");
  expect(gunzipSync(Buffer.from(await zipped.arrayBuffer())).toString()).toContain("#EXTM3U");
  const refused = await get(MEDIA, { headers: { "accept-encoding": "gzip;q=0" } }, { gzip: true });
  expect(refused.headers.get("content-encoding")).toBeNull();
});

test("rules 66 and 67: playlists are never stored, there is no Age, and another origin may read where that is allowed", async () => {
  open();
  addParts(0, 7);
  const response = await get(MEDIA, {}, { allowOrigin: "*" });
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(response.headers.get("age")).toBeNull();
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
  expect((await get("none/main.m3u8", {}, { allowOrigin: "*" })).headers.get("access-control-allow-origin")).toBe("*");
});

test("stats.json tells of every stream, and is JSON", async () => {
  open();
  addParts(0, 7);
  await get("studio/main/e1/part-1.mp4");
  const stats = (await (await get("stats.json")).json()) as { streams: unknown[] };
  expect(stats.streams[0]).toMatchObject({
    name: "studio",
    state: "live",
    persistence: "memory",
    renditionStats: [{ id: "main", last: { msn: 2, part: 1 }, parts: 7, hits: 1, misses: 0 }],
  });
});

test("rule 14: a part that is too long is split on its fragment boundaries, or refused when one fragment is", () => {
  const rendition = open();
  const fragments = [0, 1, 2, 3].map((n) =>
    testPart({ sequenceNumber: n + 1, firstFrame: n * 3, frames: 3, independent: n === 0 }),
  );
  const { position } = rendition.addPart({ bytes: new Uint8Array(Buffer.concat(fragments)) });
  expect(position).toEqual({ msn: 1, part: 1 });
  const short = testPart({ sequenceNumber: 5, firstFrame: 12, frames: 3, independent: false });
  const long = new Uint8Array(Buffer.concat([short, testPart({ sequenceNumber: 6, firstFrame: 15, frames: 12 })]));
  expect(() => rendition.addPart({ bytes: long })).toThrowError(expect.objectContaining({ code: "part-too-long" }));
  expect(rendition.position).toEqual({ msn: 1, part: 1 });
});

test("rules 21 and 31: what leaves the playlist stays fetchable, and what is listed always is, under a tight byte budget", async () => {
  const partBytes = testPart({ firstFrame: 0, frames: 6 }).byteLength;
  playlists = new Playlists({ maxBytesPerPlaylist: partBytes * 60 });
  open();
  for (let n = 0; n < 200; n++) {
    addParts(n, n + 1);
    if (n < 6 || n % 7 !== 0) continue;
    const text = await (await get(MEDIA)).text();
    for (const [uri] of text.matchAll(/^e1\/seg.*$/gm)) expect((await get(`studio/main/${uri}`)).status).toBe(200);
    const firstMsn = Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
    if (firstMsn > 3) expect((await get(`studio/main/e1/seg-${firstMsn - 3}.mp4`)).status).toBe(200);
  }
});

test("stream-limit: a stream beyond the places is refused while all are live, and takes an ended one's place", () => {
  playlists = new Playlists({ numPlaylists: 2 });
  open("a");
  open("b");
  expect(() => open("c")).toThrowError(expect.objectContaining({ code: "stream-limit" }));
  expect(playlists.summaries.map(({ name }) => name)).toEqual(["a", "b"]);
  playlists.get("a").end();
  open("c");
  expect(playlists.summaries.map(({ name }) => name)).toEqual(["b", "c"]);
});

test("clips are served by who was given them, and are 404 elsewhere", async () => {
  open();
  addParts(0, 11);
  expect((await get("studio/clip.mp4")).status).toBe(404);
  const clip = await get("studio/clip.mp4", {}, { clips: clips() });
  expect([clip.status, clip.headers.get("content-type")]).toEqual([200, "video/mp4"]);
  await clip.body?.cancel();
});
