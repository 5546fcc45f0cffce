import { expect, test } from "@playwright/test";
import { notePictures, picturesOf } from "./pattern-frames.ts";
import { collectErrors, playback, publish, streamStats } from "./support.ts";

test("who opens a stream that has ended sees it from its start to its end", async ({ context }) => {
  const publisher = await publish(context, "studio");
  await expect.poll(async () => (await streamStats(publisher, "studio"))?.windowMs).toBeGreaterThan(6_000);
  await publisher.getByRole("button", { name: "End the stream" }).click();
  await expect.poll(async () => (await streamStats(publisher, "studio"))?.state).toBe("ended");

  const page = await context.newPage();
  const errors = collectErrors(page);
  await notePictures(page);
  await page.goto("/?watch=studio");
  await expect(page.getByRole("status").filter({ hasText: "Playing the recording." })).toBeVisible();
  await expect(page.locator(".watch")).toHaveAttribute("data-state", "over", { timeout: 20_000 });
  const durationMs = await page.evaluate(() => 1000 * (document.querySelector("video")?.duration ?? 0));
  const pictures = await picturesOf(page);
  expect(pictures.filter(({ clockMs }) => clockMs === undefined)).toEqual([]);
  expect(pictures[0]?.mediaMs).toBeLessThan(500);
  expect(pictures.at(-1)?.mediaMs).toBeGreaterThan(durationMs - 500);
  expect(errors).toEqual([]);
});

test("one goes back and to the live moment by key, and a clip of it is a file of the stream's name", async ({
  context,
}) => {
  await publish(context, "studio");
  const page = await context.newPage();
  await page.goto("/?watch=studio");
  const video = page.locator("video");
  await expect(page.locator(".watch")).toHaveAttribute("data-state", "playing", { timeout: 15_000 });
  const behindMs = async () => {
    const { latencyMs, targetLatencyMs } = await playback(page);
    return latencyMs - targetLatencyMs;
  };
  await expect.poll(async () => (await playback(page)).windowMs, { timeout: 20_000 }).toBeGreaterThan(9_000);

  await video.focus();
  await page.keyboard.press("j");
  await expect.poll(behindMs).toBeGreaterThan(5_000);
  await expect(page.getByText("Playing from further back.")).toBeVisible();
  await page.keyboard.press("l");
  await expect.poll(behindMs).toBeLessThan(2_000);

  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: /download the last/i }).click();
  expect((await download).suggestedFilename()).toMatch(/^studio-.*\.mp4$/);
  await expect(page.locator(".watch")).toHaveAttribute("data-state", "playing");
});
