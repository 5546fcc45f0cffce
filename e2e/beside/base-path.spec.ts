import { expect, test } from "@playwright/test";
import { pageFiles, serveBeside, under, workerFile } from "./beside-site.ts";

const PATH = "/some/path/";
const BASE = `${PATH}live/`;

test("a site under a path has its worker, its scope and its streams there, and nothing at the root", async ({
  page,
}) => {
  const worker = await workerFile(BASE);
  const files = new Map([...under(PATH, await pageFiles()), [`${PATH}sw.js`, worker], ["/", "<p>root</p>"]]);
  const asked: string[] = [];
  const site = await serveBeside({
    files,
    headers: (path) => {
      // Browsers ask for that on their own.
      if (path !== "/favicon.ico") asked.push(path);
      return {};
    },
  });
  try {
    await page.goto(`${site.url}${PATH}`);
    const options = { worker: `${PATH}sw.js`, base: BASE };
    expect(await page.evaluate((relay) => window.beside.open(relay), options)).toBe("open");
    expect(await page.evaluate(() => window.beside.publish("studio"))).toBe("live");
    expect(await page.evaluate(() => window.beside.play("studio"))).toBeGreaterThan(0);
    const scopes = await page.evaluate(async () =>
      (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => new URL(scope).pathname),
    );
    expect(scopes).toEqual([PATH]);
    const databases = await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
    expect(databases).toContain(`eddy ${BASE}`);
    // Where another site of this origin would be, the worker answers nothing.
    expect(await page.evaluate(async () => (await fetch("/live/stats.json")).status)).toBe(404);
    expect(asked.filter((path) => !path.startsWith(PATH))).toEqual(["/live/stats.json"]);
  } finally {
    site.close();
  }
});

test("a page outside of the worker's scope is told so at once", async ({ page }) => {
  const files = new Map([...under("/", await pageFiles()), [`${PATH}sw.js`, await workerFile(BASE)]]);
  const site = await serveBeside({ files });
  try {
    await page.goto(`${site.url}/#part`);
    const begun = Date.now();
    const options = { worker: `${PATH}sw.js`, base: BASE };
    const outcome = await page.evaluate((relay) => window.beside.open(relay), options);
    expect(outcome).toBe(
      `page-not-controlled: expected a page under ${site.url}${PATH}, the worker's scope, got ${site.url}/`,
    );
    expect(Date.now() - begun).toBeLessThan(5_000);
  } finally {
    site.close();
  }
});
