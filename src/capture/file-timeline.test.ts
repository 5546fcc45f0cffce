import fc from "fast-check";
import { expect, test } from "vitest";
import { LoopTimeline, PacketTimeline } from "./file-timeline.ts";

test("the first frame that is given is at zero, and each round goes on where the last one ended", () => {
  const timeline = new LoopTimeline(-40_000, true);
  expect(timeline.place(0, -40_000)).toBe(0);
  expect(timeline.endUs(0)).toBeUndefined();
  expect(timeline.close(0, 2e6)).toBe(true);
  expect(timeline.endUs(0)).toBe(2e6);
  expect(timeline.place(1, -40_000)).toBe(2e6);
});

test("without a loop one round is all, and a round without length is the last", () => {
  const once = new LoopTimeline(0, false);
  expect(once.close(0, 2e6)).toBe(false);
  expect(once.follows(0)).toBe(false);
  expect(new LoopTimeline(0, true).close(0, 0)).toBe(false);
});

test("a place that is cut out moves what follows up, and the next loop begins at the origin again", () => {
  const timeline = new LoopTimeline(0, true);
  timeline.jump(0, 1e6, 3e6);
  expect(timeline.place(1, 3.5e6)).toBe(1.5e6);
  expect(timeline.restarts(1)).toBe(false);
  timeline.close(1, 2e6);
  expect(timeline.place(2, 0)).toBe(2e6);
  expect(timeline.restarts(2)).toBe(true);
});

test("packets lie end to end whatever their own times, never further from them than half a packet and a little", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 2_500, max: 66_000 }),
      (steps, packetUs) => {
        const packets = new PacketTimeline(packetUs);
        let idealUs = 0;
        for (const step of steps) {
          idealUs += step;
          const place = packets.place(idealUs);
          if (place === undefined) continue;
          for (let i = 0; i < place.silentPackets; i++) packets.take();
          expect(packets.nextUs).toBeCloseTo(place.timestampUs, 3);
          expect(Math.abs(packets.take() - idealUs)).toBeLessThanOrEqual(packetUs / 2 + 2_000);
        }
      },
    ),
  );
});

test("a packet of priming, before the first frame, is dropped", () => {
  expect(new PacketTimeline(21_333).place(-21_333)).toBeUndefined();
  expect(new PacketTimeline(20_000).place(-6_500)).toEqual({ timestampUs: 0, silentPackets: 0 });
});
