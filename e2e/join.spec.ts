import { type Browser, expect, type Page, test } from "@playwright/test";
import type { SessionStats } from "eddy-hls";
import { serveSignal } from "../src/node/signal-server.ts";
import { watchStalls } from "./stall-watch.ts";
import { collectErrors, playback, publish, streamStats } from "./support.ts";

const LATENCY_MS = 2_000;
const OBSERVED_MS = 12_000;

/** Of the session that a page holds; undefined while it has none. */
function figures(page: Page): Promise<SessionStats | undefined> {
  return page.evaluate(() => window.eddy?.session?.stats() as SessionStats | undefined);
}

/** Opens a watching page; resolves once pictures move. */
async function open(
  context: Awaited<ReturnType<Browser["newContext"]>>,
  url: string,
): Promise<{ page: Page; errors: string[] }> {
  const page = await context.newPage();
  const errors = collectErrors(page);
  page.on("console", (message) => console.log(message.text()));
  await page.goto(url);
  await page.waitForFunction(
    () => {
      const video = document.querySelector("video");
      return (
        video !== null && !video.paused && video.currentTime > 0 && video.getVideoPlaybackQuality().totalVideoFrames > 2
      );
    },
    undefined,
    { polling: 50, timeout: 30_000 },
  );
  return { page, errors };
}

test("another profile watches what a page publishes, over WebRTC and 2 s behind at most, by the link that the page shows", async ({
  browser,
}, info) => {
  test.setTimeout(90_000);
  const signal = await serveSignal();
  const publishing = await browser.newContext();
  const watching = await browser.newContext();
  try {
    const publisher = await publish(publishing, "studio", { peers: "on", signal: signal.url });
    const link = await publisher.locator("#watch-link").inputValue();
    const startedMs = Date.now();
    const { page, errors } = await open(watching, `${link}&peers=on`);
    const startMs = Date.now() - startedMs;
    await page.waitForTimeout(4_000);
    const endured = await watchStalls(page);
    const latenciesMs: number[] = [];
    for (const endMs = Date.now() + OBSERVED_MS; Date.now() < endMs; ) {
      latenciesMs.push(Math.round((await playback(page)).latencyMs));
      await page.waitForTimeout(500);
    }
    const seen = await figures(page);
    const sent = await figures(publisher);
    console.log(
      `${info.title}: ${JSON.stringify({ startMs, latenciesMs, stalls: (await endured()).stalls, seen, sent })}`,
    );
    expect(Math.max(...latenciesMs)).toBeLessThanOrEqual(LATENCY_MS);
    expect((await endured()).stalls.filter(({ aheadMs }) => aheadMs < 250)).toEqual([]);
    expect(seen).toMatchObject({ role: "leader", bytes: { origin: 0, page: 0 }, bans: [], refused: 0 });
    expect(seen?.parts.missed).toBe(0);
    expect((await streamStats(page, "studio"))?.sources).toMatchObject({ page: 0, origin: 0 });
    expect(errors).toEqual([]);
  } finally {
    await publishing.close();
    await watching.close();
    await signal.close();
  }
});
