import type { Bytes } from "../model/bytes.ts";
import {
  type Digest,
  MAX_SHARED_PART_BYTES,
  type PartHeader,
  PIECE_SIZE_BYTES,
  type SignedHeader,
} from "../model/part-header.ts";
import { ByteReader, malformed } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { MAX_PART_DURATION_MS } from "./frame-limits.ts";
import { PART_KEY_BYTES, readPartKey, writePartKey } from "./part-key-codec.ts";

/** "EdH" and the version of the layout: what is signed of a header can never pass for a card. */
const MARK = 0x45_64_48_01;
const EPOCH_BYTES = 16;
const EPOCH = /^[0-9a-z]{1,16}$/;
const DIGEST_BYTES = 32;
const SIGNATURE_BYTES = 64;
const MAX_DURATION_US = MAX_PART_DURATION_MS * 1000;
const INDEPENDENT = 1;
const GAP = 2;
const DISCONTINUITY = 4;
const ALL_FLAGS = INDEPENDENT | GAP | DISCONTINUITY;

/** Bytes of every encoded header. */
export const HEADER_BYTES = 4 + EPOCH_BYTES + PART_KEY_BYTES + 4 + 1 + 6 + 4 + 3 * DIGEST_BYTES;

/** How many pieces a part of this size travels in; none for a gap. */
export function pieceCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / PIECE_SIZE_BYTES);
}

/** Size of one piece: 16 KiB, or what is left for the last. */
export function pieceSize(sizeBytes: number, index: number): number {
  return Math.min(PIECE_SIZE_BYTES, sizeBytes - index * PIECE_SIZE_BYTES);
}

/** An epoch in its 16 bytes, filled up with zeros. */
export function writeEpoch(writer: ByteWriter, epoch: string): void {
  if (!EPOCH.test(epoch)) throw malformed("epoch", "1 to 16 of 0-9 a-z", epoch);
  for (let index = 0; index < EPOCH_BYTES; index++) {
    writer.u8("epoch", index < epoch.length ? epoch.charCodeAt(index) : 0);
  }
}

export function readEpoch(reader: ByteReader): string {
  // Zeros end it, and nothing else may follow them: one epoch has one encoding.
  const epoch = String.fromCharCode(...reader.bytes("epoch", EPOCH_BYTES)).replace(/\0+$/, "");
  if (EPOCH.test(epoch)) return epoch;
  throw malformed("epoch", "1 to 16 of 0-9 a-z", epoch);
}

/** A header with the roundings that its encoding makes: whole microseconds, whole milliseconds. */
function flagsOf({ independent, gap, discontinuity }: PartHeader): number {
  return (independent ? INDEPENDENT : 0) | (gap ? GAP : 0) | (discontinuity ? DISCONTINUITY : 0);
}

function checkSize(sizeBytes: number, gap: boolean): void {
  if ((sizeBytes === 0) !== gap) throw malformed("sizeBytes", gap ? "0 of a gap" : "1 or more", sizeBytes);
}

/**
 * The bytes that are signed: one header has exactly one encoding. Durations are rounded to microseconds, dates to milliseconds.
 * @throws RelayError `malformed-frame` where a field is beyond what the layout takes
 */
export function encodeHeader(header: PartHeader): Bytes {
  const writer = new ByteWriter(HEADER_BYTES);
  writer.u32("mark", MARK);
  writeEpoch(writer, header.epoch);
  writePartKey(writer, header);
  writer.u32("durationMs", Math.round(header.durationMs * 1000), 0, MAX_DURATION_US);
  writer.u8("flags", flagsOf(header));
  writer.u48("programDateTimeMs", Math.round(header.programDateTimeMs));
  checkSize(header.sizeBytes, header.gap);
  writer.u32("sizeBytes", header.sizeBytes, 0, MAX_SHARED_PART_BYTES);
  writer.exactly("initDigest", header.initDigest, DIGEST_BYTES);
  writer.exactly("root", header.root, DIGEST_BYTES);
  writer.exactly("previous", header.previous, DIGEST_BYTES);
  return writer.done();
}

/**
 * Reads what `encodeHeader()` wrote; its digests are views of `encoded`.
 * @throws RelayError `malformed-frame`
 */
