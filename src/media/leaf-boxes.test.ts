import {
  IsoBoxReadView,
  readHdlr,
  readMdhd,
  readTfdt,
  readTfhd,
  readTkhd,
  readTrex,
  readTrun,
} from "@svta/cml-iso-bmff";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import * as own from "./leaf-boxes.ts";

/** Bytes of a body: version and flags that occur, and anything behind them. */
const body = (flags: fc.Arbitrary<number>, size: number) =>
  fc
    .tuple(fc.constantFrom(0, 1), flags, fc.uint8Array({ minLength: size, maxLength: size }))
    .map(([version, bits, rest]) => new Uint8Array([version, bits >> 16, (bits >> 8) & 0xff, bits & 0xff, ...rest]));

const viewOf = (bytes: Bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function same(
  bytes: fc.Arbitrary<Bytes>,
  read: (body: DataView<ArrayBuffer>) => object,
  other: (view: IsoBoxReadView) => object,
) {
  fc.assert(
    fc.property(bytes, (given) => {
      const theirs = other(new IsoBoxReadView(viewOf(given)));
      for (const [field, value] of Object.entries(read(viewOf(given))))
        expect([field, value]).toEqual([field, Reflect.get(theirs, field)]);
    }),
  );
}

describe("boxes are read as another reader reads them", () => {
  const anyFlags = fc.nat(0xff_ffff);
  test("tkhd", () => same(body(anyFlags, 100), own.readTkhd, readTkhd));
  test("mdhd", () => same(body(anyFlags, 40), own.readMdhd, readMdhd));
  test("hdlr", () => same(body(anyFlags, 40), own.readHdlr, readHdlr));
  test("trex", () => same(body(anyFlags, 20), own.readTrex, readTrex));
  test("tfhd", () => same(body(fc.nat(0x3f), 40), own.readTfhd, readTfhd));
  test("tfdt", () => {
    // Above 2^53 neither is exact, and both are refused.
    const small = body(fc.constant(0), 12).map((bytes) => bytes.fill(0, 4, 6));
    same(small, own.readTfdt, readTfdt);
  });
  test("trun", () => {
    const flags = fc
      .subarray([0x1, 0x4, 0x100, 0x200, 0x400, 0x800])
      .map((some) => some.reduce((sum, one) => sum | one, 0));
    fc.assert(
      fc.property(body(flags, 200), fc.nat(10), (given, count) => {
        viewOf(given).setUint32(4, count);
        const { type, version, flags: bits, ...theirs } = readTrun(new IsoBoxReadView(viewOf(given)));
        expect(own.readTrun(viewOf(given))).toEqual(theirs);
      }),
    );
  });
});

test("a box that ends too early throws a RangeError, and nothing is read behind it", () => {
  const short = new Uint8Array(64).subarray(0, 6);
  for (const read of [own.readTkhd, own.readMdhd, own.readHdlr, own.readTrex, own.readTfhd, own.readTrun])
    expect(() => read(viewOf(short))).toThrow(RangeError);
  expect(() => own.readTfdt(viewOf(short.subarray(0, 4)))).toThrow(RangeError);
});
