import fc from "fast-check";
import { expect, test } from "vitest";
import { parseByteRange } from "./byte-range.ts";

test.each([
  ["bytes=0-9", { start: 0, end: 10 }],
  ["bytes=90-", { start: 90, end: 100 }],
  ["bytes=-10", { start: 90, end: 100 }],
  ["bytes=-1000", { start: 0, end: 100 }],
  ["bytes=90-1000", { start: 90, end: 100 }],
  ["bytes=5-9007199254740991", { start: 5, end: 100 }],
])("rule 62: %s of 100 bytes is satisfied", (header, range) => {
  expect(parseByteRange(header, 100)).toEqual(range);
});

test.each([null, "", "bytes=", "bytes=-", "bytes=9-5", "bytes=1-2,5-6", "items=1-2", "bytes=a-b"])(
  "%j asks for no range that must be kept: the whole resource is the answer",
  (header) => {
    expect(parseByteRange(header, 100)).toBeUndefined();
  },
);

test.each(["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=0-"])("rule 62: %s cannot be satisfied", (header) => {
  const sizeBytes = header === "bytes=0-" ? 0 : 100;
  expect(() => parseByteRange(header, sizeBytes)).toThrowError(
    expect.objectContaining({ code: "range-not-satisfiable" }),
  );
});

test("a range that is given lies within the resource", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 1e6 }), (first, last, sizeBytes) => {
      let range: ReturnType<typeof parseByteRange>;
      try {
        range = parseByteRange(`bytes=${first}-${last}`, sizeBytes);
      } catch {
        expect(first).toBeGreaterThanOrEqual(sizeBytes);
        return;
      }
      if (range === undefined) expect(last).toBeLessThan(first);
      else expect(0 <= range.start && range.start < range.end && range.end <= sizeBytes).toBe(true);
    }),
  );
});
