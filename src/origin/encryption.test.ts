import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parseInitSegment } from "../media/init-segment.ts";
import { TEST_AUDIO, TEST_VIDEO, testCbcsPart, testInit } from "../media/media.test-support.ts";
import { parsePart } from "../media/media-part.ts";
import { RelayError } from "../model/errors.ts";
import { checkKeys, type MediaKey } from "../model/media-key.ts";
import { lintPlaylists } from "../playlist/test-support/playlist-lint.ts";
import { ENGLISH, mediaPart, TestOrigin, VIDEO } from "./origin.test-support.ts";

const CBCS: MediaKey = {
  method: "SAMPLE-AES",
  uri: "skd://one",
  keyFormat: "com.apple.streamingkeydelivery",
  keyFormatVersions: "1",
};
const WIDEVINE: MediaKey = {
  ...CBCS,
  uri: "data:text/plain;base64,AAAA",
  keyFormat: "urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed",
};
const WHOLE: MediaKey = { method: "AES-128", uri: "https://keys.example/1", iv: new Uint8Array(16).fill(10) };

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("rules 17 and 48: keys stand before the first part, hold until others do, and are restated when the window moves", async () => {
  const origin = new TestOrigin({ renditions: [VIDEO, ENGLISH] }, {}, { maxSegments: 6 });
  origin.setInits();
  origin.parts(0, 10);
  const texts = [await origin.text("hd/media.m3u8")];
  origin.rendition("hd").setKeys([CBCS, WIDEVINE]);
  for (let n = 10; n < 100; n += 5) {
    if (n === 60) origin.rendition("hd").setKeys([{ method: "NONE" }]);
    if (n === 80) origin.setInit("hd");
    origin.parts(n, n + 5);
    texts.push(await origin.text("hd/media.m3u8"));
  }
  expect(lintPlaylists(texts)).toEqual([]);
  const keys =
    '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://one",KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"\n' +
    '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="data:text/plain;base64,AAAA",KEYFORMAT="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed",KEYFORMATVERSIONS="1"\n';
  expect(texts[1]).toContain(`e1/seg-2.mp4\n${keys}#EXT-X-PROGRAM-DATE-TIME`);
  const moved = texts[12] ?? "";
  expect(moved).toContain(`#EXT-X-MAP:URI="e1/init-0.mp4"\n${keys}#EXT-X-PROGRAM`);
  expect(moved).toContain("#EXT-X-KEY:METHOD=NONE\n");
  expect(texts.at(-1)).not.toContain("#EXT-X-KEY:METHOD=SAMPLE");
  expect(await origin.text("en/media.m3u8")).not.toContain("#EXT-X-KEY");
});

