import { expect, test } from "vitest";
import type { Clock } from "../model/clock.ts";
import { LagWatch } from "./lag-watch.ts";

/** A clock whose timers fire when the test says so, however late. */
class LateClock implements Clock {
  nowMs = 0;
  #callback = (): void => undefined;
  now = (): number => this.nowMs;
  wallMs = (): number => this.nowMs;
  after(_: number, callback: () => void): () => void {
    this.#callback = callback;
    return () => undefined;
  }
  fireAt(nowMs: number): void {
    this.nowMs = nowMs;
    this.#callback();
  }
}

test("timers in time are no lag; one that is late is, as far as it lies in the time that is asked about", () => {
  const clock = new LateClock();
  const lag = new LagWatch(clock);
  clock.fireAt(100);
  clock.fireAt(210);
  expect(lag.sinceMs(0)).toBe(0);
  clock.fireAt(1_310); // due at 310, and the last one was at 210
  expect(lag.sinceMs(0)).toBe(1_100);
  expect(lag.sinceMs(810)).toBe(500);
  expect(lag.sinceMs(1_310)).toBe(0);
});

test("a timer that is overdue counts before it fires", () => {
  const clock = new LateClock();
  const lag = new LagWatch(clock);
  clock.nowMs = 150;
  expect(lag.sinceMs(0)).toBe(0);
  clock.nowMs = 600;
  expect(lag.sinceMs(100)).toBe(500);
});
