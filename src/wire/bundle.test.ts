import { describe, expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import { PIECE_SIZE_BYTES, type SignedHeader } from "../model/part-header.ts";
import { HeaderSigner } from "../swarm/proof/header-signer.ts";
import { type Bundle, BundleReader, encodeBundle } from "./bundle.ts";
import { encodeFrame } from "./peer-frame-codec.ts";

const FACTS = {
  rendition: 2,
  msn: 7,
  part: 3,
  durationMs: 333,
  independent: true,
  gap: false,
  discontinuity: false,
  programDateTimeMs: Date.UTC(2026, 0, 1),
  initDigest: new Uint8Array(32),
};

/** A part of `size` bytes that count up. */
async function part(size: number): Promise<Extract<Bundle, { kind: "part" }>> {
  const bytes = Uint8Array.from({ length: size }, (_, index) => index);
  return { kind: "part", bytes, signed: await new HeaderSigner().sign({ ...FACTS, gap: size === 0 }, bytes) };
}

function read(chunks: readonly Bytes[]): Bundle {
  const reader = new BundleReader();
  for (const chunk of chunks) reader.push(chunk.slice());
  return reader.end();
}

const hex = (bytes: Bytes): string => Buffer.from(bytes).toString("hex");

/** docs/wire.md shows it. The digests were made without this code. */
const VECTOR = [
  "0104 00ce", // version 1, header, 206 bytes follow
  "00", // hops
  "45644801", // mark
  "30000000000000000000000000000000", // epoch "0"
  "02 000000000007 0003", // key
  "000514c8", // 333 ms
  "01", // independent
  "019b76daa800", // 2026-01-01
  "00000005", // bytes
  "00".repeat(32), // no init segment
  "55640fa80fae0433a2f712c1ae9e810715f702989cbdd7d1d45da7047a944e3c", // root: there is one leaf
  "00".repeat(32), // none before it
  "7f28c09f86f0d866a5ad4e881153ee77592b1e0ed72af2fa5afee96a412ce5a4", // digest of the header
  "00", // nobody signs
  "08bb5e5d6eaac1049ede0893d30ed022b1a4d9b5b48db414871f51c9cb35283d", // SHA-256 of the piece
]
  .join("")
  .replaceAll(" ", "");

describe("what is written is what is read", () => {
  test.each([0, 1, PIECE_SIZE_BYTES, PIECE_SIZE_BYTES + 1, 5 * PIECE_SIZE_BYTES])(
    "a part of %i bytes",
    async (size) => {
      const bundle = await part(size);
      expect(read(encodeBundle(bundle))).toEqual(bundle);
    },
  );

  test("in whichever chunks it comes", async () => {
    const bundle = await part(3 * PIECE_SIZE_BYTES - 7);
    const bytes = Buffer.concat(encodeBundle(bundle));
    for (const step of [1_000, 16_389, bytes.length]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / step) }, (_, index) =>
        Uint8Array.from(bytes.subarray(index * step, (index + 1) * step)),
      );
      expect(read(chunks)).toEqual(bundle);
    }
  });

  test("a card, and an init segment", () => {
    const card: Bundle = { kind: "card", bytes: Uint8Array.of(1, 2, 3) };
    const init: Bundle = { kind: "init", digest: new Uint8Array(32).fill(7), bytes: Uint8Array.of(4, 5) };
    for (const bundle of [card, init]) expect(read(encodeBundle(bundle))).toEqual(bundle);
  });
});

test("a part of five bytes is the frames that docs/wire.md shows", async () => {
  const [header, piece, ...more] = encodeBundle(await part(5));
  expect(hex(header ?? new Uint8Array(0))).toBe(VECTOR);
  expect(hex(piece ?? new Uint8Array(0))).toBe("010500100200000000000700030000" + "0001020304");
  expect(more).toEqual([]);
});

describe("what is refused", () => {
  const frames = async (size = 2 * PIECE_SIZE_BYTES + 1): Promise<Bytes[]> => encodeBundle(await part(size));

  test.each<{ what: string; make: (whole: Bytes[]) => Bytes[]; tells: string }>([
    { what: "nothing", make: () => [], tells: 'got "nothing"' },
    { what: "a header without its pieces", make: ([header]) => [header as Bytes], tells: "3 pieces, got 0" },
    { what: "a piece that is missing", make: (whole) => whole.slice(0, -1), tells: "3 pieces, got 2" },
    { what: "a piece first", make: ([, piece]) => [piece as Bytes], tells: "card, init or header" },
    { what: "pieces out of order", make: ([h, a, b, c]) => [h, b, a, c] as Bytes[], tells: "piece 0 of 3" },
    { what: "a piece twice", make: ([h, a, ...rest]) => [h, a, a, ...rest] as Bytes[], tells: "piece 1 of 3" },
    { what: "a piece too many", make: (whole) => [...whole, whole.at(-1) as Bytes], tells: "piece 3 of 3" },
    { what: "two headers", make: ([header]) => [header, header] as Bytes[], tells: "piece 0" },
    { what: "a cut", make: (whole) => [...whole.slice(0, -1), (whole.at(-1) as Bytes).slice(0, -1)], tells: "cut off" },
    { what: "another frame", make: () => [encodeFrame({ kind: "ping", token: 1 })], tells: 'got "ping"' },
  ])("$what", async ({ make, tells }) => {
    const chunks = make(await frames());
    expect(() => read(chunks)).toThrow(
      expect.objectContaining({ code: "malformed-frame", message: expect.stringContaining(tells) }),
    );
  });

  test("more after a card", () => {
    const [card] = encodeBundle({ kind: "card", bytes: Uint8Array.of(1) });
    expect(() => read([card, card] as Bytes[])).toThrow("nothing after card");
  });

  test("pieces of another part, and of a wrong size", async () => {
    const [header] = await frames(PIECE_SIZE_BYTES + 1);
    const key = { rendition: 2, msn: 7, part: 3 };
    const piece = (changes: object): Bytes =>
      encodeFrame({ kind: "piece", key, index: 0, bytes: new Uint8Array(PIECE_SIZE_BYTES), ...changes });
    expect(() => read([header as Bytes, piece({ key: { ...key, part: 4 } })])).toThrow("piece 0 of 2 of its header");
    expect(() => read([header as Bytes, piece({ bytes: new Uint8Array(5) })])).toThrow("expected 16384 bytes, got 5");
  });

  test("a part that is not as long as its header says is not written", async () => {
    const { signed } = await part(5);
    const shorter = { kind: "part", signed: signed as SignedHeader, bytes: new Uint8Array(4) } as const;
    expect(() => encodeBundle(shorter)).toThrow("expected 5 bytes, got 4");
  });
});
