/** What is read of an ImageData, so that pictures of other decoders can be given too. */
export interface Pixels {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** Four bytes a pixel: red, green, blue, and one that is not looked at. */
  readonly data: ArrayLike<number>;
}

/**
 * The number of the frame that a synthetic picture shows (modulo 2^25), or undefined where it shows none: another picture, or one that
 * changes under the reader. The whole picture, at any scale of at least 20 by 18 pixels. It refers to nothing outside of it, so that a test can
 * pass its text into a page.
 */
export function readFrameNumber(pixels: Pixels): number | undefined {
  const { width, height, data } = pixels;
  if (width < 20 || height < 18) return undefined;
  let number = 0;
  let check = 0;
  for (let cell = 0; cell < 30; cell++) {
    // Cells are a tenth of the width, and 16 of 90 of the height; read around their middle, away from what scaling blurs.
    const x = Math.floor((((cell % 10) + 0.5) * width) / 10);
    const y = Math.floor(((Math.floor(cell / 10) + 0.5) * 16 * height) / 90);
    let sum = 0;
    for (const [right, down] of [
      [0, 0],
      [-1, 0],
      [0, -1],
    ] as const) {
      const at = ((y + down) * width + x + right) * 4;
      sum += (data[at] ?? 0) + (data[at + 1] ?? 0) + (data[at + 2] ?? 0);
    }
    const light = sum / 9;
    if (light > 85 && light < 170) return undefined;
    const bit = light >= 170 ? 1 : 0;
    if (cell < 25) number = number * 2 + bit;
    else check = check * 2 + bit;
  }
  let expected = 21;
  for (let rest = number; rest > 0; rest >>>= 5) expected ^= rest & 31;
  return check === expected ? number : undefined;
}
