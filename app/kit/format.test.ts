import { expect, test } from "vitest";
import { words } from "../words/words.ts";
import { bitrate, clockTime, fileSize, kilobits, plural, seconds } from "./format.ts";

test("clockTime() shows hours only when there are some", () => {
  expect(clockTime(-5)).toBe("0:00");
  expect(clockTime(7_999)).toBe("0:07");
  expect(clockTime(750_000)).toBe("12:30");
  expect(clockTime(3_723_000)).toBe("1:02:03");
});

test("seconds() is exact where latency is judged, and short where it is not", () => {
  expect(seconds(1_064)).toBe("1.06 s");
  expect(seconds(30_004)).toBe("30.0 s");
});

test("kilobits() and plural() group thousands", () => {
  expect(kilobits(1_204_300)).toBe("1,204 kbit/s");
  expect(plural(1, "part")).toBe("1 part");
  expect(plural(1_200, "part")).toBe("1,200 parts");
});

test("bitrate() changes to the next unit before it would need four digits", () => {
  expect(bitrate(640_000)).toBe("640 kbit/s");
  expect(bitrate(999_600)).toBe("1.0 Mbit/s");
  expect(bitrate(2_450_000)).toBe("2.5 Mbit/s");
});

test("fileSize() changes to the next unit before it would need four digits", () => {
  expect(fileSize(0)).toBe("0 bytes");
  expect(fileSize(999)).toBe("999 bytes");
  expect(fileSize(64_400)).toBe("64 kB");
  expect(fileSize(999_700)).toBe("1.0 MB");
  expect(fileSize(24_060_000)).toBe("24.1 MB");
  expect(fileSize(99_960_000)).toBe("100 MB");
  expect(fileSize(10_737_418_240)).toBe("10.7 GB");
});

test("a title from right to left takes nothing of its sentence along, and any other is left as it is", () => {
  const { deleteQuestion, exportLabel } = words.library;
  expect(deleteQuestion("שידור 3")).toBe("Delete “\u2068שידור 3\u2069”? It cannot be brought back.");
  expect(exportLabel("بث مباشر")).toBe("Export \u2068بث مباشر\u2069 as a file");
  expect(words.watch.recording.didPin("a\u202eb")).toMatch(/^“\u2068a\u202eb\u2069” is kept/);
  expect(deleteQuestion("Été №3")).toBe("Delete “Été №3”? It cannot be brought back.");
});
