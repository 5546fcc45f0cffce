import { expectPlaysOn, outcomesAfter, SMALL, test, watchWithAll } from "./players.ts";

test("the Service Worker is killed, with the stream on its disk", async ({ context, liveOrigin }, info) => {
  const origin = await liveOrigin.start({ ...SMALL, dvr: true });
  const watching = await watchWithAll(context, origin);
  const fromMs = Date.now();
  await origin.faults.add({ kind: "worker-killed" });
  const outcomes = await outcomesAfter(6_000, { watching, fromMs, info });
  await expectPlaysOn({ watching, outcomes });
});
