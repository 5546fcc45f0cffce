import { expect, test } from "vitest";
import { levelOf } from "./levels.ts";

test("levelOf() is 0 dB for full scale, and 3 dB less on average for a sine", () => {
  const sine = Float32Array.from({ length: 4800 }, (_, at) => Math.sin((at * 2 * Math.PI) / 48));
  const { peakDb, rmsDb } = levelOf(sine);
  expect(peakDb).toBeCloseTo(0, 3);
  expect(rmsDb).toBeCloseTo(-3.01, 2);
});

test("levelOf() halves the amplitude with 6 dB", () => {
  expect(levelOf(Float32Array.of(0.5, -0.5)).peakDb).toBeCloseTo(-6.02, 2);
});

test("levelOf() says of silence, and of nothing, that there is none", () => {
  expect(levelOf(new Float32Array(8)).peakDb).toBe(Number.NEGATIVE_INFINITY);
  expect(levelOf(new Float32Array()).rmsDb).toBe(Number.NEGATIVE_INFINITY);
});
