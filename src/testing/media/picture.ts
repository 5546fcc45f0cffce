/** Sizes that synthetic pictures come in. */
export type SyntheticSize = "640x360" | "320x180" | "160x90";

/** Luma of what is drawn, as BT.601 and BT.709 have it in the narrow range. Pictures have no colour. */
const LUMA = { ground: 16, zero: 48, one: 235 } as const;
/** Both writers paint blocks of so many pixels, each of one luma. */
export const BLOCK_SIZE = 16;

const CELL_COLUMNS = 10;
const CELL_ROWS = 3;
const CHECK_BITS = 5;
/** Frame numbers begin anew behind this one: after twelve days at 30 a second. */
export const FRAME_NUMBERS = 2 ** (CELL_COLUMNS * CELL_ROWS - CHECK_BITS);

/** 3 by 5 blocks a digit, a row after the other, from the top left. */
const DIGITS = [0x7b6f, 0x2c97, 0x73e7, 0x73cf, 0x5bc9, 0x79cf, 0x79ef, 0x7249, 0x7bef, 0x7bcf];
const DIGIT = { columns: 3, rows: 5, firstRow: 13, places: 10 } as const;

/** A picture as rows of blocks; where the size is no multiple of a block, the last row reaches over its edge. */
export interface Picture {
  readonly columns: number;
  readonly rows: number;
  /** Luma of each block, a row after the other. */
  readonly luma: Uint8Array;
}

/** Pixels of a size. */
export function pixelsOf(size: SyntheticSize): { readonly width: number; readonly height: number } {
  const [width = 0, height = 0] = size.split("x").map(Number);
  return { width, height };
}

/**
 * The picture of a frame: its number in 30 cells, bright for 1, in three rows over the upper half, and in the largest size in decimal
 * digits below. Of the cells, 25 are the number and five are its check, so that no other picture passes for one.
 */
export function paintPicture(size: SyntheticSize, frame: number): Picture {
  const { width, height } = pixelsOf(size);
  const columns = width / BLOCK_SIZE;
  const rows = Math.ceil(height / BLOCK_SIZE);
  const luma = new Uint8Array(columns * rows).fill(LUMA.ground);
  const number = frame % FRAME_NUMBERS;
  const cells = number * 2 ** CHECK_BITS + checkOf(number);
  const cellBlocks = columns / CELL_COLUMNS;
  for (let at = 0; at < CELL_ROWS * cellBlocks * columns; at++) {
    const row = Math.floor(at / columns / cellBlocks);
    const column = Math.floor((at % columns) / cellBlocks);
    const place = CELL_COLUMNS * CELL_ROWS - 1 - row * CELL_COLUMNS - column;
    luma[at] = (cells >>> place) & 1 ? LUMA.one : LUMA.zero;
  }
  if (size === "640x360") drawDigits(luma, columns, number);
  return { columns, rows, luma };
}

/** The five bits that stand behind a number. That of a black or a white picture is another. */
function checkOf(number: number): number {
  let check = 0x15;
  for (let rest = number; rest > 0; rest >>>= CHECK_BITS) check ^= rest & 0x1f;
  return check;
}

function drawDigits(luma: Uint8Array, columns: number, number: number): void {
  const text = String(number).padStart(DIGIT.places, " ");
  for (const [place, character] of [...text].entries()) {
    const bits = character === " " ? 0 : (DIGITS[Number(character)] ?? 0);
    for (let at = 0; at < DIGIT.columns * DIGIT.rows; at++) {
      if (((bits >>> (DIGIT.columns * DIGIT.rows - 1 - at)) & 1) === 0) continue;
      const row = DIGIT.firstRow + Math.floor(at / DIGIT.columns);
      luma[row * columns + place * (DIGIT.columns + 1) + (at % DIGIT.columns)] = LUMA.one;
    }
  }
}
