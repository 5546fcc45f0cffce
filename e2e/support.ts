import { execFileSync } from "node:child_process";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { type BrowserContext, type CDPSession, expect, type Locator, type Page, type TestInfo } from "@playwright/test";
import type { Relay } from "eddy-hls";
import { clockGeometry, decodeClock } from "../src/capture/pattern-clock.ts";

/** What the demo tells of a playback (`window.eddy.stats()` in the watch view). */
export interface Playback {
  readonly latencyMs: number;
  readonly targetLatencyMs: number;
  readonly bufferAheadMs: number;
  readonly stalls: number;
  readonly busyStalls: number;
  readonly stalledMs: number;
  readonly loads: number;
  readonly partLoads: number;
  readonly positionMs: number;
  readonly decodedFrames: number;
  /** From the first moment one can go back to, to the last one. */
  readonly windowMs: number;
}

declare global {
  interface Window {
    eddy?: {
      readonly relay: Relay;
      readonly session?: { stats(): unknown; readonly fingerprint?: string } | undefined;
      stats?: (() => Readonly<Record<string, unknown>>) | undefined;
    };
  }
}

/** Publishes by link, and waits until a segment is there to be watched. */
export async function publish(
  context: BrowserContext,
  name: string,
  query: Record<string, string> = {},
): Promise<Page> {
  const page = await context.newPage();
  const search = new URLSearchParams({ publish: name, source: "pattern", ...query });
  await page.goto(`/?${search}`);
  await untilListed(page, name);
  return page;
}

/** Publishes a file as a person does: picks it, and goes live. It starts again at its end. */
export async function publishFile(
  context: BrowserContext,
  { name, path, partTargetMs }: { name: string; path: string; partTargetMs: number },
): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`/?publish=${name}&source=file&partTargetMs=${partTargetMs}`);
  await page.setInputFiles("#file", path);
  await page.getByRole("button", { name: "Go live" }).click();
  await untilListed(page, name);
  return page;
}

/** Ends the stream of a publishing page as a person does, who is asked whether they mean it. */
export async function endStream(page: Page): Promise<void> {
  await page.getByRole("button", { name: "End the stream" }).click();
  await page.getByRole("button", { name: "End now" }).click();
}

/** Resolves once the stream has a segment that a player can start with, or as many as are asked for. */
export async function untilListed(page: Page, name: string, segments = 1): Promise<void> {
  await expect
    .poll(async () => (await streamStats(page, name))?.renditionStats[0]?.segments ?? 0, { timeout: 20_000 })
    .toBeGreaterThanOrEqual(segments);
}

/** Of a stream, as its page's relay tells them; undefined while there is none. */
export function streamStats(page: Page, name: string) {
  return page.evaluate(async (stream) => window.eddy?.relay.stats(stream).catch(() => undefined), name);
}

/** Opens a watching tab; resolves, with the time that took, once pictures move. */
export async function watch(
  context: BrowserContext,
  name: string,
  { audioOnly = false, origin = "" }: { readonly audioOnly?: boolean; readonly origin?: string } = {},
): Promise<{ page: Page; startMs: number; errors: string[] }> {
  const page = await context.newPage();
  const errors = collectErrors(page);
  const openedAt = Date.now();
  await page.goto(`${origin}/?watch=${name}`);
  await page.waitForFunction(
    (sound) => {
      const video = document.querySelector("video");
      if (video === null || video.readyState < 3 || video.paused || video.currentTime === 0) return false;
      return sound || video.getVideoPlaybackQuality().totalVideoFrames > 2;
    },
    audioOnly,
    { polling: 50 },
  );
  return { page, startMs: Date.now() - openedAt, errors };
}

/** A picture that stands still for so long is hardly seen to. */
export const BLINK_MS = 500;

export interface LiveBounds {
  readonly name: string;
  readonly viewers: number;
  readonly observedMs: number;
  /** Of `hls.latency`. */
  readonly latencyMs: number;
  /** Of the picture's own clock, where the picture is the pattern. */
  readonly glassMs?: number;
  /** There is no picture to wait for. */
  readonly audioOnly?: boolean;
}

/** Watches a live stream in tabs of their own, and holds what a viewer is promised. */
export async function expectLive(context: BrowserContext, info: TestInfo, bounds: LiveBounds): Promise<void> {
  const { name, observedMs, latencyMs, glassMs } = bounds;
  const viewers: { page: Page; startMs: number; errors: string[] }[] = [];
  for (let count = 0; count < bounds.viewers; count++)
    viewers.push(await watch(context, name, { audioOnly: bounds.audioOnly ?? false }));
  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();
  const seen = await Promise.all(viewers.map(({ page }) => observe(page, observedMs)));
  lag.disable();
  /** So late was a timer of ours, which the product has no part in: what was late by no more says nothing of it. */
  const busyMs = Math.round(lag.max / 1e6);
  const glass = glassMs === undefined ? [] : await Promise.all(viewers.map(({ page }) => glassToGlassMs(page)));

  const report = viewers.map(({ startMs }, index) => {
    const settled = (seen[index] ?? []).slice(5).map((each) => Math.round(each.latencyMs));
    const last = seen[index]?.at(-1);
    return {
      startMs,
      latencyMs: { least: Math.min(...settled), most: Math.max(...settled) },
      glassMs: Math.round(glass[index] ?? 0),
      stalls: last?.stalls,
      busyStalls: last?.busyStalls,
      stalledMs: Math.round(last?.stalledMs ?? 0),
      loads: last?.loads,
      partLoads: last?.partLoads,
    };
  });
  console.log(`${info.title}: ${JSON.stringify({ report, busyMs })}`);
  await info.attach("playback.json", {
    body: JSON.stringify({ report, busyMs, seen }, null, 1),
    contentType: "application/json",
  });

  for (const [index, { startMs, errors }] of viewers.entries()) {
    const samples = seen[index] ?? [];
    const last = samples.at(-1);
    expect(startMs, "from opening to moving pictures").toBeLessThanOrEqual(3_000);
    // With media in hand the machine was too busy to show it, which nobody should notice; without, the stream was late.
    const hasStarved = (last?.stalls ?? 0) > (last?.busyStalls ?? 0);
    expect(last?.stalledMs, "stood still, in all").toBeLessThanOrEqual(
      hasStarved ? Math.min(busyMs, BLINK_MS) : BLINK_MS,
    );
    // The first seconds are tune-in. A machine that stands still adds as much to all that is live, and no more than that is excused.
    const mostMs = latencyMs + Math.min(busyMs, BLINK_MS / 2);
    for (const each of samples.slice(5)) expect(each.latencyMs, "hls.latency").toBeLessThanOrEqual(mostMs);
    expect((last?.partLoads ?? 0) / (last?.loads ?? 1), "share of parts").toBeGreaterThan(0.95);
    expect(last?.positionMs, "played").toBeGreaterThan((samples[0]?.positionMs ?? 0) + observedMs - 2_000);
    if (glassMs !== undefined)
      expect(glass[index], "the picture's clock against the wall clock").toBeLessThanOrEqual(glassMs);
    expect(errors, "errors that the page did not foresee").toEqual([]);
  }
}

