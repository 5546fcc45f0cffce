import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { MAX_HAVE_RANGES, MAX_ROOTS, MAX_SHARED_INIT_BYTES } from "./frame-limits.ts";
import { filled, frames, fromHex, header, signedOf, toHex } from "./frames.test-support.ts";
import { MAX_FRAME_BYTES, type PeerFrame } from "./peer-frame.ts";
import { decodeFrame, encodeFrame, frameSize } from "./peer-frame-codec.ts";

const key = { rendition: 2, msn: 0x0102030405, part: 0x0102 };
const KEY = "02 000102030405 0102".replaceAll(" ", "");

/** Put together by hand from the tables of docs/wire.md: version, kind, length of the rest, the rest. */
const GOLDEN: readonly [string, PeerFrame, string][] = [
  [
    "hello",
    {
      kind: "hello",
      version: 1,
      peer: "p-1",
      stream: filled(16, 0xab),
      uploads: true,
      source: false,
      fetches: true,
    },
    `01 01 0015  03 702d31  ${"ab".repeat(16)}  05`,
  ],
  ["card", { kind: "card", bytes: filled(3, 0xcc) }, "01 02 0003  cccccc"],
  [
    "have",
    {
      kind: "have",
      rendition: 2,
      hops: 3,
      ranges: [
        { first: { msn: 1, part: 0 }, last: { msn: 1, part: 5 } },
        { first: { msn: 3, part: 2 }, last: { msn: 4, part: 0 } },
      ],
    },
    "01 03 0024  02 03 0002  000000000001 0000 000000000001 0005  000000000003 0002 000000000004 0000",
  ],
  [
    "header",
    { kind: "header", hops: 2, signed: signedOf(header) },
    `01 04 012e  02
     45644801 6d616263303100000000000000000000 01 000102030405 0006 00051615 05 01a0c4506c00 00004e20
     ${"1a".repeat(32)} ${"2b".repeat(32)} ${"3c".repeat(32)}
     ${"4d".repeat(32)} 40 ${"5e".repeat(64)} ${"60".repeat(32)} ${"61".repeat(32)}`,
  ],
  ["piece", { kind: "piece", key, index: 0x0103, bytes: filled(2, 0xee) }, `01 05 000d  ${KEY} 0103 eeee`],
  [
    "request",
    { kind: "request", key, first: 4, count: 12, known: true, withinMs: 700 },
    `01 06 0010  ${KEY} 0004 000c 01 02bc`,
  ],
  ["refuse", { kind: "refuse", key }, `01 07 0009  ${KEY}`],
  ["cancel", { kind: "cancel", key }, `01 08 0009  ${KEY}`],
  ["subscribe", { kind: "subscribe", substreams: 0b101, of: 8 }, "01 09 0005  08 00000005"],
  ["choke", { kind: "choke", on: true }, "01 0a 0001  01"],
  ["init-request", { kind: "init-request", digest: filled(32, 0x1a) }, `01 0b 0020  ${"1a".repeat(32)}`],
  ["init", { kind: "init", digest: filled(32, 0x1a), bytes: filled(2, 0x77) }, `01 0c 0022  ${"1a".repeat(32)} 7777`],
  ["ping", { kind: "ping", token: 0xdeadbeef }, "01 0d 0004  deadbeef"],
  ["pong", { kind: "pong", token: 7 }, "01 0e 0004  00000007"],
  [
    "roots",
    {
      kind: "roots",
      entries: [
        { peer: "a", beat: 1 },
        { peer: "bc", beat: 2 ** 40 },
      ],
    },
    "01 0f 0012  02  01 61 000000000001  02 6263 010000000000",
  ],
  ["bye", { kind: "bye", reason: "bad-frame" }, "01 10 0001  04"],
  [
    "offer",
    {
      kind: "offer",
      asked: 0b11,
      substreams: 0b10,
      free: 7,
      uplinkBps: 5_000_000,
      delaysMs: [1, 65_535, 300],
      beats: [9, 9, 8],
    },
    "01 11 001f  03 00000003 00000002 07 0000004c4b40 0001 ffff 012c 000000000009 000001",
  ],
];

const malformed = (message: RegExp | string = "") =>
  expect.objectContaining({ code: "malformed-frame", message: expect.stringMatching(message) });

/** Decodes, or gives the code of what was thrown. */
function outcome(bytes: Bytes): PeerFrame | string {
  try {
    return decodeFrame(bytes);
  } catch (error) {
    if (error instanceof RelayError) return error.code;
    throw error;
  }
}

test.each(GOLDEN)("%s has the layout that docs/wire.md gives", (_, frame, hex) => {
  expect(toHex(encodeFrame(frame))).toBe(hex.replaceAll(/\s/g, ""));
  expect(decodeFrame(fromHex(hex))).toEqual(frame);
});

test("every frame is read as it was written, in as many bytes as were foretold", () => {
  fc.assert(
    fc.property(frames, (frame) => {
      const bytes = encodeFrame(frame);
      expect(bytes.byteLength).toBe(frameSize(frame));
      expect(bytes.byteLength).toBeLessThanOrEqual(MAX_FRAME_BYTES);
      expect(decodeFrame(bytes)).toEqual(frame);
    }),
    { numRuns: 500 },
  );
});

