import { expect, test } from "@playwright/test";
import { collectErrors, playback, tabTo } from "../support.ts";

test("from the start page to a saved clip by the keyboard alone: publish, watch, rewind, clip", async ({
  page,
  context,
}) => {
  const errors = collectErrors(page);
  await page.goto("/");
  await tabTo(page, page.getByRole("link", { name: "Publish", exact: true }));
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("button", { name: "Go live" }));
  await page.keyboard.press("Enter");
  await expect(page.locator(".publish")).toHaveAttribute("data-state", "live", { timeout: 20_000 });

  const opened = context.waitForEvent("page");
  await tabTo(page, page.getByRole("link", { name: "Open it in a new tab" }));
  await page.keyboard.press("Enter");
  const viewer = await opened;
  const viewerErrors = collectErrors(viewer);
  await expect(viewer.locator(".watch")).toHaveAttribute("data-state", "playing", { timeout: 20_000 });
  await expect.poll(async () => (await playback(viewer)).windowMs, { timeout: 30_000 }).toBeGreaterThan(9_000);

  await viewer.keyboard.press("j");
  await expect(viewer.getByText("Playing from further back.")).toBeVisible();
  await viewer.keyboard.press("i");
  await viewer.keyboard.press("ArrowRight");
  await viewer.keyboard.press("o");
  const clip = viewer.locator("#clip-panel");
  await expect(clip.getByRole("status")).toHaveText(/^\d\.\d\d s long, \d+ kB\.$/);
  const saving = viewer.waitForEvent("download");
  await tabTo(viewer, clip.getByRole("button", { name: "Download the clip" }));
  await viewer.keyboard.press("Enter");
  expect((await saving).suggestedFilename()).toMatch(/\.mp4$/);
  await tabTo(viewer, viewer.locator(".live-button"));
  await viewer.keyboard.press("Enter");
  await expect(viewer.getByText("Playing live.")).toBeVisible({ timeout: 20_000 });
  expect([...errors, ...viewerErrors]).toEqual([]);
});
