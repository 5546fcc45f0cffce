import { expect, test } from "vitest";
import { planRenditions } from "./rendition-plan.ts";

const source = { width: 1280, height: 720, frameRate: 30 };
const options = { targetDurationMs: 2_000 };

test("one rendition is as the source is, and called main", () => {
  expect(planRenditions(source, [{}], options)).toEqual({
    frameRate: 30,
    keyEveryFrames: 60,
    renditions: [{ id: "main", width: 1280, height: 720, frameRate: 30, everyNth: 1 }],
  });
});

test("several are named by their lines, keep the shape, and are never larger than the source", () => {
  const { renditions } = planRenditions(source, [{ height: 1080 }, { height: 480 }, { height: 361 }], options);
  expect(renditions).toMatchObject([
    { id: "720p", width: 1280, height: 720 },
    { id: "480p", width: 854, height: 480 },
    { id: "360p", width: 640, height: 360 },
  ]);
});

test("a lower frame rate is a whole share of the first, and key frames fall on slots that all take", () => {
  const plan = planRenditions({ ...source, frameRate: 60 }, [{}, { frameRate: 25 }, { frameRate: 13 }], options);
  expect(plan.renditions.map(({ everyNth, frameRate }) => [everyNth, frameRate])).toEqual([
    [1, 60],
    [2, 30],
    [5, 12],
  ]);
  expect(plan.keyEveryFrames).toBe(120);
  for (const { everyNth } of plan.renditions) expect(plan.keyEveryFrames % everyNth).toBe(0);
});

test("two of one size have names of their own, and bit rates are passed on", () => {
  const { renditions } = planRenditions(source, [{ videoBitrate: 3e6 }, { videoBitrate: 1e6 }], options);
  expect(renditions).toMatchObject([
    { id: "720p", bitrate: 3e6 },
    { id: "720p-2", bitrate: 1e6 },
  ]);
});
