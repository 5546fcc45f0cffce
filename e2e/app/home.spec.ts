import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, type Page, test } from "@playwright/test";
import { look } from "../look.ts";
import { serveBuild } from "../site.ts";
import { collectErrors, streamStats } from "../support.ts";

/** What a first visit may load before its first picture, the player aside. */
const MOST_SCRIPT_BYTES = 150_000;
/** Two seconds on a machine of its own; this one is shared. */
const MOST_PICTURE_MS = 4_000;

const show = (page: Page) => page.getByRole("button", { name: "Show me a live stream" });
const made = (page: Page) => page.getByText("That was made, kept and served in this browser.");

async function untilShown(page: Page): Promise<number> {
  await show(page).click();
  await expect(made(page)).toBeVisible();
  return page.evaluate(() => Number(window.eddy?.stats?.().firstPictureMs));
}

test("on a first visit one click shows a live picture, soon and after little script", async ({ page }) => {
  const site = await serveBuild();
  try {
    const errors = collectErrors(page);
    await page.goto(site.url);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^(\S+ ){9}\S+$/);
    const firstPictureMs = await untilShown(page);
    const scripts = [...new Set(site.served)].filter((path) => path.endsWith(".js") && !/\/hls-/.test(path));
    const sizes = scripts.map((path) => ({ path, bytes: gzipSync(readFileSync(`dist${path}`)).length }));
    const scriptBytes = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
    console.log(`${test.info().title}: ${JSON.stringify({ firstPictureMs, scriptBytes, sizes })}`);
    expect(scripts.some((path) => path.endsWith("/sw.js"))).toBe(true);
    expect(scriptBytes).toBeLessThan(MOST_SCRIPT_BYTES);
    expect(firstPictureMs).toBeLessThan(MOST_PICTURE_MS);
    expect(await page.evaluate(() => document.querySelector("video")?.videoWidth)).toBeGreaterThan(0);
    // The rest follows once nobody waits for anything, and then it opens without a network.
    await expect
      .poll(
        () => page.evaluate(async () => (await caches.match("/index.html", { ignoreSearch: true })) !== undefined),
        {
          timeout: 30_000,
        },
      )
      .toBe(true);
    expect(errors).toEqual([]);
  } finally {
    site.close();
  }
});

test("the stream of the start page is one like any other: it plays in another tab, ends, and is kept", async ({
  page,
  context,
}, info) => {
  await page.goto("/");
  await show(page).waitFor();
  await look(page, info, "home-first");
  await untilShown(page);
  const other = context.waitForEvent("page");
  await page.getByRole("link", { name: "Watch it in another tab" }).click();
  const watching = await other;
  await expect(watching.locator(".watch")).toHaveAttribute("data-state", "playing");
  await watching.close();
  await look(page, info, "home-live");

  await page.getByRole("button", { name: "End the stream" }).click();
  await expect(page.getByRole("button", { name: "Show it again" })).toBeFocused();
  await expect.poll(async () => (await streamStats(page, "first-look"))?.state).toBe("ended");
  await expect(page.getByRole("link", { name: /^Open the library: 1 recording/ })).toBeVisible();
  await look(page, info, "home-kept");

  // The next click replaces it.
  await page.getByRole("button", { name: "Show it again" }).click();
  await expect(made(page)).toBeVisible();
  const names = await page.evaluate(async () => (await window.eddy?.relay.streams())?.map(({ name }) => name));
  expect(names).toEqual(["first-look"]);
});
