import { expect, test } from "vitest";
import { EncoderLoad } from "./encoder-load.ts";

/** A second of frames at 20 Hz, each inside for `insideMs`, with `kept` more that never leave. */
function second(insideMs: number, kept = 0): number {
  const load = new EncoderLoad(0);
  for (let i = 0; i < kept; i++) load.enter(0);
  for (let frame = 0; frame < 20; frame++) {
    load.enter(frame * 50);
    load.leave(frame * 50 + insideMs);
  }
  return load.read(1_000);
}

test("load is the share of time in which frames are inside", () => {
  expect(second(10)).toBeCloseTo(0.2, 6);
  expect(second(50)).toBeCloseTo(1, 6);
});

test("frames that an encoder always holds back are no load", () => {
  expect(second(10, 2)).toBeCloseTo(0.2, 6);
});

test("one that drops frames has more load than it can bear", () => {
  const load = new EncoderLoad(0);
  for (let frame = 0; frame < 10; frame++) load.enter(frame * 50);
  for (let frame = 0; frame < 10; frame++) load.drop();
  expect(load.read(1_000)).toBeCloseTo(2, 6);
  load.reset(1_000);
  expect(load.read(2_000)).toBe(0);
});
