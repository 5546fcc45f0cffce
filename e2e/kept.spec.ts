import { expect, test } from "@playwright/test";
import type { RelayStats } from "eddy-hls";
import { notePictures, picturesOf } from "./pattern-frames.ts";
import { collectErrors, endStream, killWorker, playback, publish, streamStats } from "./support.ts";

test("who opens a stream that has ended sees it from its start to its end", async ({ context }) => {
  const publisher = await publish(context, "studio");
  await expect.poll(async () => (await streamStats(publisher, "studio"))?.windowMs).toBeGreaterThan(6_000);
  await endStream(publisher);
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

test("by keyboard alone one pins, renames and deletes what is kept, and focus is never lost", async ({ context }) => {
  const publisher = await publish(context, "studio");
  await expect.poll(async () => (await streamStats(publisher, "studio"))?.kept?.sizeBytes ?? 0).toBeGreaterThan(0);
  await endStream(publisher);
  await expect.poll(async () => (await streamStats(publisher, "studio"))?.state).toBe("ended");
  await publisher.close();

  const page = await context.newPage();
  await page.goto("/?library");
  const row = page.locator(".kept > li");
  await expect(row).toHaveAttribute("data-state", "ended");
  const focused = page.locator(":focus");
  const kept = () => streamStats(page, "studio").then((stats) => stats?.kept);

  await row.getByRole("link", { name: "studio" }).focus();
  await page.keyboard.press("Tab");
  await expect(focused).toHaveAccessibleName("Pin studio");
  await page.keyboard.press("Space");
  await expect(focused).toHaveAttribute("aria-pressed", "true");
  await expect.poll(async () => (await kept())?.pinned).toBe(true);

  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(focused).toHaveAccessibleName("Title");
  await page.keyboard.type("Morning service");
  await page.keyboard.press("Enter");
  await expect(focused).toHaveAccessibleName("Rename Morning service");
  await expect(row.getByRole("link", { name: "Morning service" })).toBeVisible();

  // What a person decided outlives the worker.
  await killWorker(page);
  await page.reload();
  await expect.poll(kept).toMatchObject({ pinned: true, title: "Morning service" });

  await row.getByRole("button", { name: "Delete Morning service" }).focus();
  await page.keyboard.press("Enter");
  await expect(focused).toHaveText("Keep it");
  await page.keyboard.press("Escape");
  await expect(focused).toHaveAccessibleName("Delete Morning service");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(focused).toHaveText("Delete it");
  await page.keyboard.press("Enter");
  await expect(row).toHaveCount(0);
  await expect(focused).toHaveText("Library");
  expect(await page.evaluate(async () => window.eddy?.relay.streams())).toEqual([]);
});

test("the browser is asked to keep it safe, and its answer is said", async ({ context, baseURL }) => {
  const page = await context.newPage();
  await page.goto("/?library");
  const session = await context.newCDPSession(page);
  const { targetInfo } = await session.send("Target.getTargetInfo");
  const answerWith = (setting: "denied" | "granted") =>
    session.send("Browser.setPermission", {
      origin: baseURL ?? "",
      permission: { name: "persistent-storage" },
      setting,
      ...(targetInfo.browserContextId === undefined ? {} : { browserContextId: targetInfo.browserContextId }),
    });
  const button = page.getByRole("button", { name: "Keep it safe" });

  await answerWith("denied");
  await button.click();
  await expect(page.getByText("The browser has not agreed.")).toBeVisible();
  await answerWith("granted");
  await button.click();
  const promised = page.getByText("Safe: the browser has promised");
  await expect(promised).toBeFocused();
  await expect(button).toBeHidden();
  await page.reload();
  await expect(promised).toBeVisible();
});

test("that storage is full is told once, and not again on the next page", async ({ context }) => {
  const page = await context.newPage();
  const full = page.getByText("The storage is full");
  const open = async () => {
    await page.goto("/?library");
    await page.waitForFunction(() => window.eddy !== undefined);
    await page.evaluate((atMs) => {
      const relay = window.eddy?.relay;
      if (relay === undefined) throw new Error("the page has no relay");
      const stats = relay.stats.bind(relay) as () => Promise<RelayStats>;
      const trouble = { code: "store-full", message: "expected room, got none", atMs } as const;
      const told = async () => ({ ...(await stats()), storage: { sizeBytes: 1, quotaBytes: 2, trouble } });
      Object.assign(relay, { stats: told });
    }, Date.now());
  };
  await open();
  await expect(full).toBeVisible();
  await open();
  await expect(page.getByText("Nothing yet.")).toBeVisible();
  await page.evaluate(() => window.eddy?.relay.stats());
  await expect(full).toBeHidden();
});

test("a publisher's tab that is closed leaves a stream that waits: it plays what is kept, and goes on when it is back", async ({
  context,
}) => {
  const publisher = await publish(context, "studio");
  await expect.poll(async () => (await streamStats(publisher, "studio"))?.windowMs).toBeGreaterThan(4_000);
  await publisher.close();
  const page = await context.newPage();
  const errors = collectErrors(page);
  await page.goto("/?library");
  await expect(page.locator(".kept > li")).toHaveAttribute("data-state", "waiting", { timeout: 20_000 });
  await page.getByRole("link", { name: "studio" }).last().click();
  await expect(page.getByText("The publisher is away. Playing what is stored.")).toBeVisible();
  await expect.poll(async () => (await playback(page)).positionMs).toBeGreaterThan(0);

  await publish(context, "studio");
  await page.bringToFront();
  await expect(page.getByText("The publisher is away. Playing what is stored.")).toBeHidden({ timeout: 20_000 });
  // It may be there already: the less was kept, the sooner it has played to the live moment.
  await page.locator("video").focus();
  await page.keyboard.press("l");
  await expect(page.getByText("Playing live.")).toBeVisible({ timeout: 20_000 });
  const text = await page.evaluate(async () => (await fetch("/live/studio/main/dvr.m3u8")).text());
  expect(text.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(1);
  expect(errors).toEqual([]);
});
