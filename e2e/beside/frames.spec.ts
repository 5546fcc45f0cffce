import { type BrowserContext, expect, type Frame, type Page, test } from "@playwright/test";
import { launchKillable } from "../killable-browser.ts";
import { type BesideSite, pageFiles, serveBeside, under, workerFile } from "./beside-site.ts";

let site: BesideSite;

test.beforeAll(async () => {
  const framed = (attributes: string): string => `<!doctype html><title>Frames</title><iframe ${attributes}></iframe>`;
  const files = new Map([...under("/", await pageFiles()), ["/sw.js", await workerFile()]]);
  site = await serveBeside({
    files: new Map([
      ...files,
      ["/sandboxed.html", framed(`src="/" sandbox="allow-scripts" allow="autoplay"`)],
      ["/around.html", framed(`id="frame" allow="autoplay"`)],
    ]),
    // A frame that is sandboxed has an origin of its own, and modules are asked for across it.
    headers: () => ({ "access-control-allow-origin": "*" }),
  });
});

test.afterAll(() => site.close());

async function innerFrame(page: Page, source: string): Promise<Frame> {
  await page.locator("#frame").evaluate((element, url) => element.setAttribute("src", url), source);
  return loadedFrame(page);
}

async function loadedFrame(page: Page): Promise<Frame> {
  await expect
    .poll(() =>
      page
        .frames()[1]
        ?.evaluate(() => window.beside !== undefined)
        .catch(() => false),
    )
    .toBe(true);
  const [, frame] = page.frames();
  if (frame === undefined) throw new Error("there is no frame");
  return frame;
}

test("in a frame of the same origin plays what the origin's pages publish", async ({ page, context }) => {
  await page.goto(site.url);
  expect(await page.evaluate(() => window.beside.open({}))).toBe("open");
  expect(await page.evaluate(() => window.beside.publish("studio"))).toBe("live");
  const around = await context.newPage();
  await around.goto(`${site.url}/around.html`);
  const frame = await innerFrame(around, site.url);
  expect(await frame.evaluate(() => window.beside.open({}))).toBe("open");
  expect(await frame.evaluate(() => window.beside.streams())).toEqual(["studio live"]);
  expect(await frame.evaluate(() => window.beside.play("studio"))).toBeGreaterThan(0);
});

test("in a frame on another site there is a relay of its own: it works, and sees nothing of the first-party one", async () => {
  const info = test.info();
  const { args = [], executablePath } = info.project.use.launchOptions ?? {};
  // As people have it: what Playwright starts does not keep the storage of framed sites apart, and its contexts are private windows.
  const browser = await launchKillable(info.outputPath("profile"), args, executablePath);
  try {
    await framedElsewhere(browser.context);
  } finally {
    await browser.kill();
  }
});

async function framedElsewhere(context: BrowserContext): Promise<void> {
  const page = await context.newPage();
  await page.goto(site.url);
  expect(await page.evaluate(() => window.beside.open({}))).toBe("open");
  expect(await page.evaluate(() => window.beside.publish("studio"))).toBe("live");
  const around = await context.newPage();
  await around.goto(`${site.otherUrl}/around.html`);
  let frame = await innerFrame(around, site.url);
  expect(await frame.evaluate(() => window.beside.open({}))).toBe("open");
  expect(await frame.evaluate(() => window.beside.streams())).toEqual([]);
  expect(await frame.evaluate(() => window.beside.publish("framed"))).toBe("live");
  expect(await frame.evaluate(() => window.beside.play("framed"))).toBeGreaterThan(0);
  expect(await page.evaluate(() => window.beside.streams())).toEqual(["studio live"]);

  // What it keeps is there again when the same site frames it again.
  await expect.poll(() => frame.evaluate(() => window.beside.listed("framed"))).toBeGreaterThan(0);
  await frame.evaluate(() => window.beside.stop());
  await around.reload();
  frame = await innerFrame(around, site.url);
  expect(await frame.evaluate(() => window.beside.open({}))).toBe("open");
  expect(await frame.evaluate(() => window.beside.streams())).toEqual(["framed ended"]);
}

test("in a frame on another site, where the browser lets other sites store nothing, openRelay() fails with worker-unreachable", async ({
  page,
}) => {
  await page.goto(`${site.otherUrl}/around.html`);
  const frame = await innerFrame(page, site.url);
  expect(await frame.evaluate(() => window.beside.open({}))).toMatch(/^worker-unreachable: .*denied permission/);
});

test("in a sandboxed frame without an origin openRelay() says what is missing", async ({ page }) => {
  await page.goto(`${site.url}/sandboxed.html`);
  const frame = await loadedFrame(page);
  const outcome = await frame.evaluate(() => window.beside.open({}));
  expect(outcome).toMatch(/^unsupported-browser: .*allow-same-origin/);
});
