import { monitorEventLoopDelay } from "node:perf_hooks";
import { type Browser, expect, type Page, test } from "@playwright/test";
import type { SessionStats } from "eddy-hls";
import { serveSignal } from "../src/node/signal-server.ts";
import { startFfmpegOrigin } from "./ffmpeg-origin.ts";
import { watchStalls } from "./stall-watch.ts";
import { collectErrors, playback, publish, streamStats } from "./support.ts";

const LATENCY_MS = 2_000;
const OBSERVED_MS = 12_000;
/** The most of a standstill that a busy machine excuses. */
const BLINK_MS = 500;

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
}) => {
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
    await expectSmooth(page, OBSERVED_MS);
    const seen = await figures(page);
    console.log(JSON.stringify({ startMs, sent: await figures(publisher) }));
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

/** Looks at a playback for a while, and holds what its viewer is promised. */
async function expectSmooth(page: Page, observedMs: number): Promise<void> {
  const endured = await watchStalls(page);
  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();
  const latenciesMs: number[] = [];
  for (const endMs = Date.now() + observedMs; Date.now() < endMs; ) {
    latenciesMs.push(Math.round((await playback(page)).latencyMs));
    await page.waitForTimeout(500);
  }
  const { stalls, fatal } = await endured();
  lag.disable();
  // So late was a timer of ours, which the product has no part in; no more than half a second is excused by it.
  const busyMs = Math.min(Math.round(lag.max / 1e6), BLINK_MS);
  console.log(JSON.stringify({ latenciesMs, stalls, busyMs, figures: await figures(page) }));
  expect(Math.max(...latenciesMs), "latency").toBeLessThanOrEqual(LATENCY_MS + busyMs);
  expect(stalls.filter(({ ms, aheadMs }) => aheadMs < 250 && ms > busyMs)).toEqual([]);
  expect(fatal).toEqual([]);
}

for (const peers of ["off", "on"] as const) {
  test(`an LL-HLS origin is watched through the relay, part by part, with peers ${peers} and nobody else there`, async ({
    browser,
  }) => {
    test.setTimeout(90_000);
    const origin = await startFfmpegOrigin();
    const signal = await serveSignal();
    const context = await browser.newContext();
    try {
      const search = new URLSearchParams({ watch: "studio", origin: origin.url, peers, signal: signal.url });
      if (peers === "on") search.set("integrity", "none");
      const { page, errors } = await open(context, `/?${search}`);
      await page.waitForTimeout(4_000);
      const count = origin.count();
      await expectSmooth(page, OBSERVED_MS);
      const served = count.stop();
      expect(Math.max(...served.copies.values()), "copies of a part").toBe(1);
      expect(await figures(page)).toMatchObject({ role: "leader", parts: { peer: 0, missed: 0 }, refused: 0 });
      expect((await streamStats(page, "studio"))?.sources).toMatchObject({ page: 0, peer: 0 });
      expect(errors).toEqual([]);
    } finally {
      await context.close();
      await origin.close();
      await signal.close();
    }
  });
}

for (const source of ["origin", "peers"] as const) {
  test(`two tabs take one stream once, and the second goes on without a gap when the first closes (${source})`, async ({
    browser,
  }) => {
    test.setTimeout(90_000);
    const signal = await serveSignal();
    const origin = source === "origin" ? await startFfmpegOrigin() : undefined;
    const publishing = await browser.newContext();
    const watching = await browser.newContext();
    try {
      let link = `/?${new URLSearchParams({ watch: "studio", origin: origin?.url ?? "" })}`;
      if (source === "peers") {
        const publisher = await publish(publishing, "studio", { peers: "on", signal: signal.url });
        link = `${await publisher.locator("#watch-link").inputValue()}&peers=on`;
      }
      const first = await open(watching, link);
      const second = await open(watching, link);
      expect([(await figures(first.page))?.role, (await figures(second.page))?.role]).toEqual(["leader", "follower"]);
      await second.page.waitForTimeout(4_000);
      const before = await streamStats(second.page, "studio");
      const smooth = expectSmooth(second.page, OBSERVED_MS);
      await second.page.waitForTimeout(3_000);
      await first.page.close();
      await smooth;
      const after = await streamStats(second.page, "studio");
      expect((await figures(second.page))?.role).toBe("leader");
      expect((await figures(second.page))?.parts.missed).toBe(0);
      expect(after?.epoch, "the epoch goes on").toBe(before?.epoch);
      const list = await second.page.evaluate(async () => (await fetch("/live/studio/main/media.m3u8")).text());
      expect(list).not.toMatch(/DISCONTINUITY\n|GAP/);
      expect(second.errors).toEqual([]);
    } finally {
      await publishing.close();
      await watching.close();
      await origin?.close();
      await signal.close();
    }
  });
}