export function decodeHeader(encoded: Bytes): PartHeader {
  const reader = new ByteReader(encoded);
  const mark = reader.u32("mark");
  if (mark !== MARK) throw malformed("mark", MARK.toString(16), mark.toString(16));
  const epoch = readEpoch(reader);
  const key = readPartKey(reader);
  const durationMs = reader.u32("durationMs", 0, MAX_DURATION_US) / 1000;
  const flags = reader.u8("flags", 0, ALL_FLAGS);
  const programDateTimeMs = reader.u48("programDateTimeMs");
  const sizeBytes = reader.u32("sizeBytes", 0, MAX_SHARED_PART_BYTES);
  const gap = (flags & GAP) !== 0;
  checkSize(sizeBytes, gap);
  const header: PartHeader = {
    ...key,
    epoch,
    durationMs,
    independent: (flags & INDEPENDENT) !== 0,
    gap,
    discontinuity: (flags & DISCONTINUITY) !== 0,
    programDateTimeMs,
    initDigest: reader.bytes("initDigest", DIGEST_BYTES),
    sizeBytes,
    root: reader.bytes("root", DIGEST_BYTES),
    previous: reader.bytes("previous", DIGEST_BYTES),
  };
  reader.end("header");
  return header;
}

/** Bytes of a signed header, as `encodeSignedHeader()` writes it. */
export function signedHeaderSize({ encoded, signature, pieces }: SignedHeader): number {
  return encoded.byteLength + DIGEST_BYTES + 1 + signature.byteLength + pieces.length * DIGEST_BYTES;
}

/** Writes the header as it was signed, its digest, the signature and the digests of the pieces. */
export function writeSignedHeader(writer: ByteWriter, signed: SignedHeader): void {
  const { encoded, digest, signature, pieces, header } = signed;
  writer.exactly("header", encoded, HEADER_BYTES);
  writer.exactly("digest", digest, DIGEST_BYTES);
  writeSignature(writer, signature);
  if (pieces.length !== pieceCount(header.sizeBytes)) {
    throw malformed("pieces", `${pieceCount(header.sizeBytes)} digests`, pieces.length);
  }
  for (const piece of pieces) writer.exactly("piece digest", piece, DIGEST_BYTES);
}

/** Reads to the end of what `reader` has. */
export function readSignedHeader(reader: ByteReader): SignedHeader {
  const encoded = reader.bytes("header", HEADER_BYTES);
  const header = decodeHeader(encoded);
  const digest = reader.bytes("digest", DIGEST_BYTES);
  const signature = readSignature(reader);
  const count = pieceCount(header.sizeBytes);
  if (reader.left !== count * DIGEST_BYTES) throw malformed("pieces", `${count * DIGEST_BYTES} bytes`, reader.left);
  const pieces: Digest[] = [];
  for (let index = 0; index < count; index++) pieces.push(reader.bytes("piece digest", DIGEST_BYTES));
  return { header, encoded, digest, signature, pieces };
}

/** What `npx eddy-hls sign` serves for one part, and what a header frame carries. @throws RelayError `malformed-frame` */
export function encodeSignedHeader(signed: SignedHeader): Bytes {
  const writer = new ByteWriter(signedHeaderSize(signed));
  writeSignedHeader(writer, signed);
  return writer.done();
}

/** Reads what `encodeSignedHeader()` wrote, as views of `bytes`; nothing of it is proven yet. @throws RelayError `malformed-frame` */
export function decodeSignedHeader(bytes: Bytes): SignedHeader {
  return readSignedHeader(new ByteReader(bytes));
}

/** Its length in one byte, 64 or 0: there is none where the site chose `integrity: "none"`. */
export function writeSignature(writer: ByteWriter, signature: Bytes): void {
  const sizeBytes = signature.byteLength;
  if (sizeBytes !== 0 && sizeBytes !== SIGNATURE_BYTES) throw malformed("signature", "0 or 64 bytes", sizeBytes);
  writer.u8("signature length", sizeBytes);
  writer.bytes(signature);
}

export function readSignature(reader: ByteReader): Bytes {
  const sizeBytes = reader.u8("signature length");
  if (sizeBytes !== 0 && sizeBytes !== SIGNATURE_BYTES) throw malformed("signature", "0 or 64 bytes", sizeBytes);
  return reader.bytes("signature", sizeBytes);
}
