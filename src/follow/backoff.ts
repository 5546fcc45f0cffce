const FIRST_MS = 250;
const MAX_MS = 10_000;
/** Who says when to come again is believed, within reason. */
const MAX_RETRY_AFTER_MS = 30_000;

/**
 * How long to wait before the next try: twice as long each time, at most 10 s, spread over half of that so that those who failed
 * together do not come together again.
 * @param failures in a row, from 1
 */
export function backoffMs(failures: number, random: () => number, retryAfterMs = 0): number {
  const fullMs = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16));
  return Math.max(fullMs * (0.5 + 0.5 * random()), Math.min(retryAfterMs, MAX_RETRY_AFTER_MS));
}
