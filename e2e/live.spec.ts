import { test } from "@playwright/test";
import { expectLive, publish } from "./support.ts";

/** The README's figures are of a minute: `npm run e2e:repeat`. */
const OBSERVED_MS = Number(process.env.EDDY_OBSERVED_MS ?? 30_000);

// The bounds are PART-HOLD-BACK, which is three parts (rule 11), and what is in flight. At 500 ms three parts alone are 1.5 s.
for (const { partTargetMs, latencyMs, glassMs } of [
  { partTargetMs: 200, latencyMs: 1_000, glassMs: 1_500 },
  { partTargetMs: 333, latencyMs: 1_400, glassMs: 1_500 },
  { partTargetMs: 500, latencyMs: 1_900, glassMs: 1_900 },
]) {
  test(`parts of ${partTargetMs} ms: live in one tab, watched in two others, ${latencyMs} ms behind at most, without a stall`, async ({
    context,
  }, info) => {
    test.setTimeout(OBSERVED_MS + 60_000);
    await publish(context, "studio", { partTargetMs: String(partTargetMs) });
    await expectLive(context, info, { name: "studio", viewers: 2, observedMs: OBSERVED_MS, latencyMs, glassMs });
  });
}
