import { expect, test } from "vitest";
import { Player } from "./player.ts";

const player = (): Player => new Player({ partMs: 100, latencyMs: 500, firstIndex: 10 });

test("starts at its latency as soon as the part that it would play is there", () => {
  const one = player();
  one.add(10, 1600); // would play at 1,100 by now
  expect(one.hasStarted).toBe(false);
  one.add(11, 1620);
  expect(one.hasStarted).toBe(false);
  one.add(12, 1690);
  expect(one.latencyMs(1690)).toBe(500);
  expect(one.aheadMs(1690)).toBe(110);
});

test("a part that comes out of order counts when what is before it is there", () => {
  const one = player();
  one.add(10, 1500);
  one.add(12, 1510);
  expect([one.nextIndex, one.has(12), one.has(11)]).toEqual([11, true, false]);
  one.add(11, 1520);
  expect([one.nextIndex, one.aheadMs(1520)]).toEqual([13, 280]);
});

test("a part that is not there in time is missed once, however long the stall", () => {
  const one = player();
  one.add(10, 1500);
  one.settle(1600);
  one.settle(1700);
  expect([one.missed, one.stallMs, one.played]).toEqual([1, 100, 1]);
  one.add(11, 1750);
  expect([one.missed, one.stallMs, one.latencyMs(1750)]).toEqual([1, 150, 650]);
});

test("after a stall it plays faster until it is at its latency again", () => {
  const one = player();
  one.add(10, 1500);
  for (let index = 11; index < 80; index++) one.add(index, 1700);
  expect(one.latencyMs(1700)).toBe(600);
  expect(one.latencyMs(2700)).toBeCloseTo(550);
  expect(one.latencyMs(3700)).toBeCloseTo(500);
  expect(one.latencyMs(4700)).toBeCloseTo(500);
  expect([one.missed, one.played]).toEqual([1, 32]);
});

test("a part that will not come is missed once, and played over", () => {
  const one = player();
  one.add(10, 1500);
  one.add(12, 1550);
  one.skip(11, 1650);
  expect([one.missed, one.nextIndex, one.latencyMs(1650)]).toEqual([1, 13, 550]);
  one.skip(14, 1660);
  one.skip(12, 1660);
  expect([one.missed, one.nextIndex]).toEqual([2, 13]);
});

test("a part that nobody delivers is waited for two seconds, if later ones are there", () => {
  const one = player();
  one.add(10, 1500); // stalls at 1,600
  one.add(13, 1700);
  one.add(14, 3500);
  expect([one.nextIndex, one.missed]).toEqual([11, 1]);
  one.add(15, 3700);
  expect([one.nextIndex, one.missed]).toEqual([16, 2]);
});
