import { mkdirSync } from "node:fs";
import { test as base, expect, type Page, type TestInfo } from "@playwright/test";
import { look } from "../look.ts";
import { collectErrors, ffmpeg, playback, streamStats, untilListed, watch } from "../support.ts";

/** A browser that answers its own questions: whether a camera may be used, and which screen is shared. */
const test = base.extend<object, { launchOptions: object }>({
  launchOptions: [
    async ({ browserName: _ }, use, { project }) => {
      const { args = [], ...options } = project.use.launchOptions ?? {};
      await use({ ...options, args: [...args, "--use-fake-ui-for-media-stream"] });
    },
    { scope: "worker" },
  ],
});

const stateIs = (page: Page, state: string) =>
  expect(page.locator(".publish")).toHaveAttribute("data-state", state, { timeout: 20_000 });
const press = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).click();
const figure = (page: Page, key: string) => page.locator(`[data-figure="${key}"]`);
const loudest = (page: Page) =>
  page
    .getByRole("meter")
    .evaluateAll((meters) => Math.max(...meters.map((meter) => Number(meter.getAttribute("aria-valuenow")))));

/** Short films of different sizes. */
function films(info: TestInfo, names: readonly string[]): string[] {
  mkdirSync(info.outputDir, { recursive: true });
  return names.map((name, index) => {
    const path = info.outputPath(name);
    const picture = `testsrc2=size=${index === 0 ? "640x360" : "480x360"}:rate=30`;
    const x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-pix_fmt", "yuv420p"];
    ffmpeg(["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=440", "-t", "3", ...x264, "-c:a", "aac", path]);
    return path;
  });
}

async function goLive(page: Page, name: string): Promise<void> {
  await press(page, "Go live");
  await stateIs(page, "live");
  await untilListed(page, name);
}

test("each source is set up, and shown before it goes live", async ({ page }, info) => {
  await page.goto("/?publish");
  await expect(page.locator("#quality-note")).toContainText("Measured:");
  await look(page, info, "publish-setup-pattern");

  await page.getByRole("radio", { name: "Camera" }).check();
  await expect.poll(() => loudest(page), "the beep of the fake microphone").toBeGreaterThan(-40);
  await expect(page.getByLabel("Camera", { exact: true }).getByRole("option")).not.toHaveCount(1);
  await look(page, info, "publish-setup-camera");

  await page.getByRole("radio", { name: "Screen" }).check();
  await expect(page.getByRole("meter")).toHaveCount(0);
  await press(page, "Choose what to share");
  await expect(page.getByLabel("Preview: Screen")).toBeVisible();
  await look(page, info, "publish-setup-screen");

  await page.getByRole("radio", { name: "Files" }).check();
  await page.setInputFiles("#file", films(info, ["first.mp4", "second.mp4"]));
  await expect(page.getByRole("listitem")).toHaveCount(2);
  await press(page, "Play second.mp4 earlier");
  await expect(page.getByRole("listitem").first()).toContainText("second.mp4");
  await page.getByLabel("Let others watch").check();
  await page.getByLabel("Send it to a relay").check();
  await look(page, info, "publish-setup-files");
});

