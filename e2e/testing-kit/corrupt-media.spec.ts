import { expect, expectPlaysOn, outcomesAfter, SMALL, test, watchWithAll } from "./players.ts";

test("one part or segment is corrupt", async ({ context, liveOrigin }, info) => {
  const origin = await liveOrigin.start(SMALL);
  const watching = await watchWithAll(context, origin);
  const fromMs = Date.now();
  await origin.faults.add({ kind: "corrupt", times: 1 });
  const outcomes = await outcomesAfter(7_000, { watching, fromMs, info });
  // Each of them was given one, and what comes of it is a decoder's business: which part it was, and which bytes of it.
  expect((await origin.trace()).faults.map(({ kind }) => kind)).toEqual(["corrupt", "corrupt", "corrupt"]);
  await expectPlaysOn({ watching, outcomes }, ["hls.js", "Shaka Player", "video.js"]);
});
