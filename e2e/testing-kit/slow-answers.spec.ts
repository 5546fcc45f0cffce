import { expectPlaysOn, outcomesAfter, SMALL, test, watchWithAll } from "./players.ts";

test("answers take 0.3 to 0.9 s", async ({ context, liveOrigin }, info) => {
  const origin = await liveOrigin.start(SMALL);
  const watching = await watchWithAll(context, origin);
  const fromMs = Date.now();
  await origin.faults.add({ kind: "latency", ms: 300, jitterMs: 600 });
  const outcomes = await outcomesAfter(6_000, { watching, fromMs, info });
  await expectPlaysOn({ watching, outcomes });
});
