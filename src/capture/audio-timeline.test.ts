import { describe, expect, test } from "vitest";
import { AudioTimeline } from "./audio-timeline.ts";

const RATE = 48_000;
const BLOCK = 480;

/** A repeatable jitter from 0 to 25 ms, 0 now and then: arrival is late, never early. */
function jitter() {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state % 26) * (state % 3 === 0 ? 0 : 1);
  };
}

/** Blocks of a sound card whose clock is off, as they arrive; tells how far the sound ever was from the time it was captured. */
function simulate(options: {
  seconds: number;
  ppm: number;
  lost?: (second: number) => boolean;
  settled?: (second: number) => boolean;
}) {
  const { seconds, ppm, lost = () => false, settled = () => true } = options;
  const timeline = new AudioTimeline({ sampleRate: RATE });
  const late = jitter();
  const blockMs = (BLOCK / RATE) * 1000 * (1 - ppm / 1e6);
  let worstMs = 0;
  for (let block = 1; block * blockMs < seconds * 1000; block++) {
    const capturedMs = block * blockMs;
    if (lost(capturedMs / 1000)) continue;
    timeline.admit(BLOCK, capturedMs + late());
    if (settled(capturedMs / 1000)) worstMs = Math.max(worstMs, Math.abs(timeline.endMs - capturedMs));
  }
  return { worstMs, corrections: timeline.corrections };
}

describe("AudioTimeline", () => {
  test.each([200, -200, 50, -50])("sound %i millionths off stays within 40 ms of the pictures for an hour", (ppm) => {
    const { worstMs, corrections } = simulate({ seconds: 3600, ppm });
    expect(worstMs).toBeLessThan(40);
    expect(corrections).toBeGreaterThan(0);
    // As few as there can be: each is heard.
    expect(corrections).toBeLessThanOrEqual(Math.ceil((3600 * Math.abs(ppm)) / 1e6 / 0.02) + 1);
  });

  test("sound that is not off is left alone, however late its blocks come", () => {
    expect(simulate({ seconds: 600, ppm: 0 }).corrections).toBe(0);
  });

  test("lost blocks become silence", () => {
    const lost = (second: number) => second % 10 > 9.7;
    // It takes two windows until a delay has been there for a whole one.
    const settled = (second: number) => second % 10 > 2.2 && !lost(second);
    const { worstMs, corrections } = simulate({ seconds: 120, ppm: 0, lost, settled });
    expect(worstMs).toBeLessThan(40);
    expect(corrections).toBeGreaterThan(5);
  });

  test("without the correction the hour would drift by 720 ms", () => {
    const timeline = new AudioTimeline({ sampleRate: RATE, maxDriftMs: Number.POSITIVE_INFINITY });
    const blockMs = 10 * (1 - 200 / 1e6);
    let block = 1;
    for (; block * blockMs < 3_600_000; block++) timeline.admit(BLOCK, block * blockMs);
    expect(timeline.endMs - (block - 1) * blockMs).toBeGreaterThan(700);
  });

  test("the first block lies where it was captured: silence before it, or without what is older than the pictures", () => {
    expect(new AudioTimeline({ sampleRate: RATE }).admit(480, 110)).toEqual({
      silenceFrames: 4800,
      dropFrames: 0,
      startFrame: 0,
    });
    expect(new AudioTimeline({ sampleRate: RATE }).admit(480, 4)).toEqual({
      silenceFrames: 0,
      dropFrames: 288,
      startFrame: 0,
    });
  });

  test("placements lie end to end", () => {
    const timeline = new AudioTimeline({ sampleRate: RATE });
    const late = jitter();
    let next = 0;
    for (let block = 1; block < 5000; block++) {
      const clockMs = block * 10.01 + late() + (block > 2500 ? 300 : 0);
      const { silenceFrames, dropFrames, startFrame } = timeline.admit(BLOCK, clockMs);
      expect(startFrame).toBe(next);
      next += silenceFrames + BLOCK - dropFrames;
    }
  });

  test("fill() brings silence up to the lag, and none before it is due", () => {
    const timeline = new AudioTimeline({ sampleRate: RATE });
    timeline.admit(480, 10);
    expect(timeline.fill(200, 250)).toBeUndefined();
    expect(timeline.fill(300, 250)).toEqual({ silenceFrames: 1920, dropFrames: 0, startFrame: 480 });
    expect(timeline.endMs).toBe(50);
  });

  test("a machine that slept wakes to two seconds of silence at a time", () => {
    const timeline = new AudioTimeline({ sampleRate: RATE });
    timeline.admit(480, 10);
    expect(timeline.fill(3_600_000, 250)?.silenceFrames).toBe(2 * RATE);
  });

  test("sound that was held up and comes after its silence is dropped until the clock is met again", () => {
    const timeline = new AudioTimeline({ sampleRate: RATE });
    for (let block = 1; block <= 200; block++) timeline.admit(BLOCK, block * 10);
    timeline.fill(3_000, 250);
    for (let block = 201; block <= 300; block++) timeline.admit(BLOCK, 3_000);
    for (let block = 301; block <= 800; block++) timeline.admit(BLOCK, block * 10);
    expect(Math.abs(timeline.endMs - 8_000)).toBeLessThan(25);
  });
});
