import { expect, test } from "vitest";
import { PlaybackMeter } from "./playback-meter.ts";

function meter(): { meter: PlaybackMeter; pass: (ms: number) => void } {
  let nowMs = 0;
  return {
    meter: new PlaybackMeter(() => nowMs),
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

test("waiting before the first play is start-up, not a stall", () => {
  const { meter: m, pass } = meter();
  m.stopped(0);
  pass(900);
  m.playing();
  expect([m.stalls, m.stalledMs]).toEqual([0, 0]);
});

test("a stall counts once however often it is reported, and lasts until media moves", () => {
  const { meter: m, pass } = meter();
  m.playing();
  m.stopped(0);
  pass(300);
  m.stopped(0);
  expect([m.stalls, m.stalledMs, m.stalled]).toEqual([1, 300, true]);
  pass(200);
  m.playing();
  pass(1_000);
  expect([m.stalls, m.stalledMs, m.stalled]).toEqual([1, 500, false]);
});

test("a pause ends a stall, and its time counts", () => {
  const { meter: m, pass } = meter();
  m.playing();
  m.stopped(0);
  pass(250);
  m.settle();
  pass(60_000);
  m.settle();
  expect([m.stalls, m.stalledMs]).toEqual([1, 250]);
});

test("after a restart the wait for the new source is start-up again", () => {
  const { meter: m, pass } = meter();
  m.playing();
  m.stopped(0);
  pass(100);
  m.restart();
  m.stopped(0);
  pass(5_000);
  m.playing();
  m.stopped(0);
  pass(10);
  expect([m.stalls, m.stalledMs]).toEqual([2, 110]);
});

test("loads are counted by what they were", () => {
  const { meter: m } = meter();
  m.loaded(true);
  m.loaded(false);
  m.loaded(true);
  expect([m.loads, m.partLoads]).toEqual([3, 2]);
});

test("a stall with media in hand is told apart: the machine was busy, the stream was not late", () => {
  const { meter: m } = meter();
  m.playing();
  m.stopped(900);
  m.playing();
  m.stopped(40);
  expect([m.stalls, m.busyStalls]).toEqual([2, 1]);
});
