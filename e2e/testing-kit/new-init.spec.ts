import { expectAll, expectPlaysOn, type Outcome, outcomesAfter, SMALL, test, watchWithAll } from "./players.ts";

test("another picture size, after a discontinuity", async ({ context, liveOrigin }, info) => {
  const origin = await liveOrigin.start(SMALL);
  const watching = await watchWithAll(context, origin);
  const fromMs = Date.now();
  await origin.faults.add({ kind: "init-change", video: ["160x90"] });
  const note = ({ width }: Outcome): string => (width === 160 ? "" : "the picture stays what it was");
  const outcomes = await outcomesAfter(6_500, { watching, fromMs, info, note });
  await expectPlaysOn({ watching, outcomes });
  expectAll(outcomes, "shows the new size", { holds: ({ width }) => width === 160, limits: ["Shaka Player"] });
});
