import fc from "fast-check";
import { expect, test } from "vitest";
import { LAST_POSITION, parseByteRange, parseOpenRange } from "./byte-range.ts";

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

test.each([
  ["bytes=0-", { start: 0 }],
  ["bytes=7-9007199254740991", { start: 7 }],
  ["bytes=7-9999999999999999", { start: 7 }],
  ["bytes=7-7", { start: 7, end: 8 }],
  [" bytes=2-5 ", { start: 2, end: 6 }],
])("rule 62: %s of a resource that grows is what is there and what comes", (header, range) => {
  expect(parseOpenRange(header)).toEqual(range);
});

test("a range of a growing resource is read as it was written, or is none: whatever the header is", () => {
  const position = fc.oneof(
    fc.nat(100),
    fc.maxSafeNat(),
    fc.constantFrom(LAST_POSITION - 1, LAST_POSITION, LAST_POSITION + 1),
  );
  fc.assert(
    fc.property(position, fc.option(position, { nil: undefined }), (start, last) => {
      const range = parseOpenRange(`bytes=${start}-${last ?? ""}`);
      if (start > LAST_POSITION || (last !== undefined && last < start)) expect(range).toBeUndefined();
      else if (last === undefined || last >= LAST_POSITION) expect(range).toEqual({ start });
      else expect(range).toEqual({ start, end: last + 1 });
    }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^bytes=[0-9, -]{0,40}$/)), (header) => {
      const range = parseOpenRange(header);
      if (range === undefined) return;
      expect(Number.isSafeInteger(range.start) && range.start >= 0).toBe(true);
      if (range.end !== undefined) expect(range.end > range.start && range.end <= LAST_POSITION).toBe(true);
      expect(header.trim()).toMatch(/^bytes=\d+-\d*$/);
    }),
  );
});
