import { expect, type Page, test } from "@playwright/test";
import { expectSmooth, figures, open } from "./joined.ts";
import { startRelayProcess } from "./moq-relay.ts";
import { publish } from "./support.ts";

const mediaPlaylist = (page: Page): Promise<string> =>
  page.evaluate(async () => (await fetch("/live/studio/main/media.m3u8")).text());

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
    expect(await mediaPlaylist(page)).not.toMatch(/GAP|DISCONTINUITY\n/);
    expect(errors).toEqual([]);
    console.log(JSON.stringify(seen?.relay));
  } finally {
    await publishing.close();
    await watching.close();
    await relay.kill();
  }
});

test("a relay that is killed and started again is played from again within three seconds", async ({ browser }) => {
  const relay = await startRelayProcess();
  const publishing = await browser.newContext();
  const watching = await browser.newContext();
  try {
    const studio = await publish(publishing, "studio", { moq: relay.url });
    const { page, errors } = await open(watching, await studio.locator("#watch-link").inputValue());
    await page.waitForTimeout(4_000);
    await relay.kill();
    // Until it is missed.
    await page.waitForTimeout(1_500);
    await relay.start();
    const upAtMs = Date.now();
    const before = (await figures(page))?.parts.origin ?? 0;
    await page.waitForFunction(
      (parts) => (window.eddy?.session?.stats() as { parts: { origin: number } }).parts.origin > parts + 2,
      before,
      { polling: 50 },
    );
    console.log(
      "parts again",
      Date.now() - upAtMs,
      JSON.stringify((await figures(page))?.relay),
      JSON.stringify(await page.evaluate(() => window.eddy?.stats?.())),
    );
    const at = await page.evaluate(() => document.querySelector("video")?.currentTime ?? 0);
    await page.waitForFunction((from) => (document.querySelector("video")?.currentTime ?? 0) > from + 0.2, at, {
      polling: 50,
    });
    console.log("playing again", Date.now() - upAtMs);
    await page.waitForTimeout(5_000);
    console.log(JSON.stringify(await figures(page)), JSON.stringify(await page.evaluate(() => window.eddy?.stats?.())));
    console.log(await page.evaluate(async () => (await fetch("/live/studio/main/media.m3u8")).text()));
    console.log(
      JSON.stringify(
        await studio.evaluate(() => (window.eddy as unknown as { session: { stats(): unknown } }).session.stats()),
      ),
    );
    expect(errors).toEqual([]);
  } finally {
    await publishing.close();
    await watching.close();
    await relay.kill();
  }
});
