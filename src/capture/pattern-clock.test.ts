import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clockCells, clockGeometry, decodeClock, type Pixels } from "./pattern-clock.ts";

/** A grey picture with the clock in it, at two levels. */
function picture(timeMs: number, { width = 640, height = 360, white = 255, black = 0 } = {}) {
  const data = new Uint8ClampedArray(width * height * 4).fill(60);
  const { x, y, cellWidth, cellHeight } = clockGeometry(width, height);
  for (const [cell, isWhite] of clockCells(timeMs).entries()) {
    for (let row = Math.round(y); row < Math.round(y + cellHeight); row++) {
      for (let column = Math.round(x + cell * cellWidth); column < Math.round(x + (cell + 1) * cellWidth); column++) {
        data.fill(isWhite ? white : black, (row * width + column) * 4, (row * width + column) * 4 + 3);
      }
    }
  }
  return { width, height, data };
}

/** What scaling and coding do: each pixel takes on its neighbours. */
function blurred(
  { width, height, data }: { width: number; height: number; data: Uint8ClampedArray },
  radius: number,
): Pixels {
  const out = new Uint8ClampedArray(data.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let sum = 0;
      for (let step = -radius; step <= radius; step++) {
        sum += data[(row * width + Math.min(width - 1, Math.max(0, column + step))) * 4] ?? 0;
      }
      out.fill(sum / (2 * radius + 1), (row * width + column) * 4, (row * width + column) * 4 + 3);
    }
  }
  return { width, height, data: out };
}

describe("the clock of the pattern", () => {
  test("reads back as it was drawn, in every size", () => {
    const sizes = fc.constantFrom([640, 360], [1280, 720], [1920, 1080], [426, 240], [640, 480]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 42 - 1 }), sizes, (timeMs, [width = 640, height = 360]) => {
        expect(decodeClock(picture(timeMs, { width, height }))).toBe(timeMs);
      }),
      { numRuns: 40 },
    );
  });

  test("reads through blur and flat levels", () => {
    const now = Date.UTC(2026, 6, 1, 12, 34, 56, 789);
    expect(decodeClock(blurred(picture(now, { white: 220, black: 40 }), 3))).toBe(now);
  });

  test("reads nothing out of a picture without it", () => {
    const grey = { width: 640, height: 360, data: new Uint8ClampedArray(640 * 360 * 4).fill(128) };
    expect(decodeClock(grey)).toBeUndefined();
    expect(decodeClock({ ...grey, data: new Uint8ClampedArray(640 * 360 * 4) })).toBeUndefined();
  });

  test("reads nothing rather than a wrong time where one cell is flipped or grey", () => {
    const now = Date.UTC(2026, 6, 1);
    const { x, y, cellWidth, cellHeight, cells } = clockGeometry(640, 360);
    for (let cell = 2; cell < cells; cell++) {
      for (const level of [clockCells(now)[cell] ? 0 : 255, 128]) {
        const { width, height, data } = picture(now);
        for (let row = y; row < y + cellHeight; row++) {
          data.fill(level, (row * width + x + cell * cellWidth) * 4, (row * width + x + (cell + 1) * cellWidth) * 4);
        }
        expect(decodeClock({ width, height, data })).toBeUndefined();
      }
    }
  });

  test("its cells are at least 12 x 12 pixels at 640x360 and lie well inside", () => {
    const { x, y, cellWidth, cellHeight, cells } = clockGeometry(640, 360);
    expect(Math.min(cellWidth, cellHeight)).toBeGreaterThanOrEqual(12);
    expect(x).toBeGreaterThanOrEqual(24);
    expect(x + cells * cellWidth).toBeLessThanOrEqual(616);
    expect(y + cellHeight).toBeLessThanOrEqual(336);
  });
});
