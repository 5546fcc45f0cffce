import { expect, test } from "vitest";
import { type LiveEdge, positionKey, reloadDeadlineMs, reloadKey } from "./reload.ts";

const edge: LiveEdge = { last: { msn: 10, part: 3 }, firstMsn: 1, partTargetMs: 500, targetDurationMs: 2000 };
const skip = false;

test("a request without _HLS_msn does not wait", () => {
  expect(reloadKey({ skip }, edge)).toBeUndefined();
});

test("rule 51: _HLS_msn alone waits until that segment is complete, and so until the next one opens", () => {
  expect(reloadKey({ msn: 9, skip }, edge)).toBeUndefined();
  expect(reloadKey({ msn: 10, skip }, edge)).toBe(positionKey({ msn: 11, part: 0 }));
});

test("rule 52: with _HLS_part it waits for that part, and not for one that is there", () => {
  expect(reloadKey({ msn: 10, part: 3, skip }, edge)).toBeUndefined();
  expect(reloadKey({ msn: 10, part: 4, skip }, edge)).toBe(positionKey({ msn: 10, part: 4 }));
});

test("rule 53: a part past the last of a closed parent is met by part 0 of the next segment", () => {
  expect(reloadKey({ msn: 9, part: 99, skip }, edge)).toBeUndefined();
  // Asked before the segment closed: the key lies below that of part 0 of the next.
  const key = reloadKey({ msn: 10, part: 8, skip }, edge) ?? 0;
  expect(positionKey({ msn: 11, part: 0 })).toBeGreaterThan(key);
});

test("rule 55: what tune-in may ask for blocks, what lies further ahead is refused", () => {
  expect(reloadKey({ msn: 12, part: 0, skip }, edge)).toBeDefined();
  expect(reloadKey({ msn: 10, part: 3 + 6, skip }, edge)).toBeDefined();
  const refused = expect.objectContaining({ code: "reload-too-far-ahead" });
  expect(() => reloadKey({ msn: 13, skip }, edge)).toThrowError(refused);
  expect(() => reloadKey({ msn: 13, part: 0, skip }, edge)).toThrowError(refused);
  expect(() => reloadKey({ msn: 10, part: 3 + 7, skip }, edge)).toThrowError(refused);
  expect(() => reloadKey({ msn: 2 ** 40, part: 2 ** 40, skip }, edge)).toThrowError(refused);
});

test("rule 56: a stale or evicted MSN is answered at once", () => {
  expect(reloadKey({ msn: 0, skip }, edge)).toBeUndefined();
  expect(reloadKey({ msn: 1, part: 5000, skip }, edge)).toBeUndefined();
});

test("before the first part, the first segments can be waited for", () => {
  const empty: LiveEdge = { ...edge, last: undefined };
  expect(reloadKey({ msn: 1, part: 0, skip }, empty)).toBe(positionKey({ msn: 1, part: 0 }));
  expect(() => reloadKey({ msn: 4, skip }, empty)).toThrowError();
});

test("rule 58: the deadline lies below hls.js's patience and three target durations", () => {
  for (const partTargetMs of [100, 200, 333, 500, 1000, 4000]) {
    for (const targetDurationMs of [1000, 2000, 6000, 30_000]) {
      const patienceMs = Math.min(10_000, Math.max(3 * partTargetMs, 0.8 * targetDurationMs));
      const deadlineMs = reloadDeadlineMs(partTargetMs, targetDurationMs);
      expect(deadlineMs).toBeLessThan(patienceMs);
      expect(deadlineMs).toBeLessThanOrEqual(3 * targetDurationMs);
    }
  }
});
