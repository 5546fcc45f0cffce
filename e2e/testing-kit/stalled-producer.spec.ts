import { expectPlaysOn, outcomesAfter, SMALL, test, watchWithAll } from "./players.ts";

test("a producer that stalls for 3 s, and catches up", async ({ context, liveOrigin }, info) => {
  const origin = await liveOrigin.start(SMALL);
  const watching = await watchWithAll(context, origin);
  const fromMs = Date.now();
  await origin.faults.add({ kind: "stall", durationMs: 3_000 });
  const outcomes = await outcomesAfter(7_000, { watching, fromMs, info });
  await expectPlaysOn({ watching, outcomes });
});
