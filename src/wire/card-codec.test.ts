import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import type { StreamCard } from "../model/part-header.ts";
import { decodeCard, encodeCard, joinCard } from "./card-codec.ts";
import { MAX_CARD_BYTES } from "./frame-limits.ts";
import { filled, fromHex, toHex } from "./frames.test-support.ts";

const card: StreamCard = {
  name: "studio",
  publicKey: filled(32, 0xaa),
  epoch: "mabc01",
  revision: 3,
  options: { partTargetMs: 333, renditions: [{ bandwidth: 1, id: "main" }] },
  ended: [{ rendition: 0, msn: 9, part: 1 }],
};
const SIGNATURE = filled(64, 0x5e);
const JSON_TEXT = '{"renditions":[{"id":"main","bandwidth":1}],"partTargetMs":333}';
const HEX = `45644301 6d616263303100000000000000000000 00000003 01 20 ${"aa".repeat(32)} 06 73747564696f
  01 00 000000000009 0001  003f ${Buffer.from(JSON_TEXT).toString("hex")}`.replaceAll(/\s/g, "");

const malformed = (message: string) =>
  expect.objectContaining({ code: "malformed-frame", message: expect.stringContaining(message) });

/** A card whose options are `json`, of the signed kind. */
function withOptions(json: string): Bytes {
  const text = Buffer.from(json).toString("hex");
  const length = (text.length / 2).toString(16).padStart(4, "0");
  return fromHex(`${HEX.slice(0, HEX.indexOf("003f"))}${length}${text}00`);
}

test("a card has the layout that docs/wire.md gives", () => {
  expect(toHex(encodeCard(card))).toBe(HEX);
  const read = decodeCard(fromHex(`${HEX} 40 ${"5e".repeat(64)}`));
  expect(read.card).toEqual(card);
  expect(toHex(read.encoded)).toBe(HEX);
  expect(read.signature).toEqual(SIGNATURE);
});

test("a card without a key, an end and a signature is read as it was written", () => {
  const { ended: _, ...live } = { ...card, publicKey: filled(0, 0) };
  const encoded = encodeCard(live);
  expect(decodeCard(joinCard(encoded, filled(0, 0)))).toEqual({ card: live, encoded, signature: filled(0, 0) });
});

test("options come out in every field that a producer may give, and unknown ones are left out", () => {
  const options = {
    renditions: [
      {
        id: "v",
        kind: "variant",
        codecs: "avc1.42c01f",
        bandwidth: 5,
        width: 2,
        height: 3,
        frameRate: 30,
        videoRange: "SDR",
      },
      {
        id: "a",
        kind: "audio",
        bandwidth: 5,
        language: "de",
        name: "Ton — eins",
        default: true,
        group: "g",
        channels: "2",
      },
    ],
    partTargetMs: 200,
    targetDurationMs: 2000,
    segmentMinMs: 1000,
    type: "event",
    parts: "files",
    skipDateRanges: true,
  } as const;
  expect(decodeCard(joinCard(encodeCard({ ...card, options }), SIGNATURE)).card.options).toEqual(options);
  const later = JSON_TEXT.replace('"id"', '"shiny":1,"__proto__":{"kind":"audio"},"id"');
  expect(decodeCard(withOptions(later)).card.options).toEqual(card.options);
});

test.each([
  ["no JSON", "{", "options"],
  ["no object", "null", "options"],
  ["no renditions", "{}", "options"],
  ["no list of renditions", '{"renditions":{"length":1}}', "options"],
  ["a rendition that is none", '{"renditions":[null]}', "options"],
  ["two of one name", '{"renditions":[{"id":"a","bandwidth":1},{"id":"a","bandwidth":1}]}', "twice"],
  ["a target beyond reason", JSON_TEXT.replace("333", "1e999"), "partTargetMs"],
  ["more brackets than a parser likes", `{"renditions":${"[".repeat(20_000)}`, "options"],
])("options with %s are malformed", (_, json, message) => {
  expect(() => decodeCard(withOptions(json))).toThrow(malformed(message));
});

test("what is beyond the layout is refused when written", () => {
  const wrong: readonly Partial<StreamCard>[] = [
    { name: ".." },
    { epoch: "" },
    { epoch: "A" },
    { revision: -1 },
    { publicKey: filled(31, 0) },
    {
      ended: [
        { rendition: 0, msn: 1, part: 0 },
        { rendition: 0, msn: 2, part: 0 },
      ],
    },
    { options: { renditions: [] } },
  ];
  for (const field of wrong) {
    expect(() => encodeCard({ ...card, ...field })).toThrow(expect.objectContaining({ code: "malformed-frame" }));
  }
});

test("a card that is cut short, goes on, or was changed anywhere is malformed or another card", () => {
  const bytes = joinCard(encodeCard(card), SIGNATURE);
  const read = (changed: Bytes): unknown => {
    try {
      return decodeCard(changed);
    } catch (error) {
      expect(error).toMatchObject({ code: "malformed-frame" });
      return undefined;
    }
  };
  for (let size = 0; size < bytes.byteLength; size++) expect(read(bytes.subarray(0, size))).toBeUndefined();
  expect(read(Uint8Array.from([...bytes, 0]))).toBeUndefined();
  expect(read(new Uint8Array(MAX_CARD_BYTES + 1))).toBeUndefined();
  fc.assert(
    fc.property(fc.nat(bytes.byteLength - 1), fc.nat(255), (at, byte) => {
      const changed = bytes.slice();
      changed[at] = byte;
      read(changed);
    }),
    { numRuns: 3000 },
  );
});