test("a stream from its camera to its summary: shared, muted, paused, switched, ended", async ({
  page,
  context,
}, info) => {
  test.setTimeout(120_000);
  const errors = collectErrors(page);
  await page.goto("/?publish=studio&source=screen&peers=on");
  await page.getByRole("radio", { name: "Camera" }).check();
  await expect(page.getByLabel("Preview: Camera")).toBeVisible();
  await goLive(page, "studio");
  await expect(page.getByRole("heading", { name: "studio" })).toBeFocused();
  await expect(page.locator(".site-header a").first()).toHaveAttribute("target", "_blank");
  await expect.poll(() => loudest(page)).toBeGreaterThan(-40);
  await look(page, info, "publish-live");

  await press(page, "Mute");
  await expect(page.getByText("Muted", { exact: true })).toBeVisible();
  await expect.poll(() => loudest(page), "silence").toBe(-60);
  await press(page, "Pause");
  await expect(page.getByText("Viewers see a still picture that says so, and hear nothing.")).toBeVisible();
  await look(page, info, "publish-paused");
  await press(page, "Go on");
  await press(page, "Unmute");
  await expect.poll(() => loudest(page), "sound again").toBeGreaterThan(-40);

  const viewer = await watch(context, "studio");
  await press(page, "Switch source");
  await page.getByRole("radio", { name: "Test pattern" }).check();
  await look(page, info, "publish-switch");
  await press(page, "Put it on the air");
  await expect(figure(page, "source")).toHaveText("Test pattern");
  const { positionMs } = await playback(viewer.page);
  await expect.poll(async () => (await playback(viewer.page)).positionMs).toBeGreaterThan(positionMs + 3_000);
  await viewer.page.close();

  await press(page, "Share");
  await expect(page.getByRole("img", { name: "QR code" })).toBeVisible();
  await look(page, info, "publish-share");
  await press(page, "Close");

  await press(page, "End the stream");
  await expect(page.getByRole("dialog")).toContainText("The recording stays");
  await look(page, info, "publish-end");
  await page.keyboard.press("Escape");
  await stateIs(page, "live");
  await press(page, "End the stream");
  await press(page, "End now");
  await stateIs(page, "over");
  await expect(page.getByRole("heading", { name: "“studio” has ended" })).toBeFocused();
  await look(page, info, "publish-over");
  expect((await streamStats(page, "studio"))?.state).toBe("ended");
  await expect(page.getByRole("link", { name: "Watch the recording" })).toBeVisible();
  await press(page, "Go live again");
  await expect(page.getByRole("button", { name: "Go live" })).toBeFocused();
  await expect(page.getByLabel("Name")).toHaveValue("studio-2");
  expect(errors).toEqual([]);
});

test("several files play one after the other, in several sizes", async ({ page }, info) => {
  await page.goto("/?publish=films&source=file");
  await page.setInputFiles("#file", films(info, ["first.mp4", "second.mp4"]));
  await page.getByLabel("Sizes").selectOption({ index: 1 });
  await goLive(page, "films");
  await expect(page.getByText("Playing first.mp4, 1 of 2.")).toBeVisible();
  await press(page, "Next file");
  await expect(page.getByText("Playing second.mp4, 2 of 2.")).toBeVisible();
  const stats = await streamStats(page, "films");
  expect(stats?.renditionStats.length).toBe(3);
});

test("all of it by the keyboard alone", async ({ page }, info) => {
  const { keyboard } = page;
  await page.goto("/?publish");
  await page.getByRole("radio", { name: "Test pattern" }).focus();
  await keyboard.press("ArrowRight");
  await expect(page.getByRole("radio", { name: "Camera" })).toBeFocused();
  await keyboard.press("ArrowLeft");
  // Enter in any field of the form goes live.
  await keyboard.press("Enter");
  await stateIs(page, "live");
  await untilListed(page, "studio");
  await keyboard.press("m");
  await expect(page.getByRole("button", { name: "Unmute" })).toBeVisible();
  await expect(page.getByRole("status").filter({ hasText: "Muted: viewers hear nothing." })).toBeAttached();
  await keyboard.press("p");
  await expect(page.getByRole("button", { name: "Go on" })).toBeVisible();
  await keyboard.press("p");
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  await keyboard.press("?");
  await expect(page.getByRole("dialog")).toContainText("Keys while live");
  await look(page, info, "publish-keys");
  // Under an open dialog, keys are not the stream's.
  await keyboard.press("m");
  await keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page.getByRole("button", { name: "Unmute" })).toBeVisible();
  await keyboard.press("e");
  await expect(page.getByRole("button", { name: "Stay live" })).toBeFocused();
  await keyboard.press("Shift+Tab");
  await keyboard.press("Enter");
  await stateIs(page, "over");
});
