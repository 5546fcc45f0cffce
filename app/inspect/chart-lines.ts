/** Tokens that lines are drawn in, in this order. */
const STROKES = ["--accent", "--warn-line", "--live", "--ink-soft"] as const;
const DASHES: readonly number[][] = [[], [6, 4], [2, 3], [10, 3]];

/** How the line of a series is drawn: no two of the first sixteen alike, and neighbours by more than their colour. */
export function lineOf(index: number): { readonly stroke: string; readonly dash: readonly number[] } {
  const round = Math.floor(index / STROKES.length);
  return {
    stroke: STROKES[index % STROKES.length] ?? STROKES[0],
    dash: DASHES[(index + round) % DASHES.length] ?? [],
  };
}
