import { expect, test } from "@playwright/test";
import { expectSmooth, figures, open } from "./joined.ts";
import { startRelayProcess } from "./moq-relay.ts";
import { publish, streamStats } from "./support.ts";

/** Real time that is looked at. */
const OBSERVED_MS = Number(process.env.EDDY_HALF_MS ?? 15_000) * 2;

test("a page publishes to a relay, and another browser watches by it over WebTransport", async ({ browser }) => {
  test.setTimeout(OBSERVED_MS + 60_000);
  const relay = await startRelayProcess();
  const publishing = await browser.newContext();
  const watching = await browser.newContext();
  try {
    const studio = await publish(publishing, "studio", { moq: relay.url });
    const link = await studio.locator("#watch-link").inputValue();
    const { page, errors } = await open(watching, link);
    // Tune-in takes its time, and is not what is measured here.
    await page.waitForTimeout(4_000);
    await expectSmooth(page, OBSERVED_MS);
    const seen = await figures(page);
    expect(seen?.relay).toMatchObject({ state: "open", transport: "webtransport", sessions: 1, refused: 0 });
    expect(seen).toMatchObject({ refused: 0, parts: { missed: 0 } });
    expect(seen?.parts.origin).toBeGreaterThan(OBSERVED_MS / 400);
    expect((await streamStats(page, "studio"))?.renditionStats[0]?.gaps ?? 0).toBe(0);
    expect(errors).toEqual([]);
    console.log(JSON.stringify(seen?.relay));
  } finally {
    await publishing.close();
    await watching.close();
    await relay.kill();
  }
});
