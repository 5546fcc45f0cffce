import { expectPlaysOn, outcomesAfter, SMALL, test, watchWithAll } from "./players.ts";

test("a line that carries half of the stream, for 3 s", async ({ context, liveOrigin }, info) => {
  const origin = await liveOrigin.start(SMALL);
  const watching = await watchWithAll(context, origin);
  const fromMs = Date.now();
  await origin.faults.add({ kind: "throughput", bitsPerSecond: 120_000, durationMs: 3_000 });
  const outcomes = await outcomesAfter(7_000, { watching, fromMs, info });
  await expectPlaysOn({ watching, outcomes });
});
