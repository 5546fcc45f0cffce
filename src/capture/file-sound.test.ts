import fc from "fast-check";
import { expect, test } from "vitest";
import { mixDown, Resampler, SampleTimeline } from "./file-sound.ts";

const constant = (value: number, frames = 4) => new Float32Array(frames).fill(value);

test("5.1 is mixed down so that the centre is in both channels and nothing clips", () => {
  const [left, right] = mixDown([constant(1), constant(1), constant(1), constant(1), constant(1), constant(1)]);
  expect(left?.[0]).toBeCloseTo(1, 6);
  expect(right?.[0]).toBeCloseTo(1, 6);
  const [centreLeft, centreRight] = mixDown([
    constant(0),
    constant(0),
    constant(1),
    constant(0),
    constant(0),
    constant(0),
  ]);
  expect(centreLeft?.[0]).toBeCloseTo(centreRight?.[0] ?? 0, 6);
  expect(centreLeft?.[0]).toBeGreaterThan(0.2);
  const [, silentRight] = mixDown([constant(1), constant(0), constant(0), constant(0), constant(0), constant(0)]);
  expect(silentRight?.[0]).toBe(0);
});

test("mono and stereo are left alone, and any number of channels becomes two", () => {
  const stereo = [constant(0.5), constant(-0.5)];
  expect(mixDown(stereo)).toBe(stereo);
  for (let channels = 3; channels <= 12; channels++) {
    const mixed = mixDown(Array.from({ length: channels }, () => constant(1)));
    expect(mixed).toHaveLength(2);
    for (const channel of mixed) expect(Math.abs(channel[0] ?? 9)).toBeLessThanOrEqual(1.000_001);
  }
});

test("resampling in blocks of any size gives the length and the shape of the whole", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 30 }),
      fc.constantFrom(8_000, 11_025, 22_050, 32_000, 96_000),
      (sizes, rate) => {
        const resampler = new Resampler(rate, 48_000);
        const output: number[] = [];
        let at = 0;
        for (const size of sizes) {
          const block = Float32Array.from({ length: size }, (_, n) => (at + n) / 100_000);
          at += size;
          output.push(...(resampler.convert([block])[0] ?? []));
        }
        expect(Math.abs(output.length - (at * 48_000) / rate)).toBeLessThanOrEqual(48_000 / rate + 1);
        // A straight line stays one, over every seam.
        const worst = output.reduce(
          (most, value, n) => Math.max(most, Math.abs(value - (n * rate) / 48_000 / 100_000)),
          0,
        );
        expect(worst).toBeLessThan(1e-5);
      },
    ),
  );
});

test("blocks within 15 ms of their place lie end to end, others are moved to the sample", () => {
  const samples = new SampleTimeline(48_000);
  samples.take(960);
  expect(samples.place(34_000, 960)).toEqual({ silenceFrames: 0, dropFrames: 0 });
  expect(samples.place(40_000, 960)).toEqual({ silenceFrames: 960, dropFrames: 0 });
  expect(samples.place(0, 480)).toEqual({ silenceFrames: 0, dropFrames: 480 });
});
