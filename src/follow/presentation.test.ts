import fc from "fast-check";
import { expect, test } from "vitest";
import { RelayError } from "../model/errors.ts";
import { resolveStreamOptions } from "../model/options.ts";
import { parseMultivariant } from "../reader/multivariant-playlist.ts";
import { parseMediaPlaylist } from "../reader/playlist-reader.ts";
import { containerOf, describeRenditions, publishable, streamOptions } from "./presentation.ts";

const URL_OF_ALL = "https://origin.example/live/main.m3u8";
const describeText = (...lines: readonly string[]) =>
  describeRenditions(parseMultivariant(["#EXTM3U", ...lines].join("\n"), URL_OF_ALL), URL_OF_ALL);
const media = (...lines: readonly string[]) => parseMediaPlaylist(["#EXTM3U", ...lines].join("\n"), URL_OF_ALL);

const AUDIO =
  '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a/1",NAME="English",LANGUAGE="en",DEFAULT=YES,CHANNELS="2",URI="en.m3u8"';
const FRENCH = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a/1",NAME="English",LANGUAGE="fr",DEFAULT=YES,URI="fr.m3u8"';
const TEXT = '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="English",LANGUAGE="en",URI="text/en.m3u8"';
const VARIANT =
  '#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=29.97,VIDEO-RANGE=SDR,AUDIO="a/1",SUBTITLES="s"';

test("what an origin says too little of is declared as the least that may be", () => {
  const nothing = "#EXT-X-TARGETDURATION:0\n#EXT-X-PART-INF:PART-TARGET=0";
  const options = streamOptions([{ id: "main", bandwidth: 1 }], [media(nothing)]);
  expect(options).toMatchObject({ partTargetMs: 50, targetDurationMs: 50 });
  expect(() => resolveStreamOptions(options)).not.toThrow();
});

test("renditions are described as they can be published again", () => {
  const found = describeText(
    AUDIO,
    FRENCH,
    TEXT,
    VARIANT,
    "video/low.m3u8",
    VARIANT,
    "https://cdn.example/live/video/high.m3u8",
  );
  expect(found.map(({ options, shareable }) => ({ ...options, shareable }))).toEqual([
    {
      id: "en",
      kind: "audio",
      group: "a-1",
      name: "English",
      language: "en",
      default: true,
      codecs: "mp4a.40.2",
      channels: "2",
      bandwidth: 128_000,
      shareable: true,
    },
    {
      id: "fr",
      kind: "audio",
      group: "a-1",
      name: "fr",
      language: "fr",
      codecs: "mp4a.40.2",
      bandwidth: 128_000,
      shareable: true,
    },
    {
      id: "text-en",
      kind: "subtitles",
      group: "s",
      name: "English",
      language: "en",
      bandwidth: 1_000,
      shareable: false,
    },
    {
      id: "video-low",
      codecs: "avc1.64001f",
      bandwidth: 900_000,
      width: 640,
      height: 360,
      frameRate: 29.97,
      videoRange: "SDR",
      shareable: true,
    },
    expect.objectContaining({ id: "video-high", shareable: true }),
  ]);
  const options = found.map((one) => one.options);
  expect(() => resolveStreamOptions(streamOptions(options, [media("#EXT-X-TARGETDURATION:6")]))).not.toThrow();
});

test("sound that is in the variant stays its own; what cannot be published again is left out, and costs no rendition", () => {
  const [variant] = describeText(
    '#EXT-X-STREAM-INF:BANDWIDTH=x,CODECS="avc1.64001f,mp4a.40.2",FRAME-RATE=99999,VIDEO-RANGE=NEW',
    "v.m3u8",
  );
  expect(variant?.options).toEqual({ id: "live", codecs: "avc1.64001f,mp4a.40.2", bandwidth: 1 });
});

test("names that are no names, or the same, become such", () => {
  const one = "#EXT-X-STREAM-INF:BANDWIDTH=1";
  const found = describeText(one, "v.m3u8?a=1", one, "v.m3u8?a=2", one, "v.m3u8?a=%2e");
  const ids = found.map(({ options }) => options.id);
  expect(new Set(ids).size).toBe(3);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
});

test.each([15, 16, 40])("a variant that is listed behind %i renditions has a place", (count) => {
  const renditions = Array.from({ length: count }, (_, at) => AUDIO.replaceAll("en", `x${at}`));
  const found = describeText(...renditions, VARIANT, "low.m3u8", VARIANT, "high.m3u8");
  expect(found).toHaveLength(16);
  expect(found.map(({ options }) => options.kind ?? "variant").indexOf("variant")).toBe(15);
  expect(found.at(-1)?.url).toBe("https://origin.example/live/low.m3u8");
});

