import { expect, test } from "vitest";
import { testContext } from "./context.test-support.ts";
import { RoundTrips } from "./round-trips.ts";

/** How often a near neighbour is pinged in eight seconds, beside others that answer after so long. */
function pings(othersMs: readonly number[]): number {
  const { context, clock, told, join } = testContext();
  const roundTrips = new RoundTrips(context);
  const near = join("near");
  const others = othersMs.map((roundTripMs, at) => join(`other-${at}`, { roundTripMs }));
  for (let ms = 0; ms < 8000; ms += 100) {
    clock.advance(100);
    roundTrips.tick(clock.now());
    if (near.pingedMs !== undefined) roundTrips.answered(near, near.pingToken, clock.now());
    for (const other of others) other.pingedMs = undefined;
  }
  return told.filter(({ to, frame }) => to === "near" && frame.kind === "ping").length;
}

test("where most are slow to answer, the others are asked more often: it may be our own line that is full", () => {
  expect(pings([40, 40, 40])).toBeLessThanOrEqual(2);
  expect(pings([400, 40, 40])).toBeLessThanOrEqual(2);
  expect(pings([400, 400, 40])).toBeGreaterThanOrEqual(6);
});