export async function playback(page: Page): Promise<Playback> {
  const stats = await page.evaluate(() => window.eddy?.stats?.());
  if (stats === undefined) throw new Error("the page plays nothing");
  return stats as unknown as Playback;
}

/** Looks at a playback once a second. Real time is what this measures: there is nothing to wait for but its passing. */
async function observe(page: Page, durationMs: number): Promise<Playback[]> {
  const seen: Playback[] = [];
  const end = Date.now() + durationMs;
  while (Date.now() < end) {
    seen.push(await playback(page));
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  seen.push(await playback(page));
  return seen;
}

/** The size at which the picture's clock is read; any would do. */
const PICTURE = { width: 640, height: 360 };

/** How far the pattern's own clock, read from the video's pixels, is behind the wall clock. */
async function glassToGlassMs(page: Page): Promise<number> {
  const { nowMs, shownMs } = await readClock(page);
  return nowMs - shownMs;
}

/**
 * Reads the pattern's clock from the picture that is shown, with the wall clock and the date that the player gives that picture
 * (0 where it gives none).
 */
export async function readClock(page: Page): Promise<{ nowMs: number; shownMs: number; datedMs: number }> {
  const { width, height } = PICTURE;
  const geometry = clockGeometry(width, height);
  // The rows of the clock alone, in grey: a whole picture takes seconds to pass to the test.
  const clock = { width, height, top: Math.floor(geometry.y), rows: Math.ceil(geometry.cellHeight) };
  const shot = await page.evaluate(({ width, height, top, rows }) => {
    const video = document.querySelector("video");
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    if (video === null || context === null) throw new Error("there is no picture to read");
    context.drawImage(video, 0, 0, width, height);
    const nowMs = Date.now();
    const { hls } = window as { hls?: { readonly playingDate: Date | null } };
    const datedMs = hls?.playingDate?.getTime() ?? 0;
    const { data } = context.getImageData(0, top, width, rows);
    // Letters, since not every driver passes all characters on; 64 greys are enough.
    const greys = Array.from({ length: width * rows }, (_, at) =>
      String.fromCharCode(48 + ((data[at * 4 + 1] ?? 0) >> 2)),
    );
    return { nowMs, datedMs, greys: greys.join("") };
  }, clock);
  const data = new Uint8Array(width * height * 4);
  for (let at = 0; at < shot.greys.length; at++) {
    data.fill((shot.greys.charCodeAt(at) - 48) << 2, (clock.top * width + at) * 4, (clock.top * width + at) * 4 + 3);
  }
  const shownMs = decodeClock({ width, height, data });
  if (shownMs === undefined) throw new Error("the picture shows no clock that can be read");
  return { nowMs: shot.nowMs, shownMs, datedMs: shot.datedMs };
}

/** Ends the Service Worker as the browser does when memory is short. */
export async function killWorker(page: Page): Promise<void> {
  const session: CDPSession = await page.context().newCDPSession(page);
  await session.send("ServiceWorker.enable");
  await session.send("ServiceWorker.stopAllWorkers");
  await session.detach();
}

/** Makes a file with ffmpeg. */
export function ffmpeg(args: readonly string[]): void {
  execFileSync(process.env.EDDY_FFMPEG ?? "ffmpeg", ["-hide_banner", "-loglevel", "error", "-y", ...args]);
}

/** Errors that the page did not foresee: a test that sees one fails, whatever else it looks at. */
export function collectErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
  return errors;
}

/** Moves by a key until `wanted` has the focus, as a person does who sees where it is. */
export async function tabTo(page: Page, wanted: Locator): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press("Tab");
    if (await wanted.evaluate((element) => element.matches(":focus, :focus-within"))) return;
  }
  throw new Error("the keyboard does not come there");
}

/** Resolves once the worker has the page, and every file of the application: it fetches them in order, the last ones some seconds after a first visit. */
export async function untilServed(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(async () => (await window.eddy?.relay.streams()) !== undefined)).toBe(true);
  await expect.poll(() => cachedUrls(page), { timeout: 30_000 }).toContain("/manifest.webmanifest");
}

/** Paths of all that the page's caches hold. */
export function cachedUrls(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const urls: string[] = [];
    for (const name of await caches.keys()) {
      for (const { url } of await (await caches.open(name)).keys()) urls.push(new URL(url).pathname);
    }
    return urls.sort();
  });
}
