import { afterEach, expect, test, vi } from "vitest";
import { M3u8Manifest } from "./m3u8-manifest.ts";

const PARTS_PER_SEGMENT = 8;

afterEach(() => vi.restoreAllMocks());

/** A manifest with a full window, whose numbers have as many digits whatever the window is. */
function manifestOf(segments: number, dvrSegments = 0): M3u8Manifest {
  const manifest = new M3u8Manifest({
    partTargetMs: 250,
    targetDurationMs: 2000,
    maxSegments: segments,
    dvr: dvrSegments > 0,
    firstMsn: 100_000,
    firstPartId: 1_000_000,
    wallMs: () => Date.UTC(2026, 4, 1),
  });
  play(manifest, Math.max(segments, dvrSegments) + 2, () => undefined);
  return manifest;
}

function play(manifest: M3u8Manifest, segments: number, each: () => void): void {
  for (let part = 0; part < segments * PARTS_PER_SEGMENT; part++) {
    manifest.addPart({ durationMs: 250, independent: part % PARTS_PER_SEGMENT === 0, sizeBytes: 64_000 });
    each();
  }
}

/** Bytes that are written while ten segments come, and `each` is called after each of their parts. */
function writtenBytes(manifest: M3u8Manifest, each: () => void): number {
  let bytes = 0;
  const { encode, encodeInto } = TextEncoder.prototype;
  vi.spyOn(TextEncoder.prototype, "encodeInto").mockImplementation(function (
    this: InstanceType<typeof TextEncoder>,
    text,
    target,
  ) {
    const result = encodeInto.call(this, text, target);
    bytes += result.written;
    return result;
  });
  vi.spyOn(TextEncoder.prototype, "encode").mockImplementation(function (this: InstanceType<typeof TextEncoder>, text) {
    const result = encode.call(this, text);
    bytes += result.length;
    return result;
  });
  const copied = vi.spyOn(Uint8Array.prototype, "set");
  play(manifest, 10, each);
  expect(copied).not.toHaveBeenCalled();
  vi.restoreAllMocks();
  return bytes;
}

test("a part and its playlist write the same bytes whether the list holds a minute or four hours, and copy none", () => {
  const [short, long] = [manifestOf(32), manifestOf(7200)];
  const written = writtenBytes(short, () => short.render());
  expect(written).toBeGreaterThan(10_000);
  expect(writtenBytes(long, () => long.render())).toBe(written);
});

test("a DVR window of four hours adds nothing to what a part of the live list writes", () => {
  const [short, long] = [manifestOf(32), manifestOf(32, 7200)];
  expect(writtenBytes(long, () => long.render())).toBe(writtenBytes(short, () => short.render()));
});

test("the delta of four hours is as long as that of a minute, but for the digits of what it skips", () => {
  const [short, long] = [manifestOf(32), manifestOf(32, 7200)];
  const length = (chunks: readonly Uint8Array[] | undefined) =>
    (chunks ?? []).reduce((sum, { byteLength }) => sum + byteLength, 0);
  // 26 are skipped, or 7194 and more.
  expect(length(long.renderDvrDelta())).toBe(length(short.renderDelta()) + 2);
  expect(long.renderDvrDelta()?.length).toBeLessThanOrEqual(6);
});
