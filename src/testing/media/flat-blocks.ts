import type { Picture } from "./picture.ts";

/** What a decoder expects where there is no neighbour, of 8 bits. */
const MIDDLE = 128;

/**
 * The luma that DC prediction gives a block: the mean of its neighbours above and to the left, each of one luma. H.264 and VP9 agree here to the bit.
 * @see ITU-T H.264 8.3.3.3; VP9 Bitstream & Decoding Process 8.5.1.1
 */
export function predictLuma({ columns, luma }: Picture, at: number): number {
  const above = luma[at - columns];
  const left = at % columns === 0 ? undefined : luma[at - 1];
  if (above !== undefined && left !== undefined) return (above + left + 1) >> 1;
  return above ?? left ?? MIDDLE;
}

/**
 * The level of a single DC coefficient that changes every pixel of a block by `difference`. Steps are less than a pixel's, so there is always one.
 * @param scaleOf what a decoder makes of a level
 */
export function levelOf(difference: number, step: number, scaleOf: (level: number) => number): number {
  const guess = Math.round(difference / step);
  return [guess, guess - 1, guess + 1].find((level) => scaleOf(level) === difference) ?? guess;
}
