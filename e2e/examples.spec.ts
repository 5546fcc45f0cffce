import { readFileSync } from "node:fs";
import { type Browser, type BrowserContext, expect, type Page, test } from "@playwright/test";
import type { RelayStats } from "eddy-hls";
import { type ExamplesApp, serveExamples } from "./examples-app.ts";
import { startFfmpegOrigin } from "./ffmpeg-origin.ts";
import { startSigner } from "./origin-signer.ts";
import { killWorker } from "./support.ts";

/** Packing, installing and building, which no page waits for. */
const SETUP_MS = 180_000;
/** Shaka Player looks into the middle one of what is listed, and fails where that is the segment that still grows. */
const LISTED_FIRST = 4;
/** What is promised of an example: so many lines, empty ones aside. */
const MOST_LINES: Readonly<Record<string, number>> = {
  "peer-assisted/main.ts": 15,
  "canvas/main.ts": 15,
  "offline-dvr/main.ts": 10,
};

// The later ones play what the first one publishes.
test.describe.configure({ mode: "serial" });

let app: ExamplesApp;
let browserOfAll: Browser;
let home: BrowserContext;
let canvas: Page;
const errors: string[] = [];

test.beforeAll(async ({ browser }) => {
  test.setTimeout(SETUP_MS);
  app = await serveExamples();
  browserOfAll = browser;
  home = await visitor();
});

test.afterAll(async () => {
  await home?.close();
  await app?.close();
});

test.afterEach(() => {
  expect(errors.splice(0), "errors that the pages did not foresee").toEqual([]);
});

test("the examples have the lines that their README says", () => {
  const rows = [...readFileSync("examples/README.md", "utf8").matchAll(/\| \[[^\]]*\]\(([^)]*)\) \| (\d+) \|/g)];
  const said = Object.fromEntries(rows.map(([, file = "", lines]) => [file, Number(lines)]));
  const counted = Object.keys(said).map((file) => {
    const text = readFileSync(`examples/${file}`, "utf8");
    return [file, text.split("\n").filter((line) => line.trim() !== "").length];
  });
  expect(Object.fromEntries(counted)).toEqual(said);
  for (const [file, most] of Object.entries(MOST_LINES)) expect(said[file], file).toBeLessThanOrEqual(most);
});

test("a canvas is published, and hls.js plays it in another tab", async () => {
  canvas = await open(home, "canvas/");
  await expect.poll(() => listed(canvas), { timeout: 20_000 }).toBeGreaterThanOrEqual(1);
  const page = await open(home, "hls-js/");
  await expectCanvas(page);
  await page.close();
});

test("video.js plays it", async () => {
  const page = await open(home, "video-js/");
  await expectCanvas(page);
  await page.close();
});

test("a React component plays it, in strict mode, and is unmounted and mounted again", async () => {
  const page = await open(home, "react/");
  await expectCanvas(page);
  await page.getByRole("button", { name: "Close" }).click();
  await expect(page.locator("video")).toHaveCount(0);
  await page.getByRole("button", { name: "Watch" }).click();
  await expectCanvas(page);
  await expect(page.getByRole("status")).toBeEmpty();
  await page.close();
});

test("Shaka Player plays it", async () => {
  await expect.poll(() => listed(canvas), { timeout: 20_000 }).toBeGreaterThanOrEqual(LISTED_FIRST);
  const page = await open(home, "shaka/");
  await expectCanvas(page);
  await page.close();
});

test("a page without a bundler publishes and plays, with a classic worker", async () => {
  const visit = await visitor();
  const page = await open(visit, "script/");
  await frames(page, 30);
  const [first, second] = await colours(page);
  expect(first).toBeDefined();
  expect(second).toBeDefined();
  await visit.close();
});

