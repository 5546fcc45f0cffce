import fc from "fast-check";
import { expect, test } from "vitest";
import { AvcSamples } from "./file-avc.ts";

const samples = new AvcSamples(new Uint8Array([1, 0x64, 0, 0x1e, 0xff]));
const intact = (...bytes: number[]) => samples.intact(new Uint8Array(bytes));

test("units that fill their sample are intact, also several", () => {
  expect(intact(0, 0, 0, 2, 0x65, 0x88)).toBe(true);
  expect(intact(0, 0, 0, 1, 0x09, 0, 0, 0, 2, 0x41, 0x9a)).toBe(true);
});

test("lengths that lead outside, zero lengths and nothing at all are not", () => {
  expect(intact(0, 0, 0, 3, 0x65, 0x88)).toBe(false);
  expect(intact(0x7f, 0xff, 0xff, 0xff, 0x65)).toBe(false);
  expect(intact(0, 0, 0, 0)).toBe(false);
  expect(intact(0, 0, 0, 1, 0x65, 0, 0)).toBe(false);
  expect(intact()).toBe(false);
});

test("zeros where a file was not wholly copied are found inside a unit", () => {
  expect(intact(0, 0, 0, 6, 0x65, 0x88, 0, 0, 0, 1)).toBe(false);
  expect(intact(0, 0, 0, 6, 0x65, 0x88, 0, 0, 3, 1)).toBe(true);
});

test("the length field is as wide as the description says", () => {
  expect(new AvcSamples(new Uint8Array([1, 0x64, 0, 0x1e, 0xfd])).intact(new Uint8Array([0, 2, 0x65, 0x88]))).toBe(
    true,
  );
});

test("any bytes get an answer", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => typeof samples.intact(bytes) === "boolean"));
});
