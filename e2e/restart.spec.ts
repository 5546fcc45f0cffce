import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { expect, test } from "@playwright/test";
import { type KillableBrowser, launchKillable } from "./killable-browser.ts";
import { KIT, serveKit } from "./kit-site.ts";
import { Published } from "./published.ts";
import { readClock, untilListed } from "./support.ts";
import { compare, windowMedia } from "./window-media.ts";

/** What one batch may hold; a machine that is busy is late to write it, and its timers are late too. */
const BATCH_MS = 250;

test("a browser whose processes are killed finds again what was acknowledged, but for the last batch at most", async () => {
  const { args = [], executablePath } = test.info().project.use.launchOptions ?? {};
  const profile = mkdtempSync(join(tmpdir(), "eddy-restart-"));
  const site = await serveKit();
  let browser: KillableBrowser | undefined;
  try {
    browser = await launchKillable(profile, args, executablePath);
    const published = await Published.of(browser.context);
    const publisher = await browser.context.newPage();
    await publisher.goto(`${site.url}/?publish=studio&source=pattern`);
    const lag = monitorEventLoopDelay({ resolution: 10 });
    lag.enable();
    await untilListed(publisher, "studio", 4);
    const killedAtMs = Date.now();
    await browser.kill();
    lag.disable();
    const busyMs = Math.round(lag.max / 1e6);

    browser = await launchKillable(profile, args, executablePath);
    const page = await browser.context.newPage();
    await page.goto(site.url + KIT);
    await page.evaluate(async () => void (await window.kit.openRelay()));
    const [kept] = await windowMedia(page, "studio");
    if (kept === undefined) throw new Error("the stream is gone");
    const { before, parts, missing } = compare(published, "studio", kept);
    const sent = published.parts("studio");
    const acknowledgedBefore = sent
      .slice(parts)
      .flatMap(({ acknowledgedAtMs = killedAtMs }) => killedAtMs - acknowledgedAtMs);
    const lostMs = Math.max(0, ...acknowledgedBefore);
    const durable = sent.filter(({ keptAtMs }) => keptAtMs !== undefined).length;
    const delays = sent.flatMap(({ acknowledgedAtMs, keptAtMs }) =>
      acknowledgedAtMs === undefined || keptAtMs === undefined ? [] : [keptAtMs - acknowledgedAtMs],
    );
    delays.sort((left, right) => left - right);
    const ringToDiskMs = { p50: delays[delays.length >> 1] ?? Number.NaN, most: delays.at(-1) ?? Number.NaN };
    const report = { sent: sent.length, kept: durable, found: parts, missing, lostMs, ringToDiskMs, busyMs };
    console.log(`killed browser: ${JSON.stringify(report)}`);
    expect(before).toBe(0);
    expect(kept.gaps).toBe(0);
    expect(durable, "parts that were said to be on disk").toBeGreaterThan(6);
    expect(parts, "parts that are on disk").toBeGreaterThanOrEqual(durable);
    expect(ringToDiskMs.p50, "from the ring to the disk").toBeLessThan(BATCH_MS);
    expect(lostMs, "acknowledged so long before, and lost").toBeLessThan(
      Math.max(BATCH_MS, ringToDiskMs.most) + busyMs,
    );

    await page.bringToFront();
    await page.evaluate(() => window.kit.play("/live/studio/dvr.m3u8", 0));
    for (const share of [0, 0.5, 0.97]) {
      await page.evaluate((positionS) => window.kit.seek(positionS), kept.durationS * share);
      const { shownMs, datedMs } = await readClock(page);
      expect(Math.abs(datedMs - shownMs), `the clock at ${share} of the window`).toBeLessThan(150);
    }
    expect(await page.evaluate(() => window.kit.errors)).toEqual([]);
  } finally {
    await browser?.kill();
    site.close();
    rmSync(profile, { recursive: true, force: true });
  }
});
