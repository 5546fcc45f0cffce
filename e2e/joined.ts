import { monitorEventLoopDelay } from "node:perf_hooks";
import { type Browser, expect, type Page } from "@playwright/test";
import type { SessionStats } from "eddy-hls";
import { serveSignal } from "../src/node/signal-server.ts";
import { startFfmpegOrigin } from "./ffmpeg-origin.ts";
import { watchStalls } from "./stall-watch.ts";
import { collectErrors, playback, publish, streamStats } from "./support.ts";

const LATENCY_MS = 2_000;
export const OBSERVED_MS = 12_000;
/** The most of a standstill that a busy machine excuses. */
const BLINK_MS = 500;

/** Of the session that a page holds; undefined while it has none. */
export function figures(page: Page): Promise<SessionStats | undefined> {
  return page.evaluate(() => window.eddy?.session?.stats() as SessionStats | undefined);
}

/** Opens a watching page; resolves once pictures move. */
export async function open(
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

/** Lets a player come to rest. In real time, since it catches up for seconds after it plays, and nothing tells that it has done so. */
export async function tuneIn(page: Page): Promise<void> {
  await page.waitForTimeout(4_000);
}

/** Looks at a playback for a while, and holds what its viewer is promised. */
export async function expectSmooth(page: Page, observedMs: number): Promise<void> {
  const endured = await watchStalls(page);
  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();
  const latenciesMs: number[] = [];
  for (const endMs = Date.now() + observedMs; Date.now() < endMs; ) {
    latenciesMs.push(Math.round((await playback(page)).latencyMs));
    // Real time is what this measures: there is nothing to wait for but its passing.
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

/** Two tabs of one browser watch one stream, and the one that leads is closed: the other goes on as if nothing had been. */
export async function expectHandOver(browser: Browser, source: "origin" | "peers"): Promise<void> {
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
    await tuneIn(second.page);
    const before = await streamStats(second.page, "studio");
    const smooth = expectSmooth(second.page, OBSERVED_MS);
    // In the middle of what is looked at, which is a stretch of real time.
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
}
