import { expect, test } from "vitest";
import { clipUrl, fileName, fileTime, marked, momentOf, timeField } from "./clip-range.ts";

const at = (text: string): number => new Date(`2026-05-0${text}`).getTime();

test("a time field gives back the second it was made of", () => {
  const wallMs = at("2T14:03:07.450");
  expect(timeField(wallMs)).toBe("14:03:07");
  expect(momentOf("14:03:07", wallMs + 1_000)).toBe(at("2T14:03:07"));
  expect(momentOf("14:03", wallMs)).toBe(at("2T14:03:00"));
});

test("a time of day later than the window's end is meant of the day before", () => {
  const endMs = at("3T00:10:00");
  expect(momentOf("23:50:00", endMs)).toBe(at("2T23:50:00"));
  expect(momentOf("00:10:30", endMs)).toBe(at("3T00:10:30"));
});

test("what is no time means nothing", () => {
  for (const field of ["", "now", "7:1", "14:03:xx"]) expect(momentOf(field, 0)).toBeUndefined();
});

test("a mark moves its own end, and takes the other along only where the two would cross", () => {
  const marks = { fromMs: 10_000, toMs: 40_000 };
  expect(marked(marks, "in", 20_000)).toEqual({ fromMs: 20_000, toMs: 40_000 });
  expect(marked(marks, "in", 50_000)).toEqual({ fromMs: 50_000, toMs: 80_000 });
  expect(marked(marks, "out", 15_000)).toEqual({ fromMs: 10_000, toMs: 15_000 });
  expect(marked(marks, "out", 5_000)).toEqual({ fromMs: -25_000, toMs: 5_000 });
});

test("the clip stands beside the playlist, under moments that the relay reads", () => {
  const marks = { fromMs: Date.UTC(2026, 4, 2, 12, 0, 0, 500), toMs: Date.UTC(2026, 4, 2, 12, 0, 30) };
  expect(clipUrl("http://localhost/live/studio/main.m3u8", marks)).toBe(
    "http://localhost/live/studio/clip.mp4?from=2026-05-02T12%3A00%3A00.500Z&to=2026-05-02T12%3A00%3A30.000Z",
  );
});

test("a file is called what was typed, as far as a file can be", () => {
  expect(fileName("Best goal", "clip")).toBe("Best goal.mp4");
  expect(fileName("a/b:c?.mp4", "clip")).toBe("a-b-c-.mp4");
  expect(fileName("  ..  ", "studio-1")).toBe("studio-1.mp4");
  expect(fileTime(at("2T14:03:07.450"))).toBe("2026-05-02 14-03-07");
  expect(fileName("été", "clip")).toBe("été.mp4");
});
