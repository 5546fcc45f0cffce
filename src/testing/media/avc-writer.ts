import { join, u8, u16, u32 } from "../../media/box-writer.ts";
import type { Bytes } from "../../model/bytes.ts";
import { BitWriter } from "./bit-writer.ts";
import { levelOf, predictLuma } from "./flat-blocks.ts";
import { BLOCK_SIZE, type Picture } from "./picture.ts";

/** Constrained Baseline, level 3. */
export const AVC_CODEC = "avc1.42c01e";
const PROFILE = [0x42, 0xc0, 0x1e] as const;
const NAL = { slice: 0x41, idr: 0x65, sequence: 0x67, picture: 0x68 } as const;
const FRAME_NUMBER_BITS = 8;
const QUANTISER = 24;
/** Of a DC level at this quantiser: 8.5.10 with LevelScale 160, and 8.5.12. */
const STEP = 0.625;
const scaleOf = (level: number): number => (40 * level + 32) >> 6;

/** The avcC of pictures of this size. @see ISO/IEC 14496-15 5.3.3.1 */
export function avcDescription(width: number, height: number): Bytes {
  const [sequence, picture] = [sequenceParameters(width, height), pictureParameters()];
  return join([
    u8(1, ...PROFILE, 0xff, 0xe1),
    u16(sequence.byteLength),
    sequence,
    u8(1),
    u16(picture.byteLength),
    picture,
  ]);
}

/** 7.3.2.1.1: one reference, and pictures are shown in the order in which they are decoded. */
function sequenceParameters(width: number, height: number): Bytes {
  const rows = Math.ceil(height / BLOCK_SIZE);
  const bits = new BitWriter();
  for (const byte of PROFILE) bits.bits(byte, 8);
  bits.unsigned(0).unsigned(FRAME_NUMBER_BITS - 4);
  bits.unsigned(2).unsigned(1).bits(0, 1);
  bits
    .unsigned(width / BLOCK_SIZE - 1)
    .unsigned(rows - 1)
    .bits(0b11, 2);
  bits
    .bits(1, 1)
    .unsigned(0)
    .unsigned(0)
    .unsigned(0)
    .unsigned((rows * BLOCK_SIZE - height) / 2);
  // E.1.1: of what helps a decoder, that it need not wait for more pictures before it shows one.
  bits.bits(1, 1).bits(0, 8).bits(0b11, 2);
  bits.unsigned(0).unsigned(0).unsigned(10).unsigned(10).unsigned(0).unsigned(1);
  return unit(NAL.sequence, bits);
}

/** 7.3.2.2: CAVLC, and slices that say whether they are deblocked. */
function pictureParameters(): Bytes {
  const bits = new BitWriter().unsigned(0).unsigned(0).bits(0, 2).unsigned(0).unsigned(0).unsigned(0).bits(0, 3);
  return unit(
    NAL.picture,
    bits
      .signed(QUANTISER - 26)
      .signed(0)
      .signed(0)
      .bits(0b100, 3),
  );
}

export interface AvcFrame {
  readonly picture: Picture;
  /** The one before it; undefined of a key frame. */
  readonly previous?: Picture | undefined;
  /** From its key frame on. */
  readonly number: number;
  /** Which key frame it belongs to: neighbours differ. */
  readonly group: number;
}

/**
 * A frame as a sample of an mp4 file. Each macroblock is flat: predicted from its neighbours, and moved to its luma by one coefficient. What
 * is as it was in the frame before is skipped.
 */
export function writeAvcFrame({ picture, previous, number, group }: AvcFrame): Bytes {
  const bits = new BitWriter()
    .unsigned(0)
    .unsigned(previous === undefined ? 7 : 5)
    .unsigned(0);
  bits.bits(number, FRAME_NUMBER_BITS);
  if (previous === undefined) bits.unsigned(group & 1).bits(0, 2);
  else bits.bits(0, 3);
  bits.signed(0).unsigned(1); // never deblocked: flat is to stay flat
  let skipped = 0;
  for (const [at, luma] of picture.luma.entries()) {
    if (previous !== undefined) {
      if (luma === previous.luma[at]) {
        skipped += 1;
        continue;
      }
      bits.unsigned(skipped);
      skipped = 0;
    }
    // 7.4.5: I_16x16_2_0_0, predicted by the mean, one coefficient at most, no chroma; behind the five types that P slices have.
    bits
      .unsigned(previous === undefined ? 3 : 8)
      .unsigned(0)
      .signed(0);
    writeLevel(bits, levelOf(luma - predictLuma(picture, at), STEP, scaleOf));
  }
  if (skipped > 0) bits.unsigned(skipped);
  const slice = unit(previous === undefined ? NAL.idr : NAL.slice, bits);
  return join([u32(slice.byteLength), slice]);
}

/** 9.2, with no neighbour that has coefficients: at most the first one of the block. */
function writeLevel(bits: BitWriter, level: number): void {
  if (level === 0) {
    bits.bits(1, 1);
    return;
  }
  if (Math.abs(level) === 1) {
    bits.bits(0b01, 2).bits(level < 0 ? 1 : 0, 1);
  } else {
    bits.bits(0b000101, 6);
    const code = 2 * Math.abs(level) - 4 + (level < 0 ? 1 : 0);
    // 9.2.2.1: a prefix of zeros, and from 14 on a suffix.
    if (code < 14) bits.bits(1, code + 1);
    else if (code < 30) bits.bits(1, 15).bits(code - 14, 4);
    else bits.bits(1, 16).bits(code - 30, 12);
  }
  bits.bits(1, 1); // no zeros before it
}

/** 7.3.1: header, payload with its stop bit, and a byte against every start code that is none. */
function unit(header: number, bits: BitWriter): Bytes {
  const bytes = [header];
  let zeros = 0;
  for (const byte of bits.bits(1, 1).finish()) {
    if (zeros >= 2 && byte <= 3) {
      bytes.push(3);
      zeros = 0;
    }
    bytes.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Uint8Array.from(bytes);
}
