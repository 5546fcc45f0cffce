import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createMatch } from "../http/handler.ts";
import { lintPlaylists } from "../playlist/test-support/playlist-lint.ts";
import { MemoryArchive } from "./archive.test-support.ts";
import { CAPTIONS, ENGLISH, mediaPart, START_MS, TestOrigin, VIDEO } from "./origin.test-support.ts";
import { Playlists } from "./playlists.ts";
import { Recordings } from "./recordings.ts";

const RENDITIONS = [VIDEO, ENGLISH, CAPTIONS];
const PLAYLISTS = ["main.m3u8", "dvr.m3u8", ...RENDITIONS.flatMap(({ id }) => [`${id}/media.m3u8`, `${id}/dvr.m3u8`])];

let archive: MemoryArchive;

beforeEach(() => {
  vi.useFakeTimers();
  archive = new MemoryArchive();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Every URI of the Media Playlists with its range, but for hints. */
function urisOf(playlist: string): string[] {
  const uris = new Set<string>();
  for (const line of playlist.split("\n")) {
    if (line.startsWith("#EXT-X-PRELOAD") || line.startsWith("#EXT-X-RENDITION")) continue;
    const uri = line.startsWith("#") ? /URI="([^"]+)"/.exec(line)?.[1] : line;
    if (uri === undefined || uri === "" || line.startsWith("#EXT-X-KEY")) continue;
    const [, size, start] = /BYTERANGE="(\d+)@(\d+)"/.exec(line) ?? [];
    uris.add(size === undefined ? uri : `${uri} bytes=${start}-${Number(start) + Number(size) - 1}`);
  }
  return [...uris];
}

/** All playlists and what all of their URIs answer. */
async function picture(origin: TestOrigin): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  for (const path of PLAYLISTS) seen[path] = await origin.text(path);
  for (const { id } of RENDITIONS) {
    const uris = new Set([...urisOf(seen[`${id}/media.m3u8`] ?? ""), ...urisOf(seen[`${id}/dvr.m3u8`] ?? "")]);
    for (const address of uris) {
      const [uri = "", range] = address.split(" ");
      const response = await origin.get(`${id}/${uri}`, range === undefined ? {} : { headers: { range } });
      const bytes = Buffer.from(await response.arrayBuffer());
      seen[`${id}/${address}`] =
        `${response.status} ${response.headers.get("content-type")} ${bytes.toString("base64")}`;
    }
  }
  return seen;
}

function started(parts: "files" | "byterange", cache = {}): TestOrigin {
  const origin = new TestOrigin({ renditions: RENDITIONS, parts }, {}, { maxSegments: 4, ...cache }, archive);
  origin.setInits();
  return origin;
}

/** Discontinuities, a gap, new init segments, keys, date ranges and a producer that took over, all of them in the past. */
function eventful(parts: "files" | "byterange"): TestOrigin {
  const origin = started(parts);
  origin.parts(0, 23);
  for (const { id } of RENDITIONS) {
    origin.rendition(id).addDateRange({ id: "show", startDate: START_MS });
    origin.rendition(id).addDateRange({ id: "over", startDate: START_MS, durationMs: 100 });
    origin.rendition(id).addGap(200);
  }
  origin.parts(24, 37);
  for (const { id } of RENDITIONS) origin.rendition(id).discontinuity();
  origin.rendition("hd").setKeys([{ method: "SAMPLE-AES", uri: "skd://one" }]);
  origin.parts(40, 60);
  origin.open("e2");
  origin.setInits();
  origin.parts(60, 72);
  origin.setInit("hd");
  origin.parts(75, 87);
  return origin;
}

test.each(["files", "byterange"] as const)(
  "a stream with parts as %s is restored digit for digit, and every URI answers the same bytes",
  async (parts) => {
    const origin = eventful(parts);
    const before = await picture(origin);
    expect(Object.keys(before).length).toBeGreaterThan(100);
    for (const path of Object.keys(before)) expect(before[path], path).not.toMatch(/^(?!404)4/);
    expect(before["hd/dvr.m3u8"]).toContain("#EXT-X-MEDIA-SEQUENCE:1\n");
    expect(before["hd/media.m3u8"]).not.toContain("e1/seg");
    origin.restart();
    expect(await picture(origin)).toEqual(before);
    expect(archive.reads).toBeGreaterThan(0);
  },
);

test.each(["files", "byterange"] as const)(
  "a restored stream with parts as %s goes on as one that never stopped",
  async (parts) => {
    const goOn = (origin: TestOrigin) => {
      origin.parts(87, 99);
      origin.rendition("en").addGap(200);
      origin.open("e3");
      origin.setInits();
      origin.parts(100, 112);
      return origin;
    };
    const expected = await picture(goOn(eventful(parts)));
    archive = new MemoryArchive();
    const origin = eventful(parts);
    origin.restart();
    goOn(origin);
    expect(await picture(origin)).toEqual(expected);
    origin.restart();
    expect(await picture(origin)).toEqual(expected);
    const texts = [expected["hd/dvr.m3u8"] ?? "", await origin.text("hd/dvr.m3u8")];
    expect(lintPlaylists(texts)).toEqual([]);
  },
);

