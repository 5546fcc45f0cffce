import { expect, test } from "vitest";
import { Committee } from "./committee.ts";
import { testContext } from "./context.test-support.ts";
import { Fetching } from "./fetching.ts";
import { keyOf } from "./network.test-support.ts";
import { Playhead } from "./playhead.ts";
import type { SwarmListener } from "./swarm-types.ts";
import { Distrust } from "./trust.ts";

const GRACE_MS = 1000;

/** When a viewer that has yet to play, and gets pieces all the time, turns to the origin for a part. */
function fetchedMs(roundTripMs: number): number | undefined {
  let nowMs: number | undefined;
  const nothing = (): void => {};
  const listener: SwarmListener = {
    part: nothing,
    card: nothing,
    init: nothing,
    missed: nothing,
    banned: nothing,
    fetch: (_, reason) => {
      expect(reason).toBe("deadline");
      nowMs ??= clock.now();
    },
  };
  const { context, clock, join } = testContext({ fetches: true, joinGraceMs: GRACE_MS, listener });
  const other = join("other", { roundTripMs });
  const playhead = new Playhead(context);
  const committee = new Committee(context);
  const fetching = new Fetching({ context, committee, distrust: new Distrust(), playhead, missed: nothing });
  playhead.setBuffer(0);
  const part = context.parts.openPart(keyOf(0), clock.now());
  if (part === undefined) throw new Error("there is no room for a part");
  Object.assign(part, { isWanted: true, haveMask: other.bit });
  part.heardOf(clock.now());
  playhead.refresh();
  for (let ms = 0; ms < 10 * GRACE_MS; ms += 100) {
    clock.advance(100);
    context.counters.pieceMs = clock.now();
    fetching.tick();
  }
  return nowMs;
}

test("who has yet to play waits for what comes; longer over a line that is full, over which the origin would be no quicker", () => {
  expect(fetchedMs(40)).toBe(2 * GRACE_MS + 100);
  expect(fetchedMs(1200)).toBe(6 * GRACE_MS + 100);
});
