import { join } from "../../media/box-writer.ts";
import type { Bytes } from "../../model/bytes.ts";
import { BitWriter } from "./bit-writer.ts";
import { BoolWriter } from "./bool-writer.ts";
import { levelOf, predictLuma } from "./flat-blocks.ts";
import type { Picture } from "./picture.ts";

/** Profile 0, level 2.1, 8 bits. */
export const VP9_CODEC = "vp09.00.21.08";

/** Of dc_qlookup: 127, so that a level is just less than a pixel's step. */
const QUANTISER = { index: 122, dc: 127 } as const;
const STEP = 127 / 128;
/** 8.7.2: the inverse transform of 16 by 16 with a DC coefficient alone. */
const scaleOf = (level: number): number => {
  const once = (value: number): number => (value * 11_585 + 8_192) >> 14;
  return (once(once(level * QUANTISER.dc)) + 32) >> 6;
};

/** 10.5: the default probabilities, as far as flat blocks of 16 by 16 use them; in each row by context. */
const PROBABILITY = {
  /** Of blocks of 64 and 32 that are split, and those of 16 that are not: first at the left and upper edges. */
  split: {
    key: {
      64: [
        [174, 35, 49],
        [68, 11, 27],
        [57, 15, 9],
        [12, 3, 3],
      ],
      32: [
        [150, 40, 39],
        [78, 12, 26],
        [67, 33, 11],
        [24, 7, 5],
      ],
      16: [
        [149, 53, 53],
        [94, 20, 48],
        [83, 53, 24],
        [52, 18, 18],
      ],
    },
    inter: {
      64: [
        [222, 34, 30],
        [72, 16, 44],
        [58, 32, 12],
        [10, 7, 6],
      ],
      32: [
        [177, 58, 59],
        [68, 26, 63],
        [52, 79, 25],
        [17, 14, 12],
      ],
      16: [
        [174, 73, 87],
        [92, 41, 83],
        [82, 99, 50],
        [53, 39, 39],
      ],
    },
  },
  skip: [192, 128, 64],
  isInter: [9, 102, 187, 225],
  /** That the reference is the last frame. */
  isLast: [33, 77, 142, 172, 238],
  /** That the vector is not coded as zero, and is that of a neighbour, which is zero too. By how many neighbours are intra. */
  nearest: [
    [7, 166],
    [17, 81],
    [25, 29],
  ],
  /** That a mode is DC. */
  dc: { key: { luma: 137, chroma: 144 }, inter: { 16: 173, 8: 132, chroma: 120 } },
  /** More coefficients, not zero, not one: of the first of a block of 16 by 16. */
  first: [
    [7, 27, 153],
    [5, 30, 95],
    [1, 16, 30],
  ],
  /** More coefficients behind the first, by how large that was. */
  second: [50, 57, 27, 10, 1, 1],
  /** More than none, of chroma. */
  chroma: 212,
} as const;
/** 9.3.2: what stands for larger levels, by the context of the first coefficient. */
const PARETO = [
  [229, 160, 181, 245, 187, 255, 242, 253],
  [183, 127, 158, 222, 153, 254, 226, 251],
  [78, 97, 136, 126, 108, 229, 160, 229],
] as const;
const CATEGORIES = [
  { from: 5, bits: [159] },
  { from: 7, bits: [165, 145] },
  { from: 11, bits: [173, 148, 140] },
  { from: 19, bits: [176, 155, 140, 135] },
  { from: 35, bits: [180, 157, 141, 134, 130] },
  { from: 67, bits: [254, 254, 254, 252, 249, 243, 230, 196, 177, 153, 140, 133, 130, 129] },
] as const;

export interface Vp9Frame {
  readonly picture: Picture;
  /** The one before it; undefined of a key frame. */
  readonly previous?: Picture | undefined;
  readonly width: number;
  readonly height: number;
}

/**
 * A frame as a sample of an mp4 file. Each block is flat, of 16 by 16 pixels: predicted from its neighbours, and moved to its luma by one coefficient.
 * What is as it was in the frame before is copied from it. No frame changes what the next one expects.
 * @see VP9 Bitstream & Decoding Process 6
 */
export function writeVp9Frame(frame: Vp9Frame): Bytes {
  const isKey = frame.previous === undefined;
  const header = compressedHeader(isKey);
  return join([uncompressedHeader(frame, header.byteLength), header, new TileWriter(frame).write()]);
}

