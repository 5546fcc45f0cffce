import { expect, test } from "@playwright/test";
import { KIT, serveKit } from "./kit-site.ts";
import { Published } from "./published.ts";
import { watchStalls } from "./stall-watch.ts";
import { killWorker, playback, readClock, watch } from "./support.ts";
import { compare, windowMedia } from "./window-media.ts";

const QUOTA_BYTES = 20_000_000;
const STREAM_BYTES = 30_000_000;
/** With the pattern's own bytes about 1 MB/s. */
const PAD_BYTES = 330_000;
/** What the live list holds is kept whatever happens, and at this rate it must be short to fit at all. */
const LIVE_SEGMENTS = 6;

test("a stream larger than the disk goes on live, over a window that shrinks, and what is kept of it is whole", async ({
  context,
}) => {
  test.setTimeout(120_000);
  const site = await serveKit({ serves: { dvr: {}, cache: { maxSegments: LIVE_SEGMENTS } } });
  try {
    const published = await Published.of(context);
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    // Before the first use of the database: later it does not count.
    await session.send("Storage.overrideQuotaForOrigin", { origin: site.url, quotaSize: QUOTA_BYTES });
    await page.goto(site.url + KIT);
    await page.evaluate(async (padBytes) => {
      window.relay = await window.kit.openRelay();
      window.padded = await window.kit.publishPadded(window.relay, "studio", padBytes);
    }, PAD_BYTES);
    const stats = () => page.evaluate(async () => window.relay?.stats("studio"));
    await expect
      .poll(async () => (await stats())?.renditionStats[0]?.segments ?? 0, { timeout: 20_000 })
      .toBeGreaterThan(1);
    const { page: viewer, errors } = await watch(context, "studio", { origin: site.url });
    const endured = await watchStalls(viewer);

    const sentBytes = () => published.parts("studio").reduce((sum, { bytes }) => sum + bytes.length, 0);
    let mostMs = 0;
    await expect
      .poll(
        async () => {
          mostMs = Math.max(mostMs, (await stats())?.renditionStats[0]?.dvrWindowMs ?? 0);
          return sentBytes();
        },
        { timeout: 90_000, intervals: [1000] },
      )
      .toBeGreaterThan(STREAM_BYTES);
    const { shownMs, nowMs } = await readClock(viewer);
    const { latencyMs } = await playback(viewer);
    const seen = await endured();
    const windowMs = (await stats())?.renditionStats[0]?.dvrWindowMs ?? 0;

    await page.evaluate(() => window.padded?.stop());
    const kept = await windowMedia(page, "studio");
    // From the disk alone.
    await killWorker(page);
    const [found] = await windowMedia(page, "studio");
    if (found === undefined || kept[0] === undefined) throw new Error("the stream is gone");
    const compared = compare(published, "studio", found);
    const report = {
      sentBytes: sentBytes(),
      ...compared,
      gaps: found.gaps,
      mostMs,
      windowMs,
      latencyMs,
      glassMs: nowMs - shownMs,
      stalls: seen.stalls,
    };
    console.log(`a full disk: ${JSON.stringify(report)}`);
    expect(published.faults).toEqual([]);
    expect(compared.before, "parts that made room").toBeGreaterThan(0);
    expect(compared.missing).toBe(0);
    expect(compared.sizeBytes).toBeLessThan(QUOTA_BYTES);
    expect(compared.sizeBytes).toBeGreaterThan(0);
    expect(found.gaps).toBe(0);
    expect(seen.fatal).toEqual([]);
    expect(errors).toEqual([]);
    for (const { ms } of seen.stalls.filter(({ aheadMs }) => aheadMs < 250)) expect(ms, "a stall").toBeLessThan(1_000);
    expect(nowMs - shownMs, "from capture to screen").toBeLessThan(10_000);
  } finally {
    site.close();
  }
});
