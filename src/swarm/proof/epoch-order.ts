/**
 * Below 0 where `a` is older than `b`. An epoch is the time at which its publisher began, in base 36: a longer one is later, and of two
 * equally long ones the one that sorts last.
 */
export function compareEpochs(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