/** 6.2 */
function uncompressedHeader({ previous, width, height }: Vp9Frame, headerBytes: number): Bytes {
  const isKey = previous === undefined;
  const bits = new BitWriter().bits(0b10, 2).bits(0, 3);
  bits.bits(isKey ? 0 : 1, 1).bits(0b11, 2); // shown, and resilient: all that is learnt is forgotten
  if (isKey) {
    bits.bits(0x49_83_42, 24).bits(2, 3).bits(0, 1); // BT.709, narrow
    bits
      .bits(width - 1, 16)
      .bits(height - 1, 16)
      .bits(0, 1);
  } else {
    // Every reference is the same; this one takes its place, and has its size.
    bits.bits(1, 8).bits(0, 12).bits(1, 1).bits(0, 1).bits(0, 1).bits(0, 3);
  }
  bits.bits(0, 2).bits(0, 10); // no filter between blocks: flat is to stay flat
  bits.bits(QUANTISER.index, 8).bits(0, 3).bits(0, 1);
  // 6.2.13: as many tile columns as must be; whether there may be more depends on the width.
  if (width >= 8 * 64) bits.bits(0, 1);
  return bits.bits(0, 1).bits(headerBytes, 16).finish();
}

/** 6.3: transforms of up to 16 by 16, and no probability that is not the default. */
function compressedHeader(isKey: boolean): Bytes {
  const bools = new BoolWriter().literal(2, 2).literal(0, 3);
  const unchanged = isKey ? 3 : 3 + 7 * 3 + 4 + 5 * 2 + 4 * 9 + 16 * 3 + 3 + 2 * (1 + 10 + 1 + 10) + 2 * (2 * 3 + 3);
  for (let at = 0; at < unchanged; at++) bools.write(0, 252);
  return bools.finish();
}

type Level = 64 | 32 | 16;

/** Writes the only tile of a frame, block by block. */
class TileWriter {
  readonly #bools = new BoolWriter();
  readonly #frame: Vp9Frame;
  readonly #columns: number;
  /** In units of 8 pixels, as edges are counted. */
  readonly #miRows: number;
  readonly #miColumns: number;
  /** Of each block: 1 where it is skipped, intra, or has a coefficient. */
  readonly #skipped: Uint8Array;
  readonly #intra: Uint8Array;
  readonly #coded: Uint8Array;

  constructor(frame: Vp9Frame) {
    this.#frame = frame;
    this.#columns = frame.picture.columns;
    this.#miRows = Math.ceil(frame.height / 8);
    this.#miColumns = Math.ceil(frame.width / 8);
    const blocks = frame.picture.luma.length;
    this.#skipped = new Uint8Array(blocks);
    this.#intra = new Uint8Array(blocks);
    this.#coded = new Uint8Array(blocks);
  }

