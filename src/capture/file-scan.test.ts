import fc from "fast-check";
import { expect, test } from "vitest";
import { FRAME_US, packet, scanned, videoPackets } from "./file.test-support.ts";
import { longestSegmentUs, SegmentKeys, scanAudio, scanVideo } from "./file-scan.ts";

test("a steady 30 Hz track is constant and does not reorder", () => {
  const scan = scanVideo(scanned(videoPackets({ frames: 120 })));
  expect(scan).toMatchObject({ constant: true, reorderDepth: 0, openGop: false, orderly: true, firstUs: 0 });
  expect(scan?.frameRate).toBeCloseTo(30, 3);
  expect(scan?.endUs).toBeCloseTo(4e6, -1);
  expect(scan?.keyTimesUs).toEqual([0, 2e6]);
});

test("B-frames are seen by how many packets come after the frame they precede", () => {
  expect(scanVideo(scanned(videoPackets({ frames: 120, reorder: true })))).toMatchObject({
    reorderDepth: 2,
    constant: true,
    openGop: false,
  });
});

test("times rounded to milliseconds still are a constant rate", () => {
  const packets = scanned(videoPackets({ frames: 300 })).map((each) => ({
    ...each,
    timestampUs: Math.round(each.timestampUs / 1000) * 1000,
  }));
  expect(scanVideo(packets)?.constant).toBe(true);
});

test("a frame left out makes the rate variable, but not one that a cut at the end took away", () => {
  const packets = scanned(videoPackets({ frames: 120, reorder: true }));
  expect(scanVideo(packets.filter(({ timestampUs }) => timestampUs !== Math.round(50 * FRAME_US)))).toMatchObject({
    constant: false,
  });
  expect(scanVideo(packets.slice(0, -1))).toMatchObject({ constant: true });
});

test("frames shown before the key frame they follow make an open GOP", () => {
  const packets = scanned(videoPackets({ frames: 4 }));
  const leading = { timestampUs: 4.5e6, durationUs: 33_333, key: false, sizeBytes: 1 };
  expect(scanVideo([...packets, { ...leading, timestampUs: 5e6, key: true }, leading])?.openGop).toBe(true);
});

test("two frames at one time are not orderly", () => {
  const frame = { timestampUs: 0, durationUs: 33_333, key: true, sizeBytes: 1 };
  expect(scanVideo([frame, frame, { ...frame, timestampUs: 33_333 }])?.orderly).toBe(false);
});

test("nothing can be said of one frame, nor of no packet", () => {
  expect(scanVideo(scanned([packet({ timestampUs: 0, durationUs: 40_000, key: true })]))).toBeUndefined();
  expect(scanAudio([])).toBeUndefined();
});

test("the bit rate is that of the busiest second", () => {
  const packets = [0, 0.5, 1, 1.2, 2].map((timeS) => ({
    timestampUs: timeS * 1e6,
    durationUs: 1,
    key: true,
    sizeBytes: timeS === 1.2 ? 5_000 : 1_000,
  }));
  expect(scanAudio(packets)?.bitrate).toBe(6_000 * 8);
});

test("segments open at the first key frame of a round and then no nearer than the least spacing", () => {
  const keys = new SegmentKeys(1e6);
  expect([0, 0.4e6, 0.999_6e6, 1.5e6, 2.1e6].map((timeUs) => keys.opens(timeUs))).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
  expect(keys.opens(2.2e6, true)).toBe(true);
});

test("no segment is longer than the least spacing and the longest distance of key frames together", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3_000_000 }), { minLength: 1, maxLength: 40 }), (distances) => {
      let timeUs = 0;
      const keyTimesUs = [0, ...distances.map((distance) => (timeUs += distance))];
      const endUs = timeUs + 1;
      const longest = longestSegmentUs(keyTimesUs, endUs, 1e6);
      expect(longest).toBeLessThan(1e6 + Math.max(...distances));
      expect(longest).toBeGreaterThanOrEqual(longestSegmentUs(keyTimesUs, endUs, 0));
    }),
  );
});
