import { expect, test } from "vitest";
import { Recovery } from "./recovery.ts";

const network = { type: "networkError", details: "fragLoadError" };

test("each kind of fatal error gets the remedy its documentation names", () => {
  const recovery = new Recovery(() => 0);
  expect(recovery.next(network)).toBe("start-load");
  expect(recovery.next({ type: "networkError", details: "manifestLoadError" })).toBe("reload-source");
  expect(recovery.next({ type: "mediaError", details: "bufferAppendError" })).toBe("recover-media");
  expect(recovery.next({ type: "otherError", details: "internalException" })).toBe("reload-source");
});

test("the sixth failure within half a minute is the end, and a person may start over", () => {
  let nowMs = 0;
  const recovery = new Recovery(() => nowMs);
  for (let count = 0; count < 5; count++) {
    expect(recovery.next(network)).toBe("start-load");
    nowMs += 5_000;
  }
  expect(recovery.next(network)).toBe("give-up");
  recovery.reset();
  expect(recovery.next(network)).toBe("start-load");
});

test("failures that lie far apart never add up", () => {
  let nowMs = 0;
  const recovery = new Recovery(() => nowMs);
  for (let count = 0; count < 100; count++) {
    expect(recovery.next(network)).toBe("start-load");
    nowMs += 7_000;
  }
});

test("tries wait longer and longer, up to four seconds", () => {
  const recovery = new Recovery(() => 0);
  const waits = Array.from({ length: 5 }, () => {
    recovery.next(network);
    return recovery.delayMs;
  });
  expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000]);
});
