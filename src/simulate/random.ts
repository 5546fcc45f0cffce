/** A number from 0 inclusive to 1 exclusive. */
export type Random = () => number;

/** The same seed gives the same numbers everywhere (sfc32, after SplitMix32 has spread the seed). */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  const spread = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  let a = spread();
  let b = spread();
  let c = spread();
  let counter = 1;
  return () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
}

/** Intervals of what happens at random, once in `mean` on average. */
export const exponential = (random: Random, mean: number): number => -Math.log(1 - random()) * mean;

/** A function of quantiles, straight between them, read at a random place: `[0, min], …, [1, max]`. */
export function fromQuantiles(random: Random, quantiles: readonly (readonly [number, number])[]): number {
  const at = random();
  const above = quantiles.findIndex(([share]) => share > at);
  const [lowShare, low] = quantiles[above - 1]!;
  const [highShare, high] = quantiles[above]!;
  return low + ((high - low) * (at - lowShare)) / (highShare - lowShare);
}