test("two viewers of an LL-HLS origin that exists pass it to each other", async () => {
  const origin = await startFfmpegOrigin();
  const signer = await startSigner(origin.url);
  const visits = [await visitor(), await visitor()];
  try {
    const link = new URLSearchParams({ origin: origin.url, headers: signer.url, key: signer.fingerprint });
    const pages: Page[] = [];
    for (const visit of visits) {
      const page = await open(visit, `peer-assisted/?${link}`);
      await frames(page, 30);
      pages.push(page);
    }
    const fromPeers = (): Promise<readonly number[]> => Promise.all(pages.map(bytesFromPeers));
    await expect.poll(async () => Math.max(...(await fromPeers())), { timeout: 20_000 }).toBeGreaterThan(100_000);
    console.log(`from peers, in bytes: ${(await fromPeers()).join(", ")}`);
  } finally {
    for (const visit of visits) await visit.close();
    await signer.close();
    await origin.close();
  }
});

test("what was live is played from its start without a network, after the end of publisher and worker", async () => {
  const page = await open(home, "offline-dvr/");
  await expectCanvas(page);
  await canvas.locator("canvas").click();
  await expect.poll(() => playlist(canvas)).toContain("#EXT-X-ENDLIST");
  await canvas.close();
  await app.down();
  await killWorker(page);
  await page.reload();
  await expect(page.evaluate(() => fetch("/hls-js/?not-seen-yet"))).rejects.toThrow("Failed to fetch");
  await expectCanvas(page);
  const { startS, durationS } = await page.evaluate(() => {
    const video = document.querySelector("video");
    return { startS: video?.played.start(0), durationS: video?.duration ?? 0 };
  });
  expect(startS, "played from").toBeLessThan(0.5);
  expect(durationS, "kept, in s").toBeGreaterThan(6);
  await page.close();
});

/** A browser of its own. */
async function visitor(): Promise<BrowserContext> {
  const context = await browserOfAll.newContext({ baseURL: app.url });
  context.on("weberror", (error) => errors.push(error.error().stack ?? error.error().message));
  return context;
}

async function open(context: BrowserContext, example: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(example);
  return page;
}

function playlist(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const path = /main\/media\.m3u8/.exec(await (await fetch("/live/studio/main.m3u8")).text());
    return path === null ? "" : await (await fetch(`/live/studio/${path[0]}`)).text();
  });
}

/** As the relay of this viewer's browser tells. */
function bytesFromPeers(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const stats: RelayStats = await (await fetch("/live/stats.json")).json();
    return stats.streams.reduce((sum, { sources }) => sum + sources.peer, 0);
  });
}

/** Closed segments that a player finds. */
async function listed(page: Page): Promise<number> {
  return (await playlist(page)).match(/^#EXTINF/gm)?.length ?? 0;
}

/** Resolves once the video has shown so many pictures. */
async function frames(page: Page, count: number): Promise<void> {
  await page.waitForFunction(
    (most) => (document.querySelector("video")?.getVideoPlaybackQuality().totalVideoFrames ?? 0) >= most,
    count,
    { timeout: 20_000 },
  );
}

/** Two colours of the picture, half a second of playback apart. */
async function colours(page: Page): Promise<readonly [string, string]> {
  await frames(page, 6);
  return await page.evaluate(async () => {
    const video = document.querySelector("video");
    const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    if (video === null || context === null) throw new Error("there is no picture");
    const colour = (): string => {
      context.drawImage(video, 0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data.subarray(0, 3)].join();
    };
    const fromS = video.currentTime;
    const first = colour();
    while (video.currentTime < fromS + 0.5) await new Promise((done) => setTimeout(done, 50));
    return [first, colour()];
  });
}

/** Its picture is that of the canvas, whose strong colour goes round. */
async function expectCanvas(page: Page): Promise<void> {
  const [first, second] = await colours(page);
  expect(second, "the picture moves").not.toBe(first);
  const parts = first.split(",").map(Number);
  expect(Math.max(...parts) - Math.min(...parts), `difference of the channels of ${first}`).toBeGreaterThan(100);
}
