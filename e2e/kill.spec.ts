import { expect, type Page, test } from "@playwright/test";
import { Published } from "./published.ts";
import { watchStalls } from "./stall-watch.ts";
import { endStream, killWorker, playback, publish, readClock, streamStats, watch } from "./support.ts";
import { compare, expectWhole, PlaylistLedger, windowMedia } from "./window-media.ts";

const KILLS = 20;
const WITHIN_MS = 180_000;
/** From one kill to the next, as shares of the mean: some fall on a worker that has hardly come up. */
const PACE = [1, 0.2, 1.8, 0.6, 1.4] as const;
/** From asking a worker that is not there to its first answer, at the median. */
const FIRST_ANSWER_MS = 150;
/** The picture on the screen may be some frames older than the time that the player tells, on a machine that is busy. */
const CLOCK_OFF_MS = 500;

/** Kills, and resolves with the time to the first answer of the worker that comes up. */
async function killAndAsk(page: Page): Promise<number> {
  await killWorker(page);
  return page.evaluate(async () => {
    const startMs = performance.now();
    await (await fetch("/live/stats.json")).text();
    return performance.now() - startMs;
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}

test("a worker that is killed 20 times in 3 minutes loses no part, repeats none, and no viewer is stopped by it", async ({
  context,
}) => {
  test.setTimeout(WITHIN_MS + 120_000);
  const published = await Published.of(context);
  const publisher = await publish(context, "studio");
  const { page, errors } = await watch(context, "studio");
  const endured = await watchStalls(page);
  const ledger = new PlaylistLedger();
  const answersMs: number[] = [];
  const clocks: { nowMs: number; shownMs: number; datedMs: number }[] = [];

  const startMs = Date.now();
  for (let kill = 0; kill < KILLS; kill++) {
    // With room for the answers of a busy machine between the last kill and the end of the three minutes.
    const paceMs = (WITHIN_MS / KILLS) * 0.9;
    const dueMs = startMs + paceMs * kill + (PACE[kill % PACE.length] ?? 1) * (paceMs / 2);
    // The kills are spread over real time, at moments that fall anywhere in a part: there is no state to wait for.
    await page.waitForTimeout(Math.max(0, dueMs - Date.now()));
    answersMs.push(await killAndAsk(page));
    for (const list of ["media", "dvr"]) {
      const url = `/live/studio/main/${list}.m3u8`;
      const playlist = await page.evaluate(async (path) => (await fetch(path)).text(), url);
      ledger.see(playlist);
      expect(playlist).not.toContain("#EXT-X-DISCONTINUITY\n");
    }
    clocks.push(await readClock(page));
  }
  const tookMs = Date.now() - startMs;
  const { positionMs } = await playback(page);
  await expect.poll(async () => (await playback(page)).positionMs).toBeGreaterThan(positionMs + 2_000);
  const seen = await endured();
  const { latencyMs } = await playback(page);

  await endStream(publisher);
  await expect.poll(async () => (await streamStats(page, "studio"))?.state).toBe("ended");
  const [whole] = await expectWhole(page, published, "studio");
  // From the disk alone.
  await killWorker(page);
  expect(await expectWhole(page, published, "studio")).toEqual([whole]);

  const report = {
    tookMs,
    parts: whole?.parts,
    resent: published.resent,
    firstAnswerMs: { p50: Math.round(median(answersMs)), most: Math.round(Math.max(...answersMs)) },
    stalls: seen.stalls,
    latencyMs: Math.round(latencyMs),
    clockOffMs: clocks.map(({ shownMs, datedMs }) => Math.round(datedMs - shownMs)),
  };
  console.log(`killed ${KILLS} times: ${JSON.stringify(report)}`);
  expect(tookMs).toBeLessThan(WITHIN_MS);
  expect(report.firstAnswerMs.p50, "first answer after a kill").toBeLessThan(FIRST_ANSWER_MS);
  expect(published.sessions.size, "sessions").toBe(1);
  expect(ledger.changes).toEqual([]);
  expect(seen.fatal, "fatal errors").toEqual([]);
  expect(seen.states).not.toContain("failed");
  expect(errors).toEqual([]);
  for (const { ms } of seen.stalls.filter(({ aheadMs }) => aheadMs < 250)) expect(ms, "a stall").toBeLessThan(1_000);
  for (const { shownMs, datedMs, nowMs } of clocks) {
    expect(Math.abs(datedMs - shownMs), "the picture's clock against the date of the media").toBeLessThan(CLOCK_OFF_MS);
    expect(nowMs - shownMs, "from capture to screen").toBeLessThan(10_000);
  }
});

test("an update of the worker under a live stream, and kills while it is installed, lose no part", async ({
  context,
}) => {
  const published = await Published.of(context);
  const publisher = await publish(context, "studio");
  const { page } = await watch(context, "studio");
  const endured = await watchStalls(page);
  const parts = () => published.parts("studio").length;
  for (const version of ["one", "two", "three"]) {
    const before = parts();
    await page.evaluate((next) => void navigator.serviceWorker.register(`/sw.js?${next}`), version);
    await killWorker(page);
    await expect.poll(parts, { timeout: 15_000 }).toBeGreaterThan(before + 6);
    const [kept] = await windowMedia(page, "studio");
    if (kept === undefined) throw new Error("the stream has no window");
    expect(compare(published, "studio", kept).before).toBe(0);
  }
  const { fatal, stalls } = await endured();
  expect(fatal).toEqual([]);
  console.log(`updated under a live stream: stalls ${JSON.stringify(stalls)}`);
  // Each of those that could be installed took over, from the disk.
  await expect
    .poll(() => page.evaluate(() => navigator.serviceWorker.controller?.scriptURL), { timeout: 15_000 })
    .toMatch(/sw\.js\?/);
  await endStream(publisher);
  await expect.poll(async () => (await streamStats(page, "studio"))?.state, { timeout: 15_000 }).toBe("ended");
  await expectWhole(page, published, "studio");
  expect(published.sessions.size, "sessions").toBe(1);
});
