import { expect, type Page, test } from "@playwright/test";
import { KIT, serveKit } from "./kit-site.ts";
import { killWorker } from "./support.ts";
import { workerMemory } from "./worker-memory.ts";

const HOUR_MS = 3_600_000;
const WINDOW_MS = 4 * HOUR_MS;
/** The stream that it is held against. */
const SHORT_MS = 60_000;
const CLIP_SEGMENTS = 5;
const MOST_BYTES = 150_000_000;
/** What a person is promised, of opening and of seeking anywhere. */
const SEEK_MS = 1_000;
/** Ten pictures a second. */
const CLOCK_OFF_MS = 200;
/** Shares of the window, so that no two lie near each other. */
const SEEK_TO = [0.001, 0.75, 0.25, 0.999, 0.5, 0.1, 0.9] as const;

/** Publishes as much of the clip as lasts `durationMs`, dated so that it ends now. */
function publishFast(
  page: Page,
  name: string,
  durationMs: number,
): Promise<{ parts: number; tookMs: number; clipMs: number }> {
  return page.evaluate(
    async ([stream, lengthMs]) => {
      const { kit, clip, relay } = window;
      if (clip === undefined || relay === undefined) throw new Error("expected a clip and a relay");
      const startMs = performance.now();
      const rounds = Math.ceil(lengthMs / clip.durationMs);
      const publisher = await kit.publishClip(relay, stream, clip);
      await kit.publishRounds(publisher, clip, { from: 0, to: rounds, atOnce: 64, earlierMs: lengthMs });
      await publisher.end();
      return {
        parts: rounds * clip.parts.length,
        tookMs: Math.round(performance.now() - startMs),
        clipMs: clip.durationMs,
      };
    },
    [name, durationMs] as const,
  );
}

/** Opens the DVR window in a tab of its own, and seeks about in it. */
async function openAndSeek(
  page: Page,
  { name, windowMs, earlierMs, clipMs }: { name: string; windowMs: number; earlierMs: number; clipMs: number },
) {
  await page.reload();
  await page.evaluate(async () => void (await window.kit.openRelay()));
  const playlistMs = await page.evaluate(async (path) => {
    const startMs = performance.now();
    await (await fetch(path)).text();
    return performance.now() - startMs;
  }, `/live/${name}/main/dvr.m3u8`);
  const openMs = await page.evaluate((path) => window.kit.play(path, 0), `/live/${name}/dvr.m3u8`);
  const seeksMs: number[] = [];
  for (const share of SEEK_TO) {
    seeksMs.push(await page.evaluate((positionS) => window.kit.seek(positionS), (windowMs / 1000) * share));
    const { shownMs, datedMs } = await page.evaluate(() => window.kit.clock());
    if (shownMs === undefined) throw new Error("the picture shows no clock that can be read");
    // The clip shows the same times in each round, and is dated on.
    const laterMs = datedMs + earlierMs - shownMs;
    const offMs = laterMs - Math.round(laterMs / clipMs) * clipMs;
    expect(Math.abs(offMs), `the clock at ${share} of the window`).toBeLessThan(CLOCK_OFF_MS);
  }
  expect(await page.evaluate(() => window.kit.errors)).toEqual([]);
  return {
    playlistMs: Math.round(playlistMs),
    openMs: Math.round(openMs),
    seekMs: {
      p50: Math.round(seeksMs.sort((a, b) => a - b)[SEEK_TO.length >> 1] ?? 0),
      most: Math.round(Math.max(...seeksMs)),
    },
  };
}

test("four hours in the window cost the worker little memory, and are open and anywhere in them soon", async ({
  context,
  browser,
}) => {
  test.setTimeout(240_000);
  const site = await serveKit();
  try {
    const page = await context.newPage();
    await page.goto(site.url + KIT);
    await page.evaluate(async (segments) => {
      window.relay = await window.kit.openRelay();
      const small = { width: 160, height: 90, frameRate: 10, videoBitrate: 40_000, partTargetMs: 1_000 };
      window.clip = await window.kit.record(segments, small);
    }, CLIP_SEGMENTS);
    await publishFast(page, "short", SHORT_MS);
    // A little more than the window, which therefore moves.
    const made = await publishFast(page, "long", WINDOW_MS + SHORT_MS);
    const { sizeBytes, windowMs, segments } = await page.evaluate(async () => {
      const { renditionStats } = (await window.relay?.stats("long")) ?? { renditionStats: [] };
      const playlist = await (await fetch("/live/long/main/dvr.m3u8")).text();
      return {
        sizeBytes: playlist.length,
        segments: playlist.split("#EXTINF").length - 1,
        windowMs: renditionStats[0]?.dvrWindowMs ?? 0,
      };
    });
    const full = await workerMemory(browser, site.url);
    await killWorker(page);
    const viewer = await context.newPage();
    await viewer.goto(site.url + KIT);
    const short = await openAndSeek(viewer, {
      name: "short",
      windowMs: SHORT_MS,
      earlierMs: SHORT_MS,
      clipMs: made.clipMs,
    });
    await killWorker(page);
    const long = await openAndSeek(viewer, {
      name: "long",
      windowMs: WINDOW_MS,
      earlierMs: WINDOW_MS + SHORT_MS,
      clipMs: made.clipMs,
    });
    const restored = await workerMemory(browser, site.url);
    console.log(
      `four hours: ${JSON.stringify({ made, segments, playlistBytes: sizeBytes, full, restored, short, long })}`,
    );
    expect(windowMs).toBeGreaterThan(WINDOW_MS - 10_000);
    expect(windowMs).toBeLessThan(WINDOW_MS + 20_000);
    for (const memory of [full, restored]) expect(memory.heapBytes + memory.bufferBytes).toBeLessThan(MOST_BYTES);
    expect(long.openMs).toBeLessThan(SEEK_MS);
    expect(long.seekMs.most).toBeLessThan(SEEK_MS);
    expect(long.seekMs.p50, "seeking, against a window of a minute").toBeLessThan(short.seekMs.p50 * 4 + 250);
  } finally {
    site.close();
  }
});
