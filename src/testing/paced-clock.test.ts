import { expect, test } from "vitest";
import { FakeClock } from "../cache/fake-clock.test-support.ts";
import { PacedClock, timeAt } from "./paced-clock.ts";

test("in real time it goes as its base does", () => {
  const base = new FakeClock();
  const clock = new PacedClock(base);
  const fired: number[] = [];
  clock.after(300, () => fired.push(clock.now()));
  base.advance(299);
  expect(fired).toEqual([]);
  base.advance(1);
  expect(fired).toEqual([300]);
});

test("four times as fast, a second is over after a quarter of one", () => {
  const base = new FakeClock();
  const clock = new PacedClock(base, { speed: 4 });
  const fired: number[] = [];
  clock.after(1_000, () => fired.push(clock.now()));
  base.advance(250);
  expect(fired).toEqual([1_000]);
  expect(clock.wallMs() - base.wallMs()).toBe(750);
});

test("by hand nothing passes but what is told, and no timer of the base is left", () => {
  const base = new FakeClock();
  const clock = new PacedClock(base, "manual");
  const fired: string[] = [];
  clock.after(200, () => fired.push("200"));
  base.advance(10_000);
  expect(fired).toEqual([]);
  expect(base.pending).toBe(0);
  clock.advance(200);
  expect(fired).toEqual(["200"]);
});

test("what is due in a leap comes in the order of its time, and sees that time", () => {
  const clock = new PacedClock(new FakeClock(), "manual");
  const seen: string[] = [];
  clock.after(500, () => seen.push(`b ${clock.now()}`));
  clock.after(100, () => {
    seen.push(`a ${clock.now()}`);
    clock.after(100, () => seen.push(`again ${clock.now()}`));
  });
  clock.advance(1_000);
  expect(seen).toEqual(["a 100", "again 200", "b 500"]);
  expect(clock.now()).toBe(1_000);
});

test("a timer that is cancelled does not fire, nor any once it is stopped", () => {
  const base = new FakeClock();
  const clock = new PacedClock(base);
  const fired: string[] = [];
  clock.after(100, () => fired.push("one"))();
  clock.after(200, () => fired.push("two"));
  clock.stop();
  base.advance(1_000);
  expect(fired).toEqual([]);
  expect(base.pending).toBe(0);
});

test("a reading tells another host what time it is there", () => {
  const base = new FakeClock();
  const clock = new PacedClock(base, { speed: 2 });
  base.advance(1_000);
  const { reading } = clock;
  base.advance(500);
  expect(timeAt(reading, base.wallMs())).toBe(clock.now());
});

test.each([["fast"], [{ speed: 0 }], [{ speed: 1_000 }], [null]])("a pace of %j is refused", (pace) => {
  expect(() => new PacedClock(new FakeClock(), pace as never)).toThrow(/clock: expected .* got/);
});

test("time does not go back", () => {
  expect(() => new PacedClock(new FakeClock(), "manual").advance(-1)).toThrow(/advance: expected 0 to/);
});
