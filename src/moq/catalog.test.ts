import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { TEST_AUDIO, TEST_VIDEO, testInit } from "../media/media.test-support.ts";
import { RelayError } from "../model/errors.ts";
import { resolveStreamOptions } from "../model/options.ts";
import { encodeBase64, MAX_CATALOG_BYTES } from "./catalog.ts";
import { HangCatalogReader } from "./hang-catalog.ts";
import { measuredOptions } from "./measured-stream.ts";
import { readMsfCatalog, writeMsfCatalog } from "./msf-catalog.ts";

const VIDEO = testInit({ video: TEST_VIDEO });
const AUDIO = testInit({ audio: TEST_AUDIO });
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)) as Uint8Array<ArrayBuffer>;

// The package's own reader says on the console what it could not read.
test("what is written as MSF is read again: variants, sound beside them, and where their headers are", () => {
  const catalog = readMsfCatalog(
    writeMsfCatalog([
      {
        rendition: { id: "high", bandwidth: 2_000_000, codecs: "avc1.42c01f", width: 1280, height: 720, frameRate: 30 },
        init: VIDEO,
      },
      { rendition: { id: "sound", kind: "audio", bandwidth: 64_000, codecs: "opus" }, init: AUDIO },
      { rendition: { id: "later", bandwidth: 1 }, init: undefined },
    ]),
  );
  expect(catalog.card).toBe("card");
  expect(catalog.tracks).toEqual([
    {
      name: "high",
      init: VIDEO,
      headers: "high.headers",
      rendition: { id: "high", bandwidth: 2_000_000, width: 1280, height: 720, frameRate: 30 },
    },
    {
      name: "sound",
      init: AUDIO,
      headers: "sound.headers",
      rendition: { id: "sound", kind: "audio", default: true, bandwidth: 64_000 },
    },
  ]);
});

test("MSF as others write it is read: init data by reference, a track of another packaging left out", () => {
  const catalog = readMsfCatalog(
    json({
      version: "draft-01",
      initDataList: [{ id: "a", type: "inline", data: encodeBase64(VIDEO) }],
      tracks: [
        { name: "video/hd", packaging: "cmaf", isLive: true, role: "video", initRef: "a", bitrate: 5e6 },
        { name: "raw", packaging: "loc", isLive: true },
      ],
    }),
  );
  expect(catalog.tracks.map(({ name, rendition }) => [name, rendition.id, rendition.bandwidth])).toEqual([
    ["video/hd", "video-hd", 5e6],
  ]);
  expect(catalog.skipped).toEqual(['"raw": expected packaging cmaf, got loc']);
  expect(catalog.card).toBeUndefined();
});

test("sound alone is a variant, and names that are alike get ids of their own", () => {
  const track = { packaging: "cmaf", isLive: true, initData: encodeBase64(AUDIO) };
  const { tracks } = readMsfCatalog(
    json({
      version: 1,
      tracks: [
        { ...track, name: "a/b" },
        { ...track, name: "a b" },
        { ...track, name: ".." },
      ],
    }),
  );
  expect(tracks.map(({ rendition }) => [rendition.id, rendition.kind])).toEqual([
    ["a-b", undefined],
    ["a-b-2", undefined],
    ["track", undefined],
  ]);
});

test.each([
  ["no JSON", new TextEncoder().encode("{") as Uint8Array<ArrayBuffer>],
  ["bytes that are no text", Uint8Array.of(0xff, 0xfe)],
  ["another kind of JSON", json([1, 2])],
  ["no track at all", json({ version: 1, tracks: [] })],
  ["a track without an init segment", json({ version: 1, tracks: [{ name: "a", packaging: "cmaf" }] })],
  ["an init segment that is none", json({ version: 1, tracks: [{ name: "a", packaging: "cmaf", initData: "AAAA" }] })],
  ["too much", new Uint8Array(MAX_CATALOG_BYTES + 1)],
])("a catalog that holds %s is refused", (_, bytes) => {
  expect(() => readMsfCatalog(bytes)).toThrow(expect.objectContaining({ code: "relay-malformed" }));
});

