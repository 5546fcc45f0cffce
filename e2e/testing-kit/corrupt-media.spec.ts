import { expectPlaysOn, outcomesAfter, SMALL, test, watchWithAll } from "./players.ts";

test("one part or segment is corrupt", async ({ context, liveOrigin }, info) => {
  const origin = await liveOrigin.start(SMALL);
  const watching = await watchWithAll(context, origin);
  const fromMs = Date.now();
  await origin.faults.add({ kind: "corrupt", times: 1 });
  const outcomes = await outcomesAfter(7_000, { watching, fromMs, info });
  await expectPlaysOn({ watching, outcomes });
});
