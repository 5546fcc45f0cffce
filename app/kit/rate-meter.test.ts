import { expect, test } from "vitest";
import { RateMeter } from "./rate-meter.ts";

test("the rate is that of the last seconds, not of all time", () => {
  const meter = new RateMeter(5_000);
  expect(meter.perSecond).toBe(0);
  for (let second = 0; second <= 10; second++) meter.sample(second * 1_000, second * 100);
  expect(meter.perSecond).toBe(100);
  for (let second = 11; second <= 17; second++) meter.sample(second * 1_000, 1_000);
  expect(meter.perSecond).toBe(0);
});

test("samples at one moment and a count that starts over give no nonsense", () => {
  const meter = new RateMeter(5_000);
  meter.sample(0, 500);
  meter.sample(0, 700);
  expect(meter.perSecond).toBe(0);
  meter.sample(1_000, 10);
  expect(meter.perSecond).toBe(0);
  meter.sample(2_000, 30);
  expect(meter.perSecond).toBe(20);
});

test("a meter that runs all day holds a handful of samples", () => {
  const meter = new RateMeter(1_000);
  for (let count = 0; count < 100_000; count++) meter.sample(count * 500, count);
  expect(meter.perSecond).toBe(2);
});
