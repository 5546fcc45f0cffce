import { expect, test } from "vitest";
import { AS_IT_COMES, copyHeights, isTooMuch, loadOf, renditionsOf } from "./quality.ts";

const measure = (height: number, load: number) => ({
  width: Math.round((height * 16) / 9),
  height,
  frameRate: 30,
  codec: "avc1.42c01f",
  load,
  realtime: load < 1,
});

test("a stream as it comes asks nothing of the capture", () => {
  expect(renditionsOf(AS_IT_COMES, "file")).toBeUndefined();
});

test("each smaller size is much smaller than the one above", () => {
  expect(copyHeights({ height: 1080, frameRate: 0, copies: 2 }, "camera")).toEqual([720, 480]);
  expect(copyHeights({ height: 720, frameRate: 0, copies: 2 }, "camera")).toEqual([480, 240]);
  expect(copyHeights({ height: 360, frameRate: 0, copies: 2 }, "camera")).toEqual([240]);
});

test("all sizes have the frame rate that is asked for, the best one first", () => {
  expect(renditionsOf({ height: 720, frameRate: 15, copies: 1 }, "camera")).toEqual([
    { height: 720, frameRate: 15 },
    { height: 480, frameRate: 15 },
  ]);
  expect(renditionsOf({ height: 0, frameRate: 0, copies: 1 }, "camera")).toEqual([{}, { height: 480 }]);
});

test("the load grows with the area and the frame rate, and is that of all sizes", () => {
  const measures = [measure(720, 0.2), measure(360, 0.1)];
  expect(loadOf({ height: 720, frameRate: 60, copies: 0 }, "camera", measures)).toBeCloseTo(0.4);
  expect(loadOf({ height: 720, frameRate: 30, copies: 1 }, "camera", measures)).toBeCloseTo(
    0.2 + 0.1 * (480 / 360) ** 2,
  );
});

test("a size beyond every encoder is too much, and one that nothing is known of is not said to be", () => {
  expect(isTooMuch(loadOf({ height: 1080, frameRate: 0, copies: 0 }, "camera", [measure(360, 0.1)]))).toBe(true);
  expect(loadOf({ height: 1080, frameRate: 0, copies: 0 }, "camera", [])).toBeUndefined();
  expect(isTooMuch(undefined)).toBe(false);
});

test("what comes as it is weighs as much as its source gives, and a file nothing", () => {
  const measures = [measure(1080, 1.2), measure(720, 0.5), measure(360, 0.1)];
  expect(loadOf(AS_IT_COMES, "pattern", measures)).toBeCloseTo(0.1);
  expect(loadOf(AS_IT_COMES, "camera", measures)).toBeCloseTo(0.5);
  expect(isTooMuch(loadOf(AS_IT_COMES, "screen", measures))).toBe(true);
  expect(loadOf(AS_IT_COMES, "file", measures)).toBeUndefined();
});