test("a frame has one encoding: what is read is written as it came", () => {
  fc.assert(
    fc.property(frames, fc.nat(), fc.nat(255), (frame, at, byte) => {
      const bytes = encodeFrame(frame);
      bytes[at % bytes.byteLength] = byte;
      const read = outcome(bytes);
      if (typeof read === "string") expect(read).toBe("malformed-frame");
      // Of a later version, nothing is known of the end.
      else if (bytes[0] === 1) expect(toHex(encodeFrame(read))).toBe(toHex(bytes));
    }),
    { numRuns: 2000 },
  );
});

test("random bytes are a frame or malformed, and nothing else", () => {
  const head = fc.tuple(fc.constantFrom(0, 1, 2), fc.nat(18), fc.uint8Array({ maxLength: 400 }));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), framed(head)), (bytes) => {
      const read = outcome(bytes as Bytes);
      if (typeof read === "string") expect(read).toBe("malformed-frame");
    }),
    { numRuns: 5000 },
  );
});

/** Random bodies behind heads that pass. */
function framed(parts: fc.Arbitrary<[number, number, Uint8Array]>): fc.Arbitrary<Uint8Array> {
  return parts.map(([version, kind, body]) =>
    Uint8Array.from([version, kind, body.byteLength >> 8, body.byteLength & 0xff, ...body]),
  );
}

test("a frame that is cut short, or goes on, is malformed", () => {
  for (const [, frame] of GOLDEN) {
    const bytes = encodeFrame(frame);
    for (let size = 0; size < bytes.byteLength; size++) {
      expect(outcome(bytes.subarray(0, size))).toBe("malformed-frame");
    }
    expect(outcome(Uint8Array.from([...bytes, 0]))).toBe("malformed-frame");
    if (frame.kind === "card" || frame.kind === "piece" || frame.kind === "init") continue;
    // The length says so too: then the layout is what ends before it.
    const longer = Uint8Array.from([...bytes, 0]);
    new DataView(longer.buffer).setUint16(2, longer.byteLength - 4);
    expect(outcome(longer)).toBe("malformed-frame");
  }
});

test.each([
  ["no version", "00 0d 0004 00000000", /version: .*1 to 255, got 0/],
  ["a later version", "02 0d 0004 00000000", /version: expected 1, got 2/],
  ["an unknown kind", "01 12 0000", /kind: expected 1 to 17, got 18/],
  ["another length", "01 0d 0005 00000000", /length: expected 4, got 5/],
  ["a peer with a slash", `01 01 0019 01 2f ${"ab".repeat(16)} 00 000000000000`, /peer: .*got "\/"/],
  ["flags that mean nothing", `01 01 0019 01 61 ${"ab".repeat(16)} 08 000000000000`, /flags/],
  ["no such rendition", "01 07 0009 10 000000000001 0000", /rendition: .*0 to 15, got 16/],
  ["a segment that cannot be", "01 07 0009 00 080000000000 0000", /msn/],
  ["a part that cannot be", "01 07 0009 00 000000000001 0400", /part: .*0 to 1023, got 1024/],
  ["a range that ends before it begins", "01 03 0014 00 00 0001 000000000002 0000 000000000001 0009", /range/],
  ["more ranges than there are", "01 03 0004 00 00 0001", /msn: expected 6 bytes, got 0/],
  ["too many ranges", `01 03 1014 00 00 0101 ${"00".repeat(257 * 16)}`, /ranges: .*0 to 256, got 257/],
  ["a piece beyond the last", `01 05 000c ${KEY} 0200 ee`, /index/],
  ["an empty piece", `01 05 000b ${KEY} 0000`, /piece: expected 1 to 16384 bytes, got 0/],
  ["a request past the end", `01 06 0010 ${KEY} 01ff 0002 00 0000`, /first and count: .*512, got 513/],
  ["a flag that is neither", "01 0a 0001 02", /on/],
  ["bits of more sub-streams than there are", "01 09 0005 02 00000004", /substreams/],
  ["no sub-streams", "01 09 0005 00 00000000", /of/],
  ["too many sub-streams", "01 09 0005 20 00000000", /of/],
  [
    "an offer of what there is not",
    "01 11 0019 01 00000000 00000002 00 000000000000 0000 000000000000 00",
    /substreams/,
  ],
  ["an offer without delays", "01 11 0011 02 00000000 00000002 00 000000000000 00", /delayMs: expected 2 bytes, got 1/],
  ["too many roots", "01 0f 0001 41", /entries: .*0 to 64, got 65/],
  ["a reason that is none", "01 10 0001 08", /reason/],
])("%s is malformed, with what was expected and what came", (_, hex, message) => {
  expect(() => decodeFrame(fromHex(hex))).toThrow(malformed(message));
});

