import { expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import { resolveStreamOptions } from "../model/options.ts";
import type { RenditionOptions } from "../model/rendition-options.ts";
import { validate } from "../validate/validate.ts";
import { MemoryArchive } from "./archive.test-support.ts";
import { START_MS, TestOrigin, VIDEO } from "./origin.test-support.ts";

const TS: RenditionOptions = { id: "ts", bandwidth: 1_000_000, container: "mpegts" };

/** Packets of a transport stream around nothing. */
const packets = (n: number): Bytes => {
  const bytes = new Uint8Array(3 * 188).fill(n % 256);
  for (let at = 0; at < bytes.length; at += 188) bytes[at] = 0x47;
  return bytes;
};

/** Segments of 2 s, as an origin without parts has them. */
function transport(options: { parts?: "files" | "byterange" } = {}, archive?: MemoryArchive): TestOrigin {
  const timing = { partTargetMs: 2_000, targetDurationMs: 2_000, segmentMinMs: 0 };
  return new TestOrigin({ renditions: [TS], ...timing, ...options }, {}, {}, archive);
}

function publish(origin: TestOrigin, from: number, to: number): void {
  for (let n = from; n < to; n++) {
    const part = { durationMs: 2_000, independent: true, programDateTimeMs: START_MS + n * 2_000 };
    origin.rendition("ts").addPart({ bytes: packets(n), ...part });
  }
}

test("whole segments of MPEG-TS are listed as they come, without an init segment, and answered byte for byte", async () => {
  const origin = transport();
  publish(origin, 0, 4);
  const playlist = await origin.text("ts/media.m3u8");
  expect(playlist).toContain("#EXT-X-VERSION:3\n");
  expect(playlist).not.toContain("#EXT-X-MAP");
  expect(playlist).toContain("#EXTINF:2.00000,\ne1/seg-2.ts\n");
  expect(playlist).toContain('#EXT-X-PART:DURATION=2.00000,URI="e1/part-3.ts",INDEPENDENT=YES\n');
  const segment = await origin.get("ts/e1/seg-2.ts");
  expect(segment.headers.get("content-type")).toBe("video/mp2t");
  expect(new Uint8Array(await segment.arrayBuffer())).toEqual(packets(1));
  expect(new Uint8Array(await (await origin.get("ts/e1/part-3.ts")).arrayBuffer())).toEqual(packets(3));
  for (const path of ["ts/e1/seg-2.mp4", "ts/e1/part-3.vtt", "ts/e1/init-0.mp4"])
    expect((await origin.get(path)).status).toBe(404);
});

test("they can be ranges of a segment that grows", async () => {
  const origin = transport({ parts: "byterange" });
  publish(origin, 0, 2);
  expect(await origin.text("ts/media.m3u8")).toContain('URI="e1/seg-2.ts",BYTERANGE="564@0"');
  const range = await origin.get("ts/e1/seg-2.ts", { headers: { range: "bytes=0-563" } });
  expect(new Uint8Array(await range.arrayBuffer())).toEqual(packets(1));
  const other = await origin.get("ts/e1/seg-2.mp4", { headers: { range: "bytes=0-563" } });
  expect(other.status).toBe(404);
});

test("the Multivariant Playlist lists them with codecs where these are said, and without them else", async () => {
  const origin = transport();
  publish(origin, 0, 2);
  expect(await origin.text("main.m3u8")).toMatch(
    /#EXT-X-STREAM-INF:BANDWIDTH=1000000,AVERAGE-BANDWIDTH=\d+\nts\/media\.m3u8\n/,
  );
  const said = new TestOrigin({ renditions: [{ ...TS, codecs: "avc1.64001f" }] });
  expect(await said.text("main.m3u8")).toContain('CODECS="avc1.64001f"');
});

test("what is no transport stream is refused, unless it is encrypted whole; so are init segments", () => {
  const origin = transport();
  const rendition = origin.rendition("ts");
  const add = (bytes: Bytes): unknown => rendition.addPart({ bytes, durationMs: 2_000 });
  const malformed = expect.objectContaining({ code: "malformed-part" });
  expect(() => add(new Uint8Array(0))).toThrow(malformed);
  expect(() => add(packets(1).subarray(0, 200))).toThrow(malformed);
  expect(() => add(packets(1).map((byte, at) => (at === 188 ? 0 : byte)))).toThrow(malformed);
  expect(() => rendition.addPart({ bytes: packets(1) })).toThrow(malformed);
  expect(() => rendition.addPart({ bytes: packets(1), durationMs: 2_001 })).toThrow(
    expect.objectContaining({ code: "part-too-long" }),
  );
  expect(() => rendition.setInit(packets(1))).toThrow(expect.objectContaining({ code: "malformed-init" }));
  rendition.setKeys([{ method: "AES-128", uri: "key" }]);
  expect(add(new Uint8Array(32))).toMatchObject({ position: { msn: 1, part: 0 } });
});

test("a clip is made of renditions in MP4 alone", async () => {
  const origin = transport();
  publish(origin, 0, 3);
  expect((await origin.get("clip.mp4")).status).toBe(404);
  expect((await origin.get("clip.mp4?rendition=ts")).status).toBe(404);
  const both = new TestOrigin({ renditions: [TS, VIDEO] });
  both.setInit("hd");
  both.parts(0, 20, ["hd"]);
  expect((await both.get("clip.mp4")).status).toBe(200);
});

test("a worker that was terminated goes on from its record", async () => {
  const origin = transport({}, new MemoryArchive());
  publish(origin, 0, 4);
  const before = await origin.text("ts/dvr.m3u8");
  origin.restart();
  expect(await origin.text("ts/dvr.m3u8")).toBe(before);
  publish(origin, 4, 5);
  expect(await origin.text("ts/media.m3u8")).toContain("e1/part-4.ts");
  expect(new Uint8Array(await (await origin.get("ts/e1/seg-2.ts")).arrayBuffer())).toEqual(packets(1));
});

test("another producer goes on after a discontinuity, and needs no init segment", async () => {
  const origin = transport();
  publish(origin, 0, 3);
  origin.open("e2");
  publish(origin, 3, 5);
  expect(await origin.text("ts/media.m3u8")).toMatch(
    /e1\/seg-3\.ts\n#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:.*\n#EXT-X-PART:.*URI="e2\/part-4\.ts"/,
  );
});

test("subtitles have no container of their own", () => {
  const text: RenditionOptions = { id: "cc", kind: "subtitles", bandwidth: 1, container: "fmp4" };
  expect(() => resolveStreamOptions({ renditions: [TS, text] })).toThrow(/container of "cc"/);
});

test("the validator finds nothing in them that a MUST is broken by", async () => {
  const origin = transport();
  publish(origin, 0, 8);
  origin.rendition("ts").end();
  const report = await validate("http://localhost/live/studio/main.m3u8", {
    overNetwork: false,
    fetch: (url, init) => {
      const { pathname, search } = new URL(url);
      return origin.get(`${pathname.slice("/live/studio/".length)}${search}`, init);
    },
  });
  expect(report.findings.filter(({ level }) => level === "MUST")).toEqual([]);
});
