import { expect, test } from "vitest";
import { health } from "./health.ts";
import type { PublishStats } from "./publish-stats.ts";

const well: PublishStats = {
  elapsedMs: 60_000,
  bitsPerSecond: 1_000_000,
  partsSent: 180,
  bytesSent: 7_500_000,
  droppedFrames: 0,
  lostParts: 0,
  unacknowledged: 1,
  framesPerSecond: 30,
  load: 0.2,
  isMuted: false,
  isPaused: false,
  recent: { lostParts: 0, droppedFrames: 0, droppedShare: 0 },
  mostViewers: 0,
};

test("a stream that is well says so, and that it is muted or paused", () => {
  const good = health(well);
  expect(good.tone).toBe("good");
  const sentences = [good, health({ ...well, isMuted: true }), health({ ...well, isPaused: true })];
  expect(new Set(sentences.map(({ sentence }) => sentence)).size).toBe(3);
});

test("what was lost long ago is not said for ever", () => {
  expect(health({ ...well, lostParts: 9, droppedFrames: 50 }).tone).toBe("good");
});

test("the worst comes first: what viewers lose before what they might", () => {
  const busy = { ...well, load: 0.95 };
  expect(health(busy).tone).toBe("warn");
  const lossy = health({ ...busy, recent: { lostParts: 2, droppedFrames: 70, droppedShare: 0.2 } });
  expect(lossy).toMatchObject({ tone: "bad", sentence: expect.stringContaining("2 parts") });
  expect(health({ ...busy, recent: { lostParts: 0, droppedFrames: 70, droppedShare: 0.2 } }).sentence).toContain(
    "20 %",
  );
  const beginning = health({ ...well, recent: { lostParts: 0, droppedFrames: 3, droppedShare: 0.1 } });
  expect(beginning.tone).toBe("good");
  expect(health({ ...well, unacknowledged: 5 }).tone).toBe("bad");
});
