import { expect, test } from "vitest";
import { type ListedFragment, storedWindow } from "./stored-window.ts";

const EPOCH_MS = 1_700_000_000_000;

function fragment(index: number, more: Partial<ListedFragment> = {}): ListedFragment {
  return {
    start: 10 + index * 2,
    duration: 2,
    programDateTime: EPOCH_MS + index * 2_000,
    url: `seg-${index}.mp4`,
    encrypted: false,
    initSegment: { url: "init.mp4" },
    ...more,
  };
}

const five = Array.from({ length: 5 }, (_, index) => fragment(index));
const window = storedWindow({ fragmentStart: 10, edge: 21, fragments: five });

test("a moment is told by the wall clock, also beyond the last whole segment, and found again by it", () => {
  for (const positionS of [10, 13.5, 19.9, 20.8]) {
    const wallMs = window.wallMsAt(positionS);
    expect(wallMs).toBeCloseTo(EPOCH_MS + (positionS - 10) * 1000, 3);
    expect(window.positionAt(wallMs ?? 0)).toBeCloseTo(positionS, 6);
  }
});

test("what is asked for beyond the window is answered with its ends", () => {
  expect(window.positionAt(EPOCH_MS - 60_000)).toBe(10);
  expect(window.positionAt(EPOCH_MS + 3_600_000)).toBe(21);
  expect(window.segmentAt(0)?.url).toBe("seg-0.mp4");
});

test("where the publisher was away, the wall clock leaps and the media does not", () => {
  const later = [fragment(0), fragment(1, { programDateTime: EPOCH_MS + 600_000 })];
  const parted = storedWindow({ fragmentStart: 10, edge: 14, fragments: later });
  expect(parted.wallMsAt(12.5)).toBe(EPOCH_MS + 600_500);
  expect(parted.positionAt(EPOCH_MS + 300_000)).toBe(12);
});

test("there is no picture of a gap, of what is encrypted, or of nothing", () => {
  const odd = [fragment(0, { gap: true }), fragment(1, { encrypted: true })];
  const dark = storedWindow({ fragmentStart: 10, edge: 14, fragments: odd });
  expect(dark.segmentAt(10.5)).toBeUndefined();
  expect(dark.segmentAt(12.5)).toBeUndefined();
  const none = storedWindow(null);
  expect([none.startS, none.endS, none.wallMsAt(1), none.positionAt(1), none.segmentAt(1)]).toEqual([
    0,
    0,
    undefined,
    undefined,
    undefined,
  ]);
});
