/** A clock that a camera, a codec and a scaler leave readable: a row of black and white cells, the time in binary. */
export interface ClockGeometry {
  /** Left edge of the first cell, top of the row, width and height of a cell, in pixels of the picture. */
  readonly x: number;
  readonly y: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly cells: number;
}

/** Pixels as ImageData has them: RGBA, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: ArrayLike<number>;
}

/** A white and a black cell tell the levels, 42 bits hold milliseconds until the year 2109, 4 bits check them. */
const TIME_BITS = 42;
const CHECK_BITS = 4;
const CELLS = 2 + TIME_BITS + CHECK_BITS;
/** Between these shares of the way from black to white a cell says nothing. */
const BLACK_BELOW = 0.35;
const WHITE_ABOVE = 0.65;
/** The least difference of the two levels, of 255. */
const MIN_CONTRAST = 80;

/** Where the clock stands in a picture: 12 x 16 pixels for a cell at 640x360, and the same share of any other size. */
export function clockGeometry(width: number, height: number): ClockGeometry {
  const cellWidth = (width * 12) / 640;
  return {
    x: (width - CELLS * cellWidth) / 2,
    y: (height * 312) / 360,
    cellWidth,
    cellHeight: (height * 16) / 360,
    cells: CELLS,
  };
}

/** The cells of a time in ms since the Unix epoch, from left to right: true is white. */
export function clockCells(timeMs: number): boolean[] {
  const time = Math.floor(timeMs);
  const bits = [...bitsOf(time, TIME_BITS), ...bitsOf(checkOf(time), CHECK_BITS)];
  return [true, false, ...bits];
}

/**
 * Reads the clock out of a picture of any size that shows the whole pattern.
 * @returns ms since the Unix epoch; undefined where no clock can be read
 */
export function decodeClock(pixels: Pixels): number | undefined {
  const geometry = clockGeometry(pixels.width, pixels.height);
  const levels = Array.from({ length: CELLS }, (_, cell) => cellLevel(pixels, geometry, cell));
  const [white, black] = levels;
  if (white === undefined || black === undefined || white - black < MIN_CONTRAST) return undefined;
  const bits: boolean[] = [];
  for (const level of levels.slice(2)) {
    const share = (level - black) / (white - black);
    if (share > BLACK_BELOW && share < WHITE_ABOVE) return undefined;
    bits.push(share >= WHITE_ABOVE);
  }
  const time = numberOf(bits.slice(0, TIME_BITS));
  return numberOf(bits.slice(TIME_BITS)) === checkOf(time) ? time : undefined;
}

/** Mean luma of the middle of a cell: its edges bleed. */
function cellLevel({ width, height, data }: Pixels, geometry: ClockGeometry, cell: number): number {
  const { x, y, cellWidth, cellHeight } = geometry;
  const left = Math.floor(x + (cell + 0.3) * cellWidth);
  const right = Math.max(left + 1, Math.floor(x + (cell + 0.7) * cellWidth));
  const top = Math.floor(y + 0.3 * cellHeight);
  const bottom = Math.max(top + 1, Math.floor(y + 0.7 * cellHeight));
  let sum = 0;
  let count = 0;
  for (let row = top; row < Math.min(bottom, height); row++) {
    for (let column = left; column < Math.min(right, width); column++) {
      const at = (row * width + column) * 4;
      sum += 0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0);
      count++;
    }
  }
  return count === 0 ? 0 : sum / count;
}

/** The exclusive or of the hexadecimal digits, turned so that an all-black row is no valid time. */
function checkOf(time: number): number {
  let check = 0x9;
  for (let rest = time; rest > 0; rest = Math.floor(rest / 16)) check ^= rest % 16;
  return check;
}

function bitsOf(value: number, count: number): boolean[] {
  return Array.from({ length: count }, (_, i) => Math.floor(value / 2 ** (count - 1 - i)) % 2 === 1);
}

function numberOf(bits: readonly boolean[]): number {
  return bits.reduce((value, bit) => value * 2 + (bit ? 1 : 0), 0);
}
