import fc from "fast-check";
import type { Bytes } from "../model/bytes.ts";
import {
  MAX_PARTS_PER_SEGMENT,
  MAX_SHARED_PART_BYTES,
  type PartHeader,
  PIECE_SIZE_BYTES,
  type SignedHeader,
} from "../model/part-header.ts";
import { MAX_RENDITIONS } from "../model/rendition-options.ts";
import { MAX_CARD_BYTES, MAX_MSN, MAX_PIECES, MAX_ROOTS, MAX_SUBSTREAMS } from "./frame-limits.ts";
import { encodeHeader, pieceCount } from "./part-header-codec.ts";
import type { ByeReason, PeerFrame } from "./peer-frame.ts";

/** `size` bytes of one value: what a hex dump shows at a glance. */
export function filled(size: number, value: number): Bytes {
  return new Uint8Array(size).fill(value);
}

export function toHex(bytes: Bytes): string {
  return Buffer.from(bytes).toString("hex");
}

export function fromHex(hex: string): Bytes {
  return new Uint8Array(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));
}

export const header: PartHeader = {
  rendition: 1,
  msn: 0x0102030405,
  part: 6,
  epoch: "mabc01",
  durationMs: 333.333,
  independent: true,
  gap: false,
  discontinuity: true,
  programDateTimeMs: 1_790_000_000_000,
  initDigest: filled(32, 0x1a),
  sizeBytes: 20_000,
  root: filled(32, 0x2b),
  previous: filled(32, 0x3c),
};

/** A header with as many leaves as it needs; nothing of it is proven. */
export function signedOf(fields: PartHeader, signature: Bytes = filled(64, 0x5e)): SignedHeader {
  return {
    header: fields,
    encoded: encodeHeader(fields),
    digest: filled(32, 0x4d),
    signature,
    pieces: Array.from({ length: pieceCount(fields.sizeBytes) }, (_, index) => filled(32, 0x60 + (index & 0xf))),
  };
}

const bytes = (minLength: number, maxLength: number): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ minLength, maxLength }) as fc.Arbitrary<Bytes>;
const digest = bytes(32, 32);
const rendition = fc.nat(MAX_RENDITIONS - 1);
const msn = fc.maxSafeNat().map((value) => value % (MAX_MSN + 1));
const part = fc.nat(MAX_PARTS_PER_SEGMENT - 1);
const position = fc.record({ msn, part });
const key = fc.record({ rendition, msn, part });
const text = (alphabet: string, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: 1, maxLength });
const peer = text("ABCXYZabcxyz0189_-", 32);
const u48 = fc.maxSafeNat().map((value) => value % 2 ** 48);

const headers: fc.Arbitrary<PartHeader> = fc
  .record({
    rendition,
    msn,
    part,
    epoch: text("0189abcxyz", 16),
    durationMs: fc.nat(600_000_000).map((us) => us / 1000),
    independent: fc.boolean(),
    gap: fc.boolean(),
    discontinuity: fc.boolean(),
    programDateTimeMs: u48,
    initDigest: digest,
    sizeBytes: fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: MAX_SHARED_PART_BYTES })),
    root: digest,
    previous: digest,
  })
  .map((fields) => ({ ...fields, sizeBytes: fields.gap ? 0 : fields.sizeBytes }));

const reasons: readonly ByeReason[] = [
  "leaving",
  "full",
  "version",
  "other-stream",
  "bad-frame",
  "banned",
  "idle",
  "policy",
];

/** Every frame there can be. */
export const frames: fc.Arbitrary<PeerFrame> = fc.oneof(
  fc.record({
    kind: fc.constant("hello" as const),
    version: fc.constant(1),
    peer,
    stream: bytes(16, 16),
    uploads: fc.boolean(),
    source: fc.boolean(),
    fetches: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("card" as const),
    bytes: fc.oneof(bytes(1, 300), bytes(MAX_CARD_BYTES, MAX_CARD_BYTES)),
  }),
  fc.record({
    kind: fc.constant("have" as const),
    rendition,
    hops: fc.nat(255),
    ranges: fc.array(
      fc.tuple(position, position).map(([a, b]) => {
        const ordered = a.msn < b.msn || (a.msn === b.msn && a.part <= b.part);
        return ordered ? { first: a, last: b } : { first: b, last: a };
      }),
      { maxLength: 20 },
    ),
  }),
  fc.record({
    kind: fc.constant("header" as const),
    hops: fc.nat(255),
    signed: fc
      .tuple(headers, fc.boolean())
      .map(([fields, isSigned]) => signedOf(fields, isSigned ? undefined : filled(0, 0))),
  }),
  fc.record({
    kind: fc.constant("piece" as const),
    key,
    index: fc.nat(MAX_PIECES - 1),
    bytes: fc.oneof(bytes(1, 300), bytes(PIECE_SIZE_BYTES, PIECE_SIZE_BYTES)),
  }),
  fc
    .tuple(fc.nat(MAX_PIECES), fc.nat(MAX_PIECES), key, fc.boolean(), fc.nat(0xffff))
    .map(([first, end, asked, known, withinMs]) => ({
      kind: "request" as const,
      key: asked,
      first: Math.min(first, end),
      count: Math.abs(end - first),
      known,
      withinMs,
    })),
  fc.record({ kind: fc.constantFrom("refuse" as const, "cancel" as const), key }),
  fc
    .tuple(fc.integer({ min: 1, max: MAX_SUBSTREAMS }), fc.nat(2 ** 31 - 1))
    .map(([of, mask]) => ({ kind: "subscribe" as const, of, substreams: mask % 2 ** of })),
  fc
    .tuple(
      fc.array(fc.record({ delayMs: fc.nat(0xffff), behind: fc.nat(255) }), {
        minLength: 1,
        maxLength: MAX_SUBSTREAMS,
      }),
      fc.nat(2 ** 31 - 1),
      fc.nat(255),
      u48,
      u48,
    )
    .map(([ways, mask, free, uplinkBps, beat]) => ({
      kind: "offer" as const,
      asked: mask % 2 ** ways.length,
      substreams: (mask >> 1) % 2 ** ways.length,
      free,
      uplinkBps,
      delaysMs: ways.map(({ delayMs }) => delayMs),
      beats: ways.map(({ behind }, at) => (at === 0 ? beat : Math.max(0, beat - behind))),
    })),
  fc.record({ kind: fc.constant("choke" as const), on: fc.boolean() }),
  fc.record({ kind: fc.constant("init-request" as const), digest }),
  fc.record({ kind: fc.constant("init" as const), digest, bytes: bytes(1, 1000) }),
  fc.record({ kind: fc.constantFrom("ping" as const, "pong" as const), token: fc.nat(0xffff_ffff) }),
  fc.record({
    kind: fc.constant("roots" as const),
    entries: fc.array(fc.record({ peer, beat: u48 }), { maxLength: MAX_ROOTS }),
  }),
  fc.record({ kind: fc.constant("bye" as const), reason: fc.constantFrom(...reasons) }),
);
