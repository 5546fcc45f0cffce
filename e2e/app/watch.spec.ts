import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { decodeClock } from "../../src/capture/pattern-clock.ts";
import { look } from "../look.ts";
import {
  collectErrors,
  endStream,
  playback,
  publish,
  readClock,
  streamStats,
  tabTo,
  untilServed,
  watch,
} from "../support.ts";

const FRAME_MS = 1000 / 30;

/** The clock in the picture over the bar, and the moment that picture is said to be of. */
async function thumbnailClock(
  page: Page,
): Promise<{ shownMs: number | undefined; pictureMs: number; pointedMs: number }> {
  const preview = page.locator(".seek-preview[data-pictured]");
  await expect(preview).toBeVisible();
  const seen = await preview.evaluate((element: HTMLElement) => {
    const canvas = element.querySelector("canvas");
    const image = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height);
    if (image === undefined) throw new Error("there is no picture over the bar");
    const { pictureMs, wallMs } = element.dataset;
    const { width, height, data } = image;
    return { width, height, data: Array.from(data), pictureMs: Number(pictureMs), pointedMs: Number(wallMs) };
  });
  return { shownMs: decodeClock(seen), pictureMs: seen.pictureMs, pointedMs: seen.pointedMs };
}

async function behindMs(page: Page): Promise<number> {
  const { latencyMs, targetLatencyMs } = await playback(page);
  return latencyMs - targetLatencyMs;
}

test.describe.configure({ mode: "serial" });

/** What the first tests watch, and what one can go back to in it grows with each. */
let studio: BrowserContext;
test.beforeAll(async ({ browser }) => {
  studio = await browser.newContext();
  await publish(studio, "studio");
});
test.afterAll(() => studio.close());

test("one watches, goes back, and comes to the live moment again, by the pointer and by the keyboard alone", async ({
  browserName: _,
}, info) => {
  const { page, errors } = await watch(studio, "studio");
  const bar = page.locator("media-time-range");
  await expect(bar).toBeVisible();
  await expect.poll(async () => (await playback(page)).windowMs, { timeout: 30_000 }).toBeGreaterThan(11_000);
  const live = page.locator(".live-button");
  await expect(live).toHaveText(/^Live\d\.\d s behind$/);
  const system = await page.evaluate(() => {
    const { playbackState, metadata } = navigator.mediaSession;
    return [playbackState, metadata?.title, document.querySelector("video")?.controls];
  });
  expect(system, "as the system is told; and the browser's own controls never stand in").toEqual([
    "playing",
    "studio",
    false,
  ]);
  await tabTo(page, live);
  await look(page, info, "watch-playing");

  // What is under the pointer: a picture of then, and the time.
  const box = await bar.boundingBox();
  if (box === null) throw new Error("the bar is nowhere");
  await page.mouse.move(box.x + 0.28 * box.width, box.y + box.height / 2);
  await page.mouse.move(box.x + 0.3 * box.width, box.y + box.height / 2);
  const seen = await thumbnailClock(page);
  expect(
    Math.abs((seen.shownMs ?? Number.NaN) - seen.pictureMs),
    "the picture is of the moment it is said to be of",
  ).toBeLessThan(300);
  expect(seen.pointedMs - seen.pictureMs, "of the segment under the pointer").toBeGreaterThanOrEqual(0);
  expect(seen.pointedMs - seen.pictureMs).toBeLessThan(4_000);
  await page.screenshot({ path: join(info.project.outputDir, "screens", "watch-thumbnail.png") });
  await page.mouse.click(box.x + 0.3 * box.width, box.y + box.height / 2);
  await expect.poll(async () => (await readClock(page)).shownMs - seen.pointedMs).toBeGreaterThan(-FRAME_MS * 8);
  await expect(page.getByText("Playing from further back.")).toBeVisible();
  await live.click();
  await expect(page.getByText("Playing live.")).toBeVisible();
  await page.mouse.move(0, 0);

  // Without a pointer.
  await page.locator("h1").focus();
  await page.keyboard.press("j");
  await expect.poll(() => behindMs(page)).toBeGreaterThan(5_000);
  await page.keyboard.press("Space");
  await expect(page.locator(".watch")).toHaveAttribute("data-state", "paused");
  await tabTo(page, bar);
  await expect(bar.locator("input")).toHaveAttribute("aria-valuetext", /^.*\d+:\d\d:\d\d.*, [\d.:]+( s)? behind$/);
  const before = (await playback(page)).positionMs;
  await page.keyboard.press("ArrowRight");
  await expect.poll(async () => (await playback(page)).positionMs - before).toBeGreaterThan(3_000);
  const atPlayhead = await thumbnailClock(page);
  expect(Math.abs((atPlayhead.shownMs ?? Number.NaN) - atPlayhead.pictureMs)).toBeLessThan(300);
  await page.keyboard.press("k");
  await page.keyboard.press("End");
  await expect.poll(() => behindMs(page)).toBeLessThan(2_000);
  expect(errors).toEqual([]);
  await page.close();
});

