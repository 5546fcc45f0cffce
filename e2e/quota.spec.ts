import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, expect, test } from "@playwright/test";
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

/** Publishes more than fits while somebody watches, and gives what became of it. */
async function overfill(context: BrowserContext) {
  const site = await serveKit({ serves: `{ dvr: EddyWorker.dvr(), cache: { maxSegments: ${LIVE_SEGMENTS} } }` });
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
    const [served, stored] = [compare(published, "studio", kept[0]), compare(published, "studio", found)];
    const report = { sentBytes: sentBytes(), served, stored, mostMs, windowMs, latencyMs, stalls: seen.stalls };
    console.log(`${test.info().title}: ${JSON.stringify(report)}`);
    expect(published.faults).toEqual([]);
    expect(served.before, "parts that made room").toBeGreaterThan(0);
    expect(served.missing).toBe(0);
    expect(stored.sizeBytes).toBeLessThan(QUOTA_BYTES);
    expect(stored.sizeBytes).toBeGreaterThan(0);
    expect(found.gaps).toBe(0);
    expect(seen.fatal).toEqual([]);
    expect(errors).toEqual([]);
    for (const { ms } of seen.stalls.filter(({ aheadMs }) => aheadMs < 250)) expect(ms, "a stall").toBeLessThan(1_000);
    expect(nowMs - shownMs, "from capture to screen").toBeLessThan(10_000);
    return stored;
  } finally {
    site.close();
  }
}

test("a stream larger than its quota goes on live, over a window that moves on, and what is kept is whole to its end", async ({
  context,
}) => {
  test.setTimeout(120_000);
  expect((await overfill(context)).missing).toBe(0);
});

test("where deleting frees nothing for a while, a stream larger than its quota goes on live all the same, and what is kept is whole", async () => {
  test.setTimeout(120_000);
  // In a profile on disk: there, room comes back only when the browser tidies up, and what waits for it is in memory alone.
  const profile = mkdtempSync(join(tmpdir(), "eddy-quota-"));
  const { launchOptions = {} } = test.info().project.use;
  const context = await chromium.launchPersistentContext(profile, launchOptions);
  try {
    await overfill(context);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
});