test("what was pending between two parts is forgotten, so that its steps can come again", async () => {
  const origin = started("files");
  origin.parts(0, 12);
  const pending = () => {
    for (const { id } of RENDITIONS) origin.rendition(id).discontinuity();
    origin.setInit("hd");
    origin.rendition("hd").setKeys([{ method: "SAMPLE-AES", uri: "skd://two" }]);
  };
  pending();
  origin.restart();
  expect(await origin.text("hd/media.m3u8")).not.toContain("TYPE=MAP");
  pending();
  origin.parts(20, 30);
  const text = await origin.text("hd/media.m3u8");
  expect(text.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(1);
  expect(text.match(/#EXT-X-MAP:.*/g)).toEqual(['#EXT-X-MAP:URI="e1/init-0.mp4"', '#EXT-X-MAP:URI="e1/init-1.mp4"']);
  expect(text.match(/#EXT-X-KEY:.*/g)).toEqual(['#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://two"']);
});

test("a producer that has published in one rendition only is the one that goes on in all", async () => {
  const origin = started("files");
  origin.parts(0, 12);
  origin.open("e2");
  origin.setInits();
  origin.parts(12, 18, ["hd"]);
  origin.restart();
  expect(origin.playlists.get("studio").epoch).toBe("e2");
  origin.setInit("en");
  origin.parts(12, 18, ["en", "cc"]);
  for (const id of ["en", "cc"]) {
    const text = await origin.text(`${id}/media.m3u8`);
    expect(text).toMatch(/e1\/seg-3\.\w+\n#EXT-X-DISCONTINUITY\n/);
    expect(text).toContain("e2/part-");
  }
});

test("how short its segments may be is said by the producer that writes, before and after a restart", async () => {
  const origin = started("files");
  origin.parts(0, 11);
  const shorter = { ...ENGLISH, segmentMinMs: 400 };
  origin.open("e2", { ...origin.options, renditions: [VIDEO, shorter, CAPTIONS] });
  origin.setInits();
  origin.parts(20, 30);
  const durations = async () => (await origin.text("en/media.m3u8")).match(/(?<=#EXTINF:)[\d.]+/g)?.slice(-4);
  expect(await durations()).toEqual(["0.40000", "0.40000", "0.40000", "0.40000"]);
  origin.restart();
  origin.parts(30, 34);
  expect(await durations()).toEqual(["0.40000", "0.40000", "0.40000", "0.40000"]);
});

test("a stream that has ended is restored as a recording", async () => {
  const origin = eventful("files");
  origin.playlists.get("studio").end();
  const before = await picture(origin);
  origin.restart();
  expect(await picture(origin)).toEqual(before);
  expect(before["hd/dvr.m3u8"]).toContain("#EXT-X-PLAYLIST-TYPE:VOD\n");
  expect(origin.playlists.summaries).toMatchObject([{ state: "ended" }]);
});

test.each(["live", "event"] as const)(
  "rule 64: a recording (%s) lists nothing that want of room has taken",
  async (type) => {
    const origin = new TestOrigin({ renditions: [VIDEO], type }, {}, { maxSegments: 4 }, archive);
    origin.setInits();
    origin.parts(0, 60);
    origin.playlists.get("studio").end();
    for (const hasPlace of ["from its start", "restored"]) {
      if (hasPlace === "restored") origin.restart();
      for (const list of ["media.m3u8", "dvr.m3u8"]) expect((await origin.get(`hd/${list}`)).status).toBe(200);
      archive.recordings.get("hd")?.forgetBefore(11);
      origin.playlists.forgetBefore("studio", "hd", 11);
      for (const list of ["media.m3u8", "dvr.m3u8"]) {
        const text = await origin.text(`hd/${list}`);
        expect(text, `${hasPlace}, ${list}`).toContain("#EXT-X-MEDIA-SEQUENCE:11\n");
        expect(text).toContain("e1/seg-12.mp4\n#EXT-X-ENDLIST");
      }
    }
  },
);

test("a recording that is pinned is replaced by no stream of its name", () => {
  const origin = started("files");
  origin.parts(0, 12);
  origin.playlists.get("studio").end();
  archive.isPinned = true;
  expect(() => origin.open("e2")).toThrowError(expect.objectContaining({ code: "stream-exists" }));
  expect(origin.playlists.summaries).toMatchObject([{ state: "ended", kept: { pinned: true } }]);
  archive.isPinned = false;
  origin.open("e2");
  expect(origin.playlists.find("studio")?.epoch).toBe("e2");
});

test("with an archive the bytes of a ring do not limit the list, and without one that is lost they do again", async () => {
  const origin = started("files", { maxSegments: 16, maxBytesPerPlaylist: mediaPart("variant", 0).byteLength * 12 });
  origin.parts(0, 60);
  const text = await origin.text("hd/media.m3u8");
  expect(text.match(/#EXTINF/g)).toHaveLength(11);
  for (const uri of urisOf(text)) expect((await origin.get(`hd/${uri}`)).status, uri).toBe(200);
  archive.available = false;
  origin.parts(60, 61);
  const limited = await origin.text("hd/media.m3u8");
  expect(limited.match(/#EXTINF/g)?.length).toBeLessThan(4);
  expect(lintPlaylists([text, limited])).toEqual([]);
  expect(origin.playlists.stats).toMatchObject({ persistence: "memory", streams: [{ persistence: "memory" }] });
});

test("once the archive is lost, the DVR window lists no more than is fetchable without it", async () => {
  const origin = started("files", { maxSegments: 4, maxBytesPerPlaylist: mediaPart("variant", 0).byteLength * 40 });
  origin.parts(0, 100);
  const isFetchable = async () => {
    const playlist = await origin.text("hd/dvr.m3u8");
    for (const uri of urisOf(playlist)) expect((await origin.get(`hd/${uri}`)).status, uri).toBe(200);
    return playlist;
  };
  const before = await isFetchable();
  archive.available = false;
  for (const { parts } of archive.recordings.values()) parts.clear();
  const lost = await isFetchable();
  origin.parts(100, 130);
  expect(lintPlaylists([before, lost, await isFetchable()])).toEqual([]);
});

test("rule 64: init segments are as far back as the DVR window, however many there were, before and after a restart", async () => {
  const origin = started("files");
  for (let n = 0; n < 70; n++) {
    origin.setInit("hd");
    origin.parts(n * 5, n * 5 + 5);
  }
  for (const isRestarted of [false, true]) {
    if (isRestarted) origin.restart();
    const inits = urisOf(await origin.text("hd/dvr.m3u8")).filter((uri) => uri.includes("/init-"));
    expect(inits).toHaveLength(70);
    for (const uri of inits) {
      const response = await origin.get(`hd/${uri}`);
      expect([response.status, response.headers.get("content-length")], uri).toEqual([200, expect.any(String)]);
    }
    expect((await origin.get("hd/e1/init-72.mp4")).status).toBe(404);
  }
});

test("the DVR window starts where the archive does, with a delta and a reload that blocks", async () => {
  const origin = started("files");
  origin.parts(0, 100);
  origin.restart();
  archive.recordings.get("hd")?.forgetBefore(5);
  origin.playlists.forgetBefore("studio", "hd", 5);
  const full = await origin.text("hd/dvr.m3u8");
  expect(full).toContain("#EXT-X-MEDIA-SEQUENCE:5\n");
  expect(full).toContain('#EXT-X-RENDITION-REPORT:URI="../en/dvr.m3u8"');
  expect((await origin.get("hd/e1/seg-4.mp4")).status).toBe(404);
  expect((await origin.get("hd/e1/seg-5.mp4")).status).toBe(200);
  expect(await origin.text("hd/dvr.m3u8?_HLS_skip=YES")).toContain("#EXT-X-SKIP:SKIPPED-SEGMENTS=");
  const blocked = origin.text("hd/dvr.m3u8?_HLS_msn=21&_HLS_part=0");
  origin.parts(100, 101);
  expect(await blocked).toContain("e1/part-100.mp4");
  expect(await origin.text("dvr.m3u8")).toMatch(/\nhd\/dvr\.m3u8\n/);
  expect(await origin.text("main.m3u8")).not.toContain("dvr");
});

test("without an archive the DVR window is the live one", async () => {
  const origin = new TestOrigin({ renditions: [VIDEO] }, {}, { maxSegments: 4 });
  origin.setInits();
  origin.parts(0, 60);
  expect(await origin.text("hd/dvr.m3u8")).toBe(await origin.text("hd/media.m3u8"));
});

test("an archive that does not answer costs 503 after its deadline, and a reader that leaves nothing", async () => {
  const origin = started("files");
  origin.parts(0, 60);
  origin.restart();
  archive.hold = new Promise(() => undefined);
  const slow = Promise.all(["hd/e1/part-3.mp4", "hd/e1/seg-2.mp4"].map((path) => origin.get(path)));
  const leaving = new AbortController();
  const left = origin.get("hd/e1/part-4.mp4", { signal: leaving.signal });
  leaving.abort();
  expect((await left).status).toBe(404);
  await vi.advanceTimersByTimeAsync(5_000);
  expect((await slow).map(({ status }) => status)).toEqual([503, 503]);
});

test("a segment is put together from the ring and the archive, while it grows too", async () => {
  const origin = started("byterange");
  origin.parts(0, 8);
  origin.restart();
  const growing = await origin.get("hd/e1/seg-2.mp4");
  expect(growing.status).toBe(200);
  origin.parts(8, 11);
  const whole = Buffer.concat([5, 6, 7, 8, 9].map((n) => mediaPart("variant", n)));
  expect(Buffer.from(await growing.arrayBuffer()).equals(whole)).toBe(true);
  const closed = await origin.get("hd/e1/seg-2.mp4");
  expect(Buffer.from(await closed.arrayBuffer()).equals(whole)).toBe(true);
});

test("a record that is none is refused, and leaves its place free", () => {
  const origin = started("files");
  origin.parts(0, 12);
  const stored = archive.stored("studio");
  origin.restart();
  const { playlists } = origin;
  expect(() => playlists.restore(stored)).toThrowError(expect.objectContaining({ code: "stream-exists" }));
  playlists.remove("studio");
  const used = playlists.stats.places.used;
  const [hd, ...others] = stored.renditions;
  if (hd === undefined) throw new Error("no rendition was recorded");
  for (const record of [
    { ...hd, inits: [] },
    { ...hd, segments: hd.segments.toSpliced(1, 1) },
  ]) {
    expect(() => playlists.restore({ ...stored, renditions: [record, ...others] })).toThrowError(
      expect.objectContaining({ code: expect.stringMatching(/malformed-init|invalid-option/) }),
    );
    expect(playlists.find("studio")).toBeUndefined();
  }
  expect(playlists.stats.places.used).toBe(used);
});

test("a record that fails halfway leaves no ring behind", () => {
  const origin = started("files");
  origin.parts(0, 12);
  const stored = archive.stored("studio");
  const [hd, ...others] = stored.renditions;
  if (hd === undefined) throw new Error("no rendition was recorded");
  const playlists = new Playlists({ numPlaylists: RENDITIONS.length }, { recordings: new Recordings(archive) });
  const broken = { ...stored, renditions: [{ ...hd, inits: [] }, ...others] };
  expect(() => playlists.restore(broken)).toThrowError(expect.objectContaining({ code: "malformed-init" }));
  expect(playlists.open("live", { options: origin.options, epoch: "e9" }).renditions.size).toBe(RENDITIONS.length);
});

test("more recordings than places: one that is asked for takes the place of another, and a live stream gives up none", async () => {
  const origin = started("files");
  origin.parts(0, 32);
  origin.playlists.get("studio").end();
  const stored = archive.stored("studio");
  const playlists = new Playlists({ numPlaylists: RENDITIONS.length }, { recordings: new Recordings(archive) });
  const names = ["one", "two", "three"];
  for (const name of names) playlists.restore({ ...stored, name });
  const text = async (name: string) => {
    const url = `http://localhost/live/${name}/hd/dvr.m3u8`;
    return (await createMatch(playlists)(new Request(url)))?.text();
  };
  expect(playlists.summaries.map(({ name, state }) => [name, state]).sort()).toEqual(
    names.map((name) => [name, "ended"]).sort(),
  );
  for (const name of names) expect(await text(name)).toContain("#EXT-X-MEDIA-SEQUENCE:1\n");
  playlists.forgetBefore("one", "hd", 3);
  expect(await text("one")).toContain("#EXT-X-MEDIA-SEQUENCE:3\n");
  expect(playlists.remove("two")).toBe(true);
  expect(await text("two")).toContain("stream-not-found");
  playlists.open("live", { options: origin.options, epoch: "e9" });
  expect(await text("one")).toContain("stream-limit");
  expect(playlists.find("live")?.ended).toBe(false);
  expect(playlists.summaries).toHaveLength(3);
});

test("rule 28: a stream goes on after the numbers of a recording of its name that finds no place", () => {
  const origin = started("files");
  origin.parts(0, 32);
  origin.playlists.get("studio").end();
  const stored = archive.stored("studio");
  const after = new Playlists({ numPlaylists: 16 }, { recordings: new Recordings(archive) });
  after.restore(stored);
  const options = { ...origin.options, renditions: [VIDEO] };
  const expected = after.open("studio", { options, epoch: "e2" }).rendition("hd").next;
  const crowded = new Playlists({ numPlaylists: RENDITIONS.length }, { recordings: new Recordings(archive) });
  crowded.restore(stored);
  crowded.open("live", { options, epoch: "e9" });
  expect(crowded.find("studio")).toBeUndefined();
  const stream = crowded.open("studio", { options, epoch: "e2" });
  expect(stream.rendition("hd").next).toEqual(expected);
  expect(expected.firstMsn).toBe(8);
});