test("speed, quality and latency are chosen in a menu, by keys too, and the list of keys is a dialog", async ({
  browserName: _,
}, info) => {
  const { page, errors } = await watch(studio, "studio");
  const button = page.locator("media-settings-menu-button");
  const rate = () => page.evaluate(() => document.querySelector("video")?.playbackRate);
  const item = (name: string | RegExp) => page.getByRole("menuitemradio", { name });
  await tabTo(page, button);
  await page.keyboard.press("Enter");
  const speed = page.locator('[data-choice="speed"]');
  await expect(speed).toBeFocused();
  await expect(page.locator('[data-choice="quality"]')).toContainText("360p");
  await page.keyboard.press("Enter");
  await expect(item("Normal")).toHaveAttribute("aria-checked", "true");
  await look(page, info, "watch-menu");
  await item("0.5×").click();
  await expect.poll(rate).toBe(0.5);
  await page.keyboard.press("Escape");
  await expect(button).toBeFocused();
  await page.keyboard.press(">");
  await expect.poll(rate).toBe(0.75);
  await expect(page.getByText("Speed: 0.75×.")).toBeVisible();
  await page.keyboard.press(">");
  await expect.poll(rate).toBe(1);

  await button.click();
  await page.locator('[data-choice="latency"]').click();
  await item(/^Steady/).click();
  await expect.poll(async () => (await playback(page)).targetLatencyMs).toBe(4_000);
  await expect.poll(async () => Math.abs(await behindMs(page))).toBeLessThan(1_000);

  await page.keyboard.press("Escape");
  // Only then the keys are the player's again.
  await expect(button).toBeFocused();
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keyboard" });
  await expect(dialog).toBeVisible();
  await dialog.getByRole("checkbox").uncheck();
  await page.keyboard.press("Escape");
  await page.locator("h1").focus();
  await page.keyboard.press("k");
  await expect(page.locator(".watch")).toHaveAttribute("data-state", "playing");
  await page.getByRole("button", { name: "Keyboard" }).click();
  await dialog.getByRole("checkbox").check();
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("k");
  await expect(page.locator(".watch")).toHaveAttribute("data-state", "paused");
  expect(errors).toEqual([]);
  await page.close();
});

