import { readFile } from "node:fs/promises";
import { expect, type Page, test } from "@playwright/test";
import { type Site, serveBuild } from "./site.ts";
import { collectErrors } from "./support.ts";

/** Resolves once the worker has the page, and with it every file of the application. */
async function untilServed(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(async () => window.eddy?.relay.streams())).toEqual([]);
}

function cachedUrls(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const urls: string[] = [];
    for (const name of await caches.keys()) {
      for (const { url } of await (await caches.open(name)).keys()) urls.push(new URL(url).pathname);
    }
    return urls.sort();
  });
}

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
  site.close();
  await page.reload();
  await expect(page).toHaveTitle(/^Next: /);
});
