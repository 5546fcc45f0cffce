import { expectPlaysOn, outcomesAfter, SMALL, test, watchWithAll } from "./players.ts";

test("everything is answered 503 for 1.5 s", async ({ context, liveOrigin }, info) => {
  const origin = await liveOrigin.start(SMALL);
  const watching = await watchWithAll(context, origin);
  const fromMs = Date.now();
  await origin.faults.add({ kind: "status", status: 503, durationMs: 1_500 });
  const outcomes = await outcomesAfter(7_000, { watching, fromMs, info });
  await expectPlaysOn({ watching, outcomes });
});