test("what is marked is measured, named and saved as a file that plays, by the keyboard alone", async ({
  browserName: _,
}, info) => {
  const { page, errors } = await watch(studio, "studio");
  await expect.poll(async () => (await playback(page)).windowMs, { timeout: 30_000 }).toBeGreaterThan(9_000);
  await page.keyboard.press("j");
  await page.keyboard.press("i");
  await expect(page.getByText(/^The clip begins at /)).toBeVisible();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("o");
  const panel = page.locator("#clip-panel");
  const status = panel.getByRole("status");
  await expect(status).toHaveText(/^\d\.\d\d s long, \d+ kB\.$/);
  const told = Number(/^([\d.]+)/.exec((await status.textContent()) ?? "")?.[1]);
  await expect(page.locator(".seek-marks")).toBeAttached();
  await tabTo(page, page.locator("media-play-button"));
  await look(page, info, "watch-clip");
  await tabTo(page, page.getByLabel("Name of the file"));
  await page.keyboard.type("Best moment: 1");
  const saving = page.waitForEvent("download");
  await tabTo(page, panel.getByRole("button", { name: "Download the clip" }));
  await page.keyboard.press("Enter");
  const download = await saving;
  expect(download.suggestedFilename()).toBe("Best moment- 1.mp4");
  await expect(panel.getByText("Best moment- 1.mp4 is downloaded.")).toBeVisible();

  const path = info.outputPath("clip.mp4");
  await download.saveAs(path);
  const ffprobe = (process.env.EDDY_FFMPEG ?? "ffmpeg").replace(/ffmpeg(?=[^/]*$)/, "ffprobe");
  const args = ["-v", "error", "-count_frames", "-select_streams", "v", "-of", "json"];
  const entries = ["-show_entries", "format=duration:stream=nb_read_frames", path];
  const { format, streams } = JSON.parse(execFileSync(ffprobe, [...args, ...entries], { encoding: "utf8" }));
  expect(told, "five seconds, in whole segments").toBeGreaterThanOrEqual(4);
  expect(told).toBeLessThan(10);
  expect(Math.abs(Number(format.duration) - told)).toBeLessThan(0.1);
  expect(Math.abs(Number(streams[0].nb_read_frames) * (FRAME_MS / 1000) - told)).toBeLessThan(0.1);

  // What is kept stays, and that is said.
  await page.getByRole("button", { name: "Keep this" }).click();
  await expect(page.getByText("It stays until you delete it in the library. Recording goes on.")).toBeVisible();
  expect((await streamStats(page, "studio"))?.kept?.pinned).toBe(true);
  expect((await streamStats(page, "studio"))?.state).toBe("live");
  expect(errors).toEqual([]);
  await page.close();
});

test("what is live and what waits stands in a list, and a name can be given", async ({ browserName: _ }, info) => {
  const page = await studio.newPage();
  await page.goto("/?watch");
  await expect(page.getByRole("link", { name: /studio/ }).first()).toBeVisible();
  await look(page, info, "watch-list");
  await page.getByLabel("Or by its name").fill("studio");
  await page.keyboard.press("Enter");
  await expect(page.locator(".watch")).toHaveAttribute("data-state", "playing");
});

test("nothing there, offline, and over: each says so", async ({ context }, info) => {
  const publisher = await publish(context, "studio");
  await expect.poll(async () => (await streamStats(publisher, "studio"))?.windowMs).toBeGreaterThan(3_000);
  await endStream(publisher);
  await expect.poll(async () => (await streamStats(publisher, "studio"))?.state).toBe("ended");
  await publisher.close();

  const page = await context.newPage();
  const errors = collectErrors(page);
  await page.goto("/?watch=nobody");
  await expect(page.getByText("nobody is not live yet")).toBeVisible();
  await look(page, info, "watch-absent");
  await untilServed(page);
  await context.setOffline(true);
  await page.goto("/?watch=studio");
  await expect(page.getByText("Offline: playing what is stored.")).toBeVisible();
  await page.keyboard.press("k");
  await expect(page.locator("media-time-range")).toBeVisible();
  await page.keyboard.press("k");
  await page.keyboard.press("End");
  await expect(page.locator(".watch")).toHaveAttribute("data-state", "over");
  await look(page, info, "watch-ended");
  await page.getByRole("button", { name: "Replay what is kept" }).click();
  await expect(page.getByText("Offline: playing what is stored.")).toBeVisible();
  await page.keyboard.press("<");
  await page.keyboard.press("<");
  await tabTo(page, page.locator("media-play-button"));
  await look(page, info, "watch-offline");
  expect(errors).toEqual([]);
});
