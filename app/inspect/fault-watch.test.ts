import { type InspectedStream, SLOT_GAP } from "eddy-hls";
import { expect, test } from "vitest";
import { FaultWatch } from "./fault-watch.ts";

/** A stream whose part 12 is a gap, once it is there. */
const stream = (nextId: number) =>
  ({
    renditions: [
      {
        id: "main",
        nextId,
        slots: { firstId: 10, flags: new Uint8Array(nextId - 10).map((_, column) => (column === 2 ? SLOT_GAP : 1)) },
      },
    ],
  }) as unknown as InspectedStream;

test("a part is seen once there is another, and given up after ten seconds", () => {
  const watch = new FaultWatch("part", { stream: stream(12), playlist: "", nowMs: 0 });
  expect(watch.look({ stream: undefined, playlist: "", nowMs: 500 })).toBeUndefined();
  expect(watch.look({ stream: stream(12), playlist: "", nowMs: 10_001 })).toBe("too-late");
  expect(watch.look({ stream: stream(13), playlist: "", nowMs: 900 })).toBe("seen");
});

test("a gap is one that came since, not one that was there", () => {
  const before = new FaultWatch("gap", { stream: stream(12), playlist: "", nowMs: 0 });
  expect(before.look({ stream: stream(13), playlist: "", nowMs: 1 })).toBe("seen");
  const after = new FaultWatch("gap", { stream: stream(13), playlist: "", nowMs: 0 });
  expect(after.look({ stream: stream(14), playlist: "", nowMs: 1 })).toBeUndefined();
});

test("discontinuities that have left the list count too", () => {
  const listed = "#EXTM3U\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n#EXT-X-DISCONTINUITY\n";
  const watch = new FaultWatch("discontinuity", { stream: undefined, playlist: listed, nowMs: 0 });
  expect(watch.look({ stream: undefined, playlist: "#EXT-X-DISCONTINUITY-SEQUENCE:2\n", nowMs: 1 })).toBeUndefined();
  expect(watch.look({ stream: undefined, playlist: "#EXT-X-DISCONTINUITY-SEQUENCE:3\n", nowMs: 1 })).toBe("seen");
});
