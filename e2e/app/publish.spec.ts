import { mkdirSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";
import { look } from "../look.ts";
import { ffmpeg, streamStats, untilListed } from "../support.ts";

const publishState = (page: Page) => page.locator(".publish");
const stateIs = (page: Page, state: string) =>
  expect(publishState(page)).toHaveAttribute("data-state", state, { timeout: 20_000 });

test("the setup for each source", async ({ page, context }, info) => {
  await context.grantPermissions(["camera", "microphone"]);
  await page.goto("/?publish");
  await look(page, info, "publish-setup-pattern");
  await page.getByRole("radio", { name: "Camera" }).check();
  await expect(page.getByRole("meter", { name: /^Sound/ }).first()).toBeVisible();
  await look(page, info, "publish-setup-camera");
  await page.getByRole("radio", { name: "Screen" }).check();
  await look(page, info, "publish-setup-screen");
  await page.getByRole("radio", { name: "Files" }).check();
  await look(page, info, "publish-setup-no-file");
  mkdirSync(info.outputDir, { recursive: true });
  const paths = ["first.mp4", "second.mp4"].map((file) => info.outputPath(file));
  for (const path of paths)
    ffmpeg([
      "-f",
      "lavfi",
      "-i",
      "testsrc2=size=640x360:rate=30",
      "-t",
      "3",
      "-c:v",
      "libx264",
      "-preset",
      "veryfast",
      "-pix_fmt",
      "yuv420p",
      path,
    ]);
  await page.setInputFiles("#file", paths);
  await expect(page.getByRole("listitem")).toHaveCount(2);
  await look(page, info, "publish-setup-files");
});

test("a stream from going live to its summary", async ({ page }, info) => {
  await page.goto("/?publish=studio&source=pattern&peers=on");
  await stateIs(page, "live");
  await untilListed(page, "studio");
  await look(page, info, "publish-live");
  await page.getByRole("button", { name: "Share" }).click();
  await expect(page.getByRole("img", { name: "QR code" })).toBeVisible();
  await look(page, info, "publish-share");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Keys" }).click();
  await look(page, info, "publish-keys");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Switch source" }).click();
  await look(page, info, "publish-switch");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "End the stream" }).click();
  await expect(page.getByRole("dialog")).toContainText("recording");
  await look(page, info, "publish-end");
  await page.getByRole("button", { name: "End now" }).click();
  await stateIs(page, "over");
  await look(page, info, "publish-over");
  expect((await streamStats(page, "studio"))?.state).toBe("ended");
});