  write(): Bytes {
    for (let row = 0; row < this.#miRows; row += 8) {
      for (let column = 0; column < this.#miColumns; column += 8) this.#partition(row, column, 64);
    }
    return this.#bools.finish();
  }

  /** 6.4.2: down to 16 pixels everywhere; the half that is left at the lower edge is a block of 16 by 8. */
  #partition(miRow: number, miColumn: number, size: Level): void {
    if (miRow >= this.#miRows || miColumn >= this.#miColumns) return;
    const half = size / 16;
    const hasRows = miRow + half < this.#miRows;
    const hasColumns = miColumn + half < this.#miColumns;
    const isLeaf = size === 16;
    // 9.3.1: whether the neighbours are split further than this; a block of 16 by 8 is, to its right.
    const above = !isLeaf && miRow > 0 ? 1 : 0;
    const left = miColumn > 0 && (!isLeaf || !hasRows) ? 2 : 0;
    const table = PROBABILITY.split[this.#frame.previous === undefined ? "key" : "inter"][size];
    const [none, horizontal, vertical] = table[(above + left) as 0 | 1 | 2 | 3];
    if (hasRows && hasColumns) {
      this.#bools.write(isLeaf ? 0 : 1, none);
      if (!isLeaf) this.#bools.write(1, horizontal).write(1, vertical);
    } else if (hasColumns) this.#bools.write(isLeaf ? 0 : 1, horizontal);
    else if (hasRows) this.#bools.write(isLeaf ? 0 : 1, vertical);
    if (isLeaf) {
      this.#block((miRow / 2) * this.#columns + miColumn / 2, hasRows ? 16 : 8);
      return;
    }
    const next = (size / 2) as Level;
    for (const row of [miRow, miRow + half]) {
      for (const column of [miColumn, miColumn + half]) this.#partition(row, column, next);
    }
  }

  /** 6.4.4 and 6.4.6 */
  #block(at: number, height: 16 | 8): void {
    const { picture, previous } = this.#frame;
    const luma = picture.luma[at] ?? 0;
    const level = levelOf(luma - predictLuma(picture, at), STEP, scaleOf);
    const isCopy = previous !== undefined && luma === previous.luma[at];
    const isSkipped = isCopy || level === 0;
    const bools = this.#bools.write(isSkipped ? 1 : 0, PROBABILITY.skip[this.#around(this.#skipped, at) as 0 | 1 | 2]);
    this.#skipped[at] = isSkipped ? 1 : 0;
    if (previous !== undefined) bools.write(isCopy ? 1 : 0, PROBABILITY.isInter[this.#interContext(at)]);
    if (isCopy) {
      const [zero, nearest] = PROBABILITY.nearest[this.#around(this.#intra, at) as 0 | 1 | 2];
      bools.write(0, PROBABILITY.isLast[this.#referenceContext(at)]).write(1, zero).write(0, nearest);
      return;
    }
    this.#intra[at] = 1;
    const { key, inter } = PROBABILITY.dc;
    bools.write(0, previous === undefined ? key.luma : inter[height]);
    bools.write(0, previous === undefined ? key.chroma : inter.chroma);
    if (!isSkipped) this.#coefficient(at, level);
  }

  /** 6.4.24: one of luma, and none of chroma twice. */
  #coefficient(at: number, level: number): void {
    const context = this.#around(this.#coded, at) as 0 | 1 | 2;
    const [more, zero, one] = PROBABILITY.first[context];
    const bools = this.#bools.write(1, more).write(1, zero);
    const size = Math.abs(level);
    bools.write(size > 1 ? 1 : 0, one);
    if (size > 1) this.#largeLevel(size, PARETO[context]);
    bools.write(level < 0 ? 1 : 0);
    const energy = size < 4 ? size : size < 5 ? 3 : size < 11 ? 4 : 5;
    bools.write(0, PROBABILITY.second[energy as 0 | 1 | 2 | 3 | 4 | 5]);
    bools.write(0, PROBABILITY.chroma).write(0, PROBABILITY.chroma);
    this.#coded[at] = 1;
  }

  #largeLevel(size: number, pareto: readonly number[]): void {
    const bools = this.#bools.write(size > 4 ? 1 : 0, pareto[0]);
    if (size <= 4) {
      bools.write(size > 2 ? 1 : 0, pareto[1]);
      if (size > 2) bools.write(size - 3, pareto[2]);
      return;
    }
    const category = CATEGORIES.findLastIndex(({ from }) => size >= from);
    bools.write(category > 1 ? 1 : 0, pareto[3]);
    if (category < 2) bools.write(category, pareto[4]);
    else {
      bools.write(category > 3 ? 1 : 0, pareto[5]);
      bools.write((category - 2) & 1, pareto[category > 3 ? 7 : 6]);
    }
    const { from, bits } = CATEGORIES[category] ?? CATEGORIES[0];
    bools.literal(size - from, bits.length, bits);
  }

  /** How many of the neighbours above and to the left are marked. */
  #around(marks: Uint8Array, at: number): number {
    return (marks[at - this.#columns] ?? 0) + (at % this.#columns === 0 ? 0 : (marks[at - 1] ?? 0));
  }

  #edges(at: number): number {
    return (at >= this.#columns ? 1 : 0) + (at % this.#columns > 0 ? 1 : 0);
  }

  #interContext(at: number): 0 | 1 | 2 | 3 {
    const intra = this.#around(this.#intra, at);
    return (this.#edges(at) === 2 ? [0, 1, 3] : [0, 2])[intra] as 0 | 1 | 2 | 3;
  }

  /** All that is not intra refers to the last frame. */
  #referenceContext(at: number): 2 | 4 {
    return this.#around(this.#intra, at) === this.#edges(at) ? 2 : 4;
  }
}
