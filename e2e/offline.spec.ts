import { readFile } from "node:fs/promises";
import { expect, type Page, test } from "@playwright/test";
import { notePictures, picturesOf } from "./pattern-frames.ts";
import { type Site, serveBuild } from "./site.ts";
import { cachedUrls, collectErrors, endStream, streamStats, untilServed } from "./support.ts";

const FRAME_MS = 1000 / 30;

let site: Site | undefined;
test.afterEach(() => {
  site?.close();
  site = undefined;
});

test("the application opens with its server gone, at every address, and says so in its own words", async ({
  context,
}) => {
  site = await serveBuild();
  const first = await context.newPage();
  await first.goto(site.url);
  await untilServed(first);
  await first.close();
  site.close();

  const page = await context.newPage();
  const errors = collectErrors(page);
  await page.goto(site.url);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Live video");
  await page.goto(`${site.url}/?watch=studio`);
  await expect(page.getByRole("heading", { level: 1, name: "studio" })).toBeVisible();
  await expect(page.locator(".watch")).toHaveAttribute("data-state", "absent");
  for (const view of ["library", "settings", "inspect", "watch"]) {
    await page.goto(`${site.url}/?${view}`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  }
  await page.goto(`${site.url}/?publish=studio&source=pattern`);
  await expect(page.locator(".publish")).toHaveAttribute("data-state", "live", { timeout: 20_000 });
  expect(errors).toEqual([]);
});

test("what stands under the relay's base is answered by the relay, never by the shell", async ({ context }) => {
  site = await serveBuild();
  const page = await context.newPage();
  await page.goto(site.url);
  await untilServed(page);
  site.close();
  const seen = await page.evaluate(async () => {
    const statusOf = async (path: string) => (await fetch(path)).status;
    return { missing: await statusOf("/live/nobody/main.m3u8"), stats: await statusOf("/live/stats.json") };
  });
  expect(seen).toEqual({ missing: 404, stats: 200 });
  expect((await cachedUrls(page)).filter((path) => path.startsWith("/live/"))).toEqual([]);
});

test("another version takes the place of the old one whole: its files are kept, and those it does not need are gone", async ({
  context,
}) => {
  site = await serveBuild();
  const port = Number(new URL(site.url).port);
  const first = await context.newPage();
  await first.goto(site.url);
  await untilServed(first);
  const before = await cachedUrls(first);
  expect(before).toContain("/index.html");
  await first.close();
  site.close();

  // The next version: another start page, and no icon for the home screen.
  const worker = await readFile("dist/sw.js", "utf8");
  const next = worker
    .replace(/(url:`\/index\.html`,revision:`)[0-9a-f]+/, "$1next")
    .replace(/\{url:`\/icon-512\.png`,revision:`[0-9a-f]+`\},/, "");
  expect(next.length).toBeLessThan(worker.length);
  const html = (await readFile("dist/index.html", "utf8")).replace("<title>", "<title>Next: ");
  site = await serveBuild({
    port,
    files: new Map([
      ["/sw.js", next],
      ["/index.html", html],
    ]),
  });
  const page = await context.newPage();
  await page.goto(site.url); // the old version still answers, and the page looks for a new one
  await expect
    .poll(() => cachedUrls(page), { timeout: 15_000 })
    .toEqual(before.filter((url) => url !== "/icon-512.png"));
  await expect(page.getByText("A new version of Eddy is ready.")).toBeVisible();
  site.close();
  await page.reload();
  await expect(page).toHaveTitle(/^Next: /);
});

test("with the network gone, all tabs closed and the browser started again, the whole window plays, every picture of it", async ({
  playwright,
}, info) => {
  test.setTimeout(120_000);
  const profile = info.outputPath("profile");
  const browser = () => playwright.chromium.launchPersistentContext(profile, info.project.use.launchOptions);
  site = await serveBuild();
  const address = `${site.url}/?watch=studio`;

  const before = await browser();
  const publisher = await before.newPage();
  await publisher.goto(`${site.url}/?publish=studio&source=pattern`);
  await untilServed(publisher);
  await expect
    .poll(async () => (await streamStats(publisher, "studio"))?.windowMs, { timeout: 40_000 })
    .toBeGreaterThan(10_000);
  await endStream(publisher);
  await expect.poll(async () => (await streamStats(publisher, "studio"))?.state).toBe("ended");
  const listed = await dvrPlaylist(publisher);
  await before.close();
  site.close();

  const after = await browser();
  try {
    const page = await after.newPage();
    const errors = collectErrors(page);
    await notePictures(page);
    await after.setOffline(true);
    await page.goto(address);
    await expect(page.getByText("Offline: playing what is stored.")).toBeVisible();
    await expect(page.locator(".watch")).toHaveAttribute("data-state", "over", { timeout: 30_000 });
    expect(await dvrPlaylist(page)).toEqual(listed);

    const pictures = await picturesOf(page);
    const clocks = pictures.map(({ clockMs }) => clockMs ?? Number.NaN);
    const durationMs = listed.durationsMs.reduce((sum, durationMs) => sum + durationMs, 0);
    expect(durationMs).toBeGreaterThan(10_000);
    expect(pictures[0]?.mediaMs, "from its first second").toBeLessThan(500);
    expect(pictures.at(-1)?.mediaMs, "to its last").toBeGreaterThan(durationMs - 500);
    const startMs = clocks[0] ?? Number.NaN;
    const drift = pictures.map(({ mediaMs }, index) => (clocks[index] ?? Number.NaN) - startMs - mediaMs);
    // A busy machine draws late; a part that is missing or stands in the wrong place is a third of a second.
    expect(Math.max(...drift) - Math.min(...drift), "the picture's clock beside that of the media").toBeLessThan(300);
    // What a busy machine decoded and did not show is no leap.
    const frames = pictures.map(({ decoded }) => decoded);
    const leaps = clocks.slice(1).map((clockMs, index) => {
      const passed = (frames[index + 1] ?? 0) - (frames[index] ?? 0);
      return clockMs - (clocks[index] ?? Number.NaN) - passed * FRAME_MS;
    });
    expect(Math.max(...leaps), "no picture's clock leaps").toBeLessThan(300);
    expect((frames.at(-1) ?? 0) * FRAME_MS, "pictures, from the first to the last").toBeGreaterThan(durationMs - 500);
    expect(errors).toEqual([]);
  } finally {
    await after.close();
  }
});

/** What the DVR window lists: durations and URIs, digit for digit. */
async function dvrPlaylist(page: Page): Promise<{ durationsMs: number[]; text: string }> {
  const text = await page.evaluate(async () => (await fetch("/live/studio/main/dvr.m3u8")).text());
  expect(text).toContain("#EXT-X-ENDLIST");
  return { durationsMs: [...text.matchAll(/#EXTINF:([\d.]+),/g)].map(([, seconds]) => 1000 * Number(seconds)), text };
}