test("nothing of a catalog that cannot be read is written to the console, which a relay could flood", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  for (const value of [{ version: 1, tracks: [{ name: 7 }] }, { version: {}, tracks: [] }, { tracks: "all" }])
    expect(() => readMsfCatalog(json(value))).toThrow(expect.objectContaining({ code: "relay-malformed" }));
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});

const hangVideo = { codec: "avc1.42c01f", container: { kind: "cmaf", init: encodeBase64(VIDEO) }, bitrate: 3e6 };

test("a hang catalog is read where its container is CMAF, and a patch changes it", () => {
  const reader = new HangCatalogReader();
  const audio = { codec: "opus", container: { kind: "cmaf", init: encodeBase64(AUDIO) }, sampleRate: 48_000 };
  const first = reader.read(
    json({
      video: { renditions: { video0: { ...hangVideo, codedWidth: 640, codedHeight: 360, framerate: 30 } } },
      audio: { renditions: { audio0: audio, old: { codec: "opus", container: { kind: "legacy" } } } },
    }),
    7,
  );
  expect(first.tracks.map(({ name, rendition }) => ({ name, ...rendition }))).toEqual([
    { name: "video0", id: "video0", bandwidth: 3e6, width: 640, height: 360, frameRate: 30 },
    { name: "audio0", id: "audio0", kind: "audio", default: true, bandwidth: 96_000 },
  ]);
  expect(first.skipped).toEqual(['"old": expected a cmaf container, got legacy']);
  const patched = reader.read(json({ audio: { renditions: { audio0: null } } }), 7);
  expect(patched.tracks.map(({ name }) => name)).toEqual(["video0"]);
});

test("a patch that leaves nothing to play is refused, and what was read before stands", () => {
  const reader = new HangCatalogReader();
  reader.read(json({ video: { renditions: { a: hangVideo } } }), 1);
  expect(() => reader.read(json({ video: null }), 1)).toThrow(RelayError);
  expect(reader.read(json({ video: { renditions: { b: hangVideo } } }), 1).tracks).toHaveLength(2);
});

test("whatever comes as a catalog gives one that a worker takes, or a typed error", () => {
  const inits = fc.constantFrom(encodeBase64(VIDEO), encodeBase64(AUDIO), "AAAA", "?", "");
  const some = fc.oneof(fc.double(), fc.string(), fc.constant(null), fc.boolean(), fc.integer());
  const name = fc.oneof(fc.string(), fc.constant("a"), fc.constant("__proto__"));
  const msf = fc.record(
    {
      version: fc.oneof(fc.constant(1), some),
      tracks: fc.array(
        fc.record(
          { name, packaging: fc.constantFrom("cmaf", "loc", "eddy-card"), initData: inits, bitrate: some, width: some },
          { requiredKeys: ["packaging", "name"] },
        ),
        { maxLength: 20 },
      ),
    },
    { requiredKeys: ["tracks"] },
  );
  const config = fc.record({
    container: fc.record({ kind: fc.constantFrom("cmaf", "loc"), init: inits }),
    bitrate: some,
  });
  const hang = fc.record(
    { video: fc.oneof(fc.record({ renditions: fc.dictionary(name, config) }), some), audio: some },
    { requiredKeys: [] },
  );
  const reader = new HangCatalogReader();
  fc.assert(
    fc.property(
      fc.oneof(
        msf,
        hang,
        fc.json().map((text) => JSON.parse(text)),
      ),
      fc.nat(2),
      (value, group) => {
        const bytes = json(value);
        for (const read of [() => readMsfCatalog(bytes), () => reader.read(bytes, group)]) {
          try {
            const { tracks } = read();
            const options = measuredOptions(tracks, { partTargetMs: 333, targetDurationMs: 2_000 });
            expect(resolveStreamOptions(options).renditions).toHaveLength(tracks.length);
          } catch (error) {
            expect(error).toBeInstanceOf(RelayError);
            expect((error as RelayError).code).toBe("relay-malformed");
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});
