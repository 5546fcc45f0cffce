import { describe, expect, test } from "vitest";
import { seededRandom } from "./random.ts";
import { VirtualClock } from "./virtual-clock.ts";

describe("VirtualClock", () => {
  test("fires in the order of time, and of scheduling where times are equal", () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.after(20, () => fired.push("c"));
    clock.after(10, () => fired.push("a"));
    clock.after(10, () => fired.push("b"));
    clock.advance(15);
    expect(fired).toEqual(["a", "b"]);
    clock.advance(5);
    expect(fired).toEqual(["a", "b", "c"]);
    expect(clock.now()).toBe(20);
  });

  test("orders thousands of events over hours as a sort does", () => {
    const clock = new VirtualClock();
    const random = seededRandom(3);
    const times = Array.from({ length: 5000 }, () => Math.floor(random() ** 4 * 7_200_000) / 8);
    const fired: number[] = [];
    for (const atMs of times) clock.after(atMs, () => fired.push(clock.now()));
    clock.runUntil(7_200_000);
    expect(fired).toEqual(times.toSorted((a, b) => a - b));
    expect(clock.fired).toBe(5000);
  });

  test("an event may schedule others for now, for soon and for much later", () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    const note = (text: string) => () => void fired.push(`${text}@${clock.now()}`);
    clock.after(5, () => {
      clock.after(60_000, note("later"));
      clock.after(0.1, note("soon"));
      clock.after(0, note("now"));
      clock.after(-3, note("past"));
    });
    clock.advance(6);
    clock.after(0.5, note("next"));
    clock.runUntil(100_000);
    expect(fired).toEqual(["now@5", "past@5", "soon@5.1", "next@6.5", "later@60005"]);
  });

  test("a timer that is cancelled does not fire", () => {
    const clock = new VirtualClock();
    const cancel = clock.after(10, () => expect.unreachable());
    cancel();
    clock.advance(20);
  });

  test("time goes on without events, and wall time with it", () => {
    const clock = new VirtualClock(1000);
    clock.advance(50);
    expect([clock.now(), clock.wallMs()]).toEqual([50, 1050]);
  });
});
