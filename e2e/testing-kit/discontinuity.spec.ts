import { expectPlaysOn, outcomesAfter, SMALL, test, watchWithAll } from "./players.ts";

test("a discontinuity, times leap", async ({ context, liveOrigin }, info) => {
  const origin = await liveOrigin.start(SMALL);
  const watching = await watchWithAll(context, origin);
  const fromMs = Date.now();
  await origin.faults.add({ kind: "discontinuity" });
  const outcomes = await outcomesAfter(6_500, { watching, fromMs, info });
  await expectPlaysOn({ watching, outcomes });
});
