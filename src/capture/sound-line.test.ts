import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LevelMeter, SILENCE_DB } from "./level-meter.ts";
import { SoundLine } from "./sound-line.ts";

const tone = (frames: number, value = 0.5) => [new Float32Array(frames).fill(value)];

function line(channels = 1) {
  const samples: number[] = [];
  let holes = 0;
  const sound = new SoundLine({
    sampleRate: 1_000,
    channels,
    encode: (block, startFrame) => {
      if (startFrame !== samples.length) holes++;
      samples.push(...(block[channels - 1] ?? []));
    },
  });
  return { sound, samples, holes: () => holes };
}

describe("SoundLine", () => {
  test("has neither holes nor overlaps, wherever blocks are put", () => {
    const blocks = fc.array(fc.tuple(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 300 })));
    fc.assert(
      fc.property(blocks, (puts) => {
        const { sound, samples, holes } = line();
        for (const [startFrame, frames] of puts) {
          sound.put(tone(frames), startFrame);
          expect(sound.frames).toBeGreaterThanOrEqual(startFrame);
        }
        expect(holes()).toBe(0);
        expect(samples).toHaveLength(sound.frames);
      }),
    );
  });

  test("fills a hole with silence, and leaves out what there is sound for", () => {
    const { sound, samples } = line();
    sound.put(tone(10), 5);
    sound.put(tone(10, 0.25), 10);
    expect(samples).toEqual([...new Array(5).fill(0), ...new Array(10).fill(0.5), ...new Array(5).fill(0.25)]);
  });

  test("muted it goes on as silence, by way of a ramp, and comes back by one", () => {
    const { sound, samples } = line();
    sound.put(tone(20));
    sound.muted = true;
    sound.put(tone(40));
    sound.muted = false;
    sound.put(tone(40));
    expect(samples).toHaveLength(100);
    expect(samples.slice(30, 60).every((sample) => sample === 0)).toBe(true);
    const steps = samples.slice(1).map((sample, i) => Math.abs(sample - (samples[i] ?? 0)));
    expect(Math.max(...steps)).toBeLessThan(0.06);
    expect(samples.at(-1)).toBe(0.5);
  });

  test("gives one channel to as many as it has", () => {
    const { sound, samples } = line(2);
    sound.put(tone(3));
    expect(samples).toEqual([0.5, 0.5, 0.5]);
  });

  test("levels are of what is sent: those of silence while muted", () => {
    const { sound } = line();
    sound.put(tone(1_000));
    expect(sound.readSecond()[0]).toMatchObject({ peakDb: expect.closeTo(-6.02, 2), rmsDb: expect.closeTo(-6.02, 2) });
    sound.muted = true;
    sound.put(tone(100));
    sound.readSecond();
    sound.put(tone(1_000));
    expect(sound.readSecond()).toEqual([{ peakDb: SILENCE_DB, rmsDb: SILENCE_DB }]);
  });
});

test("a meter tells the peak and the mean of each channel, and begins anew when it was read", () => {
  const meter = new LevelMeter(2);
  meter.add([Float32Array.of(1, 0, 0, 0), Float32Array.of(0.1, -0.1, 0.1, -0.1)]);
  expect(meter.read()).toMatchObject([
    { peakDb: 0, rmsDb: expect.closeTo(-6.02, 2) },
    { peakDb: expect.closeTo(-20, 2), rmsDb: expect.closeTo(-20, 2) },
  ]);
  expect(meter.read()).toEqual([
    { peakDb: SILENCE_DB, rmsDb: SILENCE_DB },
    { peakDb: SILENCE_DB, rmsDb: SILENCE_DB },
  ]);
});