test("sound alone, which is listed as a rendition and as the variant that uses it, is a variant", () => {
  const variant = '#EXT-X-STREAM-INF:BANDWIDTH=70000,CODECS="mp4a.40.2",AUDIO="a/1"';
  expect(describeText(AUDIO, variant, "en.m3u8").map(({ options, url }) => ({ ...options, url }))).toEqual([
    { id: "live", bandwidth: 70_000, codecs: "mp4a.40.2", url: "https://origin.example/live/en.m3u8" },
  ]);
  // Beside pictures it stays what it is.
  const kinds = describeText(AUDIO, VARIANT, "v.m3u8", variant, "en.m3u8").map(({ options }) => options.kind);
  expect(kinds).toEqual(["audio", undefined]);
});

test("a presentation without a variant is malformed", () => {
  expect(() => describeText(AUDIO)).toThrow(expect.objectContaining({ code: "origin-malformed" }));
});

test("a stream with parts is cut as its origin cuts it", () => {
  const playlist = media(
    "#EXT-X-TARGETDURATION:2",
    "#EXT-X-PART-INF:PART-TARGET=0.2",
    "#EXTINF:2.0,",
    "a.mp4",
    "#EXTINF:1.6,",
    "b.mp4",
    '#EXT-X-PART:DURATION=0.2,URI="c"',
  );
  expect(streamOptions([{ id: "main", bandwidth: 1 }], [playlist])).toEqual({
    renditions: [{ id: "main", bandwidth: 1 }],
    partTargetMs: 200,
    targetDurationMs: 2_000,
    segmentMinMs: 1_500,
  });
});

test("a stream that declares parts and lists none is cut as it is followed, by whole segments", () => {
  const playlist = media("#EXT-X-TARGETDURATION:2", "#EXT-X-PART-INF:PART-TARGET=0.2", "#EXTINF:2.0,", "a.mp4");
  expect(streamOptions([{ id: "main", bandwidth: 1 }], [playlist])).toMatchObject({
    partTargetMs: 2_500,
    targetDurationMs: 2_500,
  });
});

test("renditions that nobody looked into are of the container of those that somebody did", () => {
  const renditions = describeText(TEXT, VARIANT, "low.m3u8", VARIANT, "high.m3u8");
  const containers = (seen: readonly [number, "fmp4" | "mpegts"][]) =>
    publishable(renditions, new Map(seen)).map(({ options }) => options.container);
  expect(containers([[1, "mpegts"]])).toEqual([undefined, "mpegts", "mpegts"]);
  expect(containers([[2, "mpegts"]])).toEqual([undefined, "mpegts", "mpegts"]);
  expect(containers([[1, "fmp4"]])).toEqual([undefined, undefined, undefined]);
});

test("the container is told by the MAP, and by names where there is none", () => {
  const of = (uri: string, ...lines: readonly string[]) => containerOf("variant", media(...lines, "#EXTINF:1,", uri));
  expect(of("a.ts?b.mp4", '#EXT-X-MAP:URI="i"')).toBe("fmp4");
  expect(of("a.ts?b.mp4")).toBe("mpegts");
  expect(of("a.aac")).toBe("packed-audio");
  expect(containerOf("subtitles", media("#EXTINF:1,", "a.vtt"))).toBe("webvtt");
});

test("the container of what has yet to begin is told by what stands before its first part", () => {
  const hint = '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p0';
  expect(containerOf("variant", media('#EXT-X-MAP:URI="i"'))).toBe("fmp4");
  expect(containerOf("variant", media('#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="i"'))).toBe("fmp4");
  expect(containerOf("variant", media(`${hint}.m4s"`))).toBe("fmp4");
  expect(containerOf("variant", media(`${hint}.ts"`))).toBe("mpegts");
});

test("whatever a Multivariant Playlist says, what is described can be published, or it is origin-malformed", () => {
  const value = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom("YES", "AUDIO", "SUBTITLES", "1e9", "9999999999999999", "640x360", "avc1.64001f", "en"),
  );
  const names = ["TYPE", "GROUP-ID", "NAME", "LANGUAGE", "DEFAULT", "URI", "BANDWIDTH", "CODECS", "RESOLUTION"];
  const more = ["FRAME-RATE", "VIDEO-RANGE", "AUDIO", "CHANNELS"];
  const attribute = fc.tuple(fc.constantFrom(...names, ...more), value).map(([name, text]) => `${name}="${text}"`);
  const attributes = fc.array(attribute, { maxLength: 8 }).map((list) => list.join(","));
  const line = fc.oneof(
    attributes.map((list) => `#EXT-X-MEDIA:TYPE=AUDIO,URI="a",${list}`),
    attributes.map((list) => `#EXT-X-MEDIA:TYPE=SUBTITLES,URI="${list.length}",${list}`),
    attributes.map((list) => `#EXT-X-STREAM-INF:${list}\nv.m3u8`),
    fc.tuple(attributes, fc.webPath()).map(([list, path]) => `#EXT-X-STREAM-INF:${list}\n${path}`),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      try {
        const renditions = describeText(...lines).map(({ options }) => options);
        resolveStreamOptions(streamOptions(renditions, [media("#EXT-X-TARGETDURATION:6")]));
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(RelayError);
        expect((thrown as RelayError).code).toBe("origin-malformed");
      }
    }),
    { numRuns: 500 },
  );
});
