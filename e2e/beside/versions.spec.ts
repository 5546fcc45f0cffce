import { expect, test } from "@playwright/test";
import { otherPageFiles, otherWorkerFile, pageFiles, serveBeside, under, workerFile } from "./beside-site.ts";

test("two releases in one origin, each with its base, worker and database, do not disturb each other", async ({
  context,
}) => {
  const files = new Map([
    ...under("/v1/", await pageFiles()),
    ["/v1/sw.js", await workerFile("/v1/live/")],
    ...under("/v2/", await otherPageFiles()),
    ["/v2/sw.js", await otherWorkerFile("/v2/live/")],
  ]);
  const site = await serveBeside({ files });
  try {
    const pages = [];
    for (const version of ["v1", "v2"]) {
      const page = await context.newPage();
      await page.goto(`${site.url}/${version}/`);
      const options = { worker: `/${version}/sw.js`, base: `/${version}/live/` };
      expect(await page.evaluate((relay) => window.beside.open(relay), options), version).toBe("open");
      // The same name in both, which are two streams.
      expect(await page.evaluate(() => window.beside.publish("studio")), version).toBe("live");
      pages.push(page);
    }
    for (const page of pages) {
      expect(await page.evaluate(() => window.beside.play("studio"))).toBeGreaterThan(0);
      expect(await page.evaluate(() => window.beside.streams())).toEqual(["studio live"]);
    }
    const [one, two] = pages;
    if (one === undefined || two === undefined) throw new Error("expected two pages");
    const databases = await one.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name).sort());
    expect(databases).toEqual(["eddy /v1/live/", "eddy /v2/live/"]);

    // One removes its own, and the other's is there.
    await one.evaluate(() => window.beside.stop());
    expect(await one.evaluate(() => window.beside.remove("studio"))).toBe(true);
    expect(await one.evaluate(() => window.beside.streams())).toEqual([]);
    expect(await two.evaluate(() => window.beside.streams())).toEqual(["studio live"]);
    expect(await two.evaluate(async () => (await fetch("/v2/live/studio/main.m3u8")).status)).toBe(200);

    // A page of the second release that finds the worker of the first is told so.
    const stray = await context.newPage();
    await stray.goto(`${site.url}/v2/`);
    const wrong = { worker: "/v1/sw.js", base: "/v1/live/", scope: "/v1/" };
    expect(await stray.evaluate((relay) => window.beside.open(relay), wrong)).toMatch(/^page-not-controlled: /);
  } finally {
    site.close();
  }
});

test("a page of another version than its worker's is told so by openRelay(), and a page of the right one goes on", async ({
  context,
}) => {
  const files = new Map([
    ...under("/", await pageFiles()),
    ...under("/next/", await otherPageFiles()),
    ["/sw.js", await workerFile()],
  ]);
  const site = await serveBeside({ files });
  try {
    const page = await context.newPage();
    await page.goto(site.url);
    expect(await page.evaluate(() => window.beside.open({}))).toBe("open");
    expect(await page.evaluate(() => window.beside.publish("studio"))).toBe("live");
    const next = await context.newPage();
    await next.goto(`${site.url}/next/`);
    expect(await next.evaluate(() => window.beside.open({}))).toMatch(/^version-mismatch: .*reload/);
    expect(await page.evaluate(() => window.beside.play("studio"))).toBeGreaterThan(0);
    expect(await page.evaluate(() => window.beside.streams())).toEqual(["studio live"]);
  } finally {
    site.close();
  }
});