test("4.4.4.4: a key whose KEYFORMAT has no successor is ended by a NONE before the keys that follow", async () => {
  const origin = new TestOrigin({ renditions: [VIDEO] });
  origin.setInits();
  origin.rendition("hd").setKeys([CBCS, WIDEVINE]);
  origin.parts(0, 10);
  origin.rendition("hd").setKeys([{ ...CBCS, uri: "skd://two" }]);
  origin.parts(10, 20);
  origin.rendition("hd").setKeys([{ ...CBCS, uri: "skd://three" }, WIDEVINE]);
  origin.parts(20, 30);
  const text = await origin.text("hd/media.m3u8");
  expect(text).toMatch(/\n#EXT-X-KEY:METHOD=NONE\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd:\/\/two"/);
  expect(text).toMatch(/seg-\d+\.mp4\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd:\/\/three"/);
});

test("the Multivariant Playlist has a SESSION-KEY for each key in effect, once; no key is in stats or in the rings", async () => {
  const origin = new TestOrigin({ renditions: [VIDEO, ENGLISH] });
  origin.setInits();
  for (const { id } of [VIDEO, ENGLISH]) origin.rendition(id).setKeys([CBCS]);
  origin.parts(0, 6);
  const sessionKeys = (await origin.text("main.m3u8")).match(/#EXT-X-SESSION-KEY:.*/g);
  expect(sessionKeys).toEqual([
    '#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="skd://one",KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"',
  ]);
  expect(JSON.stringify(origin.playlists.stats)).not.toContain("skd:");
  origin.rendition("hd").setKeys([{ method: "NONE" }]);
  origin.rendition("en").setKeys([{ method: "NONE" }]);
  expect(await origin.text("main.m3u8")).not.toContain("SESSION-KEY");
});

test("parts with cbcs samples are measured like others, and served byte for byte", async () => {
  const init = testInit({ video: TEST_VIDEO });
  const clear = mediaPart("variant", 0);
  const encrypted = testCbcsPart(clear);
  const { tracks: _, ...measured } = parsePart(encrypted, parseInitSegment(init));
  const { tracks: __, fragments: ___, ...expected } = parsePart(clear, parseInitSegment(init));
  expect(measured).toMatchObject(expected);
  const origin = new TestOrigin({ renditions: [VIDEO] });
  origin.setInits();
  origin.rendition("hd").setKeys([CBCS]);
  origin.rendition("hd").addPart({ bytes: encrypted });
  const served = Buffer.from(await (await origin.get("hd/e1/part-0.mp4")).arrayBuffer());
  expect(served.equals(Buffer.from(encrypted))).toBe(true);
});

test("the codecs of an encrypted track are those beneath encv and enca", async () => {
  const origin = new TestOrigin({ renditions: [VIDEO] });
  const init = testInit({ video: { ...TEST_VIDEO, encrypted: true }, audio: { ...TEST_AUDIO, encrypted: true } });
  for (const entry of ["encv", "enca"]) expect(Buffer.from(init).includes(entry)).toBe(true);
  origin.setInit("hd", init);
  origin.rendition("hd").setKeys([CBCS]);
  origin.rendition("hd").addPart({ bytes: testCbcsPart(mediaPart("variant", 0)) });
  expect(await origin.text("main.m3u8")).toContain('CODECS="avc1.42c01f,opus"');
});

test("AES-128: parts last what is said of them, and a new MAP stands behind a NONE, since it is clear", async () => {
  const origin = new TestOrigin({ renditions: [VIDEO] });
  origin.setInits();
  const rendition = origin.rendition("hd");
  rendition.setKeys([WHOLE]);
  const bytes = new Uint8Array([9, 9, 9]);
  for (let n = 0; n < 10; n++) rendition.addPart({ bytes, durationMs: 200, independent: n % 5 === 0 });
  origin.setInit("hd");
  for (let n = 0; n < 6; n++) rendition.addPart({ bytes, durationMs: 200, independent: n % 5 === 0 });
  expect(() => rendition.addPart({ bytes })).toThrowError(expect.objectContaining({ code: "malformed-part" }));
  const text = await origin.text("hd/media.m3u8");
  const key = `#EXT-X-KEY:METHOD=AES-128,URI="https://keys.example/1",IV=0x${"0A".repeat(16)}\n`;
  expect(text).toContain(`#EXT-X-MAP:URI="e1/init-0.mp4"\n${key}`);
  expect(text).toContain(`seg-2.mp4\n#EXT-X-KEY:METHOD=NONE\n#EXT-X-MAP:URI="e1/init-1.mp4"\n${key}#EXT-X-PROGRAM`);
});

test("a producer that comes back starts in the clear", async () => {
  const origin = new TestOrigin({ renditions: [VIDEO] });
  origin.setInits();
  origin.rendition("hd").setKeys([CBCS]);
  origin.parts(0, 6);
  origin.open("e2");
  origin.setInits();
  origin.parts(10, 16);
  expect(await origin.text("hd/media.m3u8")).toContain(
    '#EXT-X-DISCONTINUITY\n#EXT-X-KEY:METHOD=NONE\n#EXT-X-MAP:URI="e2/init-1.mp4"\n#EXT-X-PROGRAM',
  );
});

test.each<[unknown]>([
  [[]],
  [[{ method: "AES-128" }]],
  [[{ method: "ROT13", uri: "x" }]],
  [[{ method: "NONE", uri: "x" }]],
  [[{ method: "NONE" }, CBCS]],
  [[CBCS, CBCS]],
  [[{ ...CBCS, uri: 'a"b' }]],
  [[{ ...CBCS, uri: "a\nb" }]],
  [[{ ...CBCS, iv: new Uint8Array(8) }]],
  [[{ ...CBCS, keyFormatVersions: "1,2" }]],
])("keys %# are refused", (keys) => {
  expect(() => checkKeys(keys)).toThrowError(expect.objectContaining({ code: "invalid-option" }));
});

test("whatever is given, reading keys throws nothing but a RelayError", () => {
  const value = fc.anything({ withTypedArray: true });
  const key = fc.oneof(
    value,
    fc.record({ method: fc.constantFrom("NONE", "AES-128", "SAMPLE-AES"), uri: value, iv: value }),
  );
  fc.assert(
    fc.property(fc.oneof(value, fc.array(key)), (keys) => {
      try {
        checkKeys(keys);
      } catch (error) {
        expect(error).toBeInstanceOf(RelayError);
      }
    }),
  );
});
