import { expect, test } from "vitest";
import { isStrong, onwardValue, ownSubstreams, substreamsCarried, substreamsEasily } from "./capacity.ts";
import { SUBSTREAMS } from "./limits.ts";
import { bitCount } from "./neighbour.ts";

const STREAM_BPS = 1_500_000;

test("an uplink of the stream's rate carries less than a copy, and less still with ease", () => {
  expect(substreamsCarried(STREAM_BPS, STREAM_BPS)).toBe(6);
  expect(substreamsEasily(STREAM_BPS, STREAM_BPS)).toBe(2);
  expect(isStrong(10 * STREAM_BPS, STREAM_BPS)).toBe(false);
  expect(isStrong(12 * STREAM_BPS, STREAM_BPS)).toBe(true);
});

test("a peer has one sub-stream of its own for each eight that it carries", () => {
  expect([1, 8, 9, 24, 1000].map((carried) => bitCount(ownSubstreams(12_345, carried)))).toEqual([
    1,
    1,
    2,
    3,
    SUBSTREAMS,
  ]);
});

test("own sub-streams are worth more, and leaves nothing", () => {
  const hash = 2;
  const options = { hash, uploads: true, uplinkBps: 8_000_000, streamBps: STREAM_BPS };
  expect(onwardValue({ ...options, substream: 2 })).toBeGreaterThan(onwardValue({ ...options, substream: 7 }));
  expect(onwardValue({ ...options, uploads: false, substream: 2 })).toBe(0);
});
