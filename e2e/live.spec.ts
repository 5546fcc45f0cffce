import { expect, test } from "@playwright/test";
import { collectErrors, glassToGlassMs, observe, publish, watch } from "./support.ts";

const OBSERVED_MS = 60_000;

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
    const publisher = await publish(context, "studio", { partTargetMs: String(partTargetMs) });
    const errors = collectErrors(publisher);
    const viewers = [await watch(context, "studio"), await watch(context, "studio")];
    for (const { page } of viewers) errors.push(...collectErrors(page));

    const seen = await Promise.all(viewers.map(({ page }) => observe(page, OBSERVED_MS)));
    const glass = await Promise.all(viewers.map(({ page }) => glassToGlassMs(page)));
    const report = viewers.map(({ startMs }, index) => ({
      startMs,
      latencyMs: Math.round(Math.max(...(seen[index] ?? []).slice(5).map((each) => each.latencyMs))),
      glassMs: Math.round(glass[index] ?? Number.NaN),
      last: seen[index]?.at(-1),
    }));
    await info.attach("playback.json", {
      body: JSON.stringify({ report, seen }, null, 1),
      contentType: "application/json",
    });
    console.log(JSON.stringify(report));

    for (const [index, { startMs }] of viewers.entries()) {
      const samples = seen[index] ?? [];
      const last = samples.at(-1);
      expect(startMs, "from opening to moving pictures").toBeLessThanOrEqual(3_000);
      expect(last?.stalls, "stalls").toBe(0);
      // The first seconds are tune-in.
      for (const each of samples.slice(5)) expect(each.latencyMs, "hls.latency").toBeLessThanOrEqual(latencyMs);
      expect((last?.partLoads ?? 0) / (last?.loads ?? 1), "share of parts").toBeGreaterThan(0.95);
      expect(glass[index], "the picture's clock against the wall clock").toBeLessThanOrEqual(glassMs);
      expect(last?.positionMs, "played").toBeGreaterThan((samples[0]?.positionMs ?? 0) + OBSERVED_MS - 2_000);
    }
    expect(errors).toEqual([]);
  });
}