test("a header frame is held to its header: number of leaves, size of the signature, size of a gap", () => {
  const change = (at: number, values: readonly number[]): Bytes => {
    const bytes = encodeFrame({ kind: "header", hops: 0, signed: signedOf(header) });
    bytes.set(values, at);
    return bytes;
  };
  expect(() => decodeFrame(change(5, [0]))).toThrow(malformed("mark"));
  expect(() => decodeFrame(change(9, [0x4d]))).toThrow(malformed("epoch"));
  expect(() => decodeFrame(change(20, [0x61]))).toThrow(malformed("epoch")); // after the zeros
  expect(() => decodeFrame(change(34, [0x23, 0xc3, 0x46, 0x01]))).toThrow(malformed("durationMs"));
  expect(() => decodeFrame(change(38, [0x08]))).toThrow(malformed("flags"));
  expect(() => decodeFrame(change(38, [0x02]))).toThrow(malformed("sizeBytes: expected 0 of a gap"));
  expect(() => decodeFrame(change(45, [0x00, 0x80, 0x00, 0x01]))).toThrow(malformed("sizeBytes"));
  expect(() => decodeFrame(change(45, [0, 0, 0, 1]))).toThrow(malformed("pieces: expected 32 bytes, got 64"));
  expect(() => decodeFrame(change(177, [63]))).toThrow(malformed("signature"));
});

test("a hello of a later version is read as far as it is known, so that it can be told so", () => {
  const bytes = fromHex(`02 01 001a  01 61  ${"ab".repeat(16)}  01  000000000000  ff`);
  expect(decodeFrame(bytes)).toMatchObject({ kind: "hello", version: 2, peer: "a", uploads: true });
  expect(decodeFrame(fromHex("02 10 0002 2a 00"))).toEqual({ kind: "bye", reason: "version" });
  const hello = decodeFrame(bytes);
  expect(encodeFrame(hello)[0]).toBe(2);
});

test("what a frame holds as bytes are views of the message", () => {
  const frame = decodeFrame(encodeFrame({ kind: "piece", key, index: 0, bytes: filled(16_384, 1) }));
  const other = decodeFrame(encodeFrame({ kind: "header", hops: 0, signed: signedOf(header) }));
  if (frame.kind !== "piece" || other.kind !== "header") throw new Error("expected what was written");
  expect(frame.bytes.buffer.byteLength).toBe(15 + 16_384);
  const { encoded, digest, signature, pieces, header: read } = other.signed;
  const buffers = [encoded, digest, signature, ...pieces, read.root, read.previous, read.initDigest].map(
    (b) => b.buffer,
  );
  expect(new Set(buffers).size).toBe(1);
});

test("a message may be a view of a larger buffer", () => {
  const bytes = encodeFrame({ kind: "ping", token: 5 });
  const larger = new Uint8Array(bytes.byteLength + 9);
  larger.set(bytes, 4);
  expect(decodeFrame(larger.subarray(4, 4 + bytes.byteLength))).toEqual({ kind: "ping", token: 5 });
});

test("measured figures are rounded and limited, and everything else must fit", () => {
  const request = { kind: "request", key, first: 0, count: 1, known: false, withinMs: 1e9 } as const;
  expect(decodeFrame(encodeFrame(request))).toMatchObject({ withinMs: 65_535 });
  expect(decodeFrame(encodeFrame({ ...request, withinMs: -3.2 }))).toMatchObject({ withinMs: 0 });
  expect(decodeFrame(encodeFrame({ kind: "have", rendition: 0, hops: 700, ranges: [] }))).toMatchObject({ hops: 255 });
  const wrong: readonly PeerFrame[] = [
    { ...request, withinMs: Number.NaN },
    { ...request, key: { ...key, msn: 1.5 } },
    { ...request, key: { ...key, msn: -1 } },
    { ...request, first: 512 },
    { kind: "ping", token: 2 ** 32 },
    { kind: "piece", key, index: 0, bytes: filled(16_385, 0) },
    { kind: "init", digest: filled(31, 0), bytes: filled(1, 0) },
    { kind: "init", digest: filled(32, 0), bytes: filled(MAX_SHARED_INIT_BYTES + 1, 0) },
    { kind: "roots", entries: Array.from({ length: MAX_ROOTS + 1 }, () => ({ peer: "a", beat: 0 })) },
    {
      kind: "have",
      rendition: 0,
      hops: 0,
      ranges: Array.from({ length: MAX_HAVE_RANGES + 1 }, () => ({ first: key, last: key })),
    },
    { kind: "bye", reason: "other" as "idle" },
    { kind: "header", hops: 0, signed: { ...signedOf(header), pieces: [] } },
  ];
  for (const frame of wrong) expect(() => encodeFrame(frame)).toThrow(malformed());
});

test("the largest part has a header that fits one message", () => {
  const signed = signedOf({ ...header, sizeBytes: 8 * 1024 * 1024 });
  expect(signed.pieces).toHaveLength(512);
  const bytes = encodeFrame({ kind: "header", hops: 255, signed });
  expect(bytes.byteLength).toBe(4 + 1 + 140 + 32 + 1 + 64 + 512 * 32);
  expect(decodeFrame(bytes)).toEqual({ kind: "header", hops: 255, signed });
});
