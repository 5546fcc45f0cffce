import { expect, test } from "@playwright/test";
import { type BesideSite, codeIn, pageFiles, serveBeside, under, workerFile } from "./beside-site.ts";

/** With the headers of the documentation on the page and on what `also` says. */
async function isolatedSite(also: (path: string) => boolean): Promise<BesideSite> {
  const [block = ""] = await codeIn("docs/embedding.md", "Cross-origin isolation", "http");
  const headers = Object.fromEntries(
    block
      .trim()
      .split("\n")
      .map((line) => line.split(": ")),
  );
  expect(Object.keys(headers)).toHaveLength(2);
  const files = new Map([...under("/", await pageFiles()), ["/sw.js", await workerFile()]]);
  return serveBeside({ files, headers: (path) => (path === "/" || also(path) ? headers : {}) });
}

test("a cross-origin isolated page publishes and plays; the Service Worker's script needs no header", async ({
  page,
}) => {
  const site = await isolatedSite((path) => path.includes("capture-worker"));
  try {
    await page.goto(site.url);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(await page.evaluate(() => window.beside.open({}))).toBe("open");
    expect(await page.evaluate(() => window.beside.publish("studio"))).toBe("live");
    expect(await page.evaluate(() => window.beside.play("studio"))).toBeGreaterThan(0);
    const answered = await page.evaluate(async () => {
      const response = await fetch("/live/studio/main.m3u8");
      return [response.status, response.headers.get("cross-origin-resource-policy")];
    });
    expect(answered).toEqual([200, null]);
  } finally {
    site.close();
  }
});

test("without its header the capture worker of an isolated page cannot be loaded, and startCapture() says so", async ({
  page,
}) => {
  const site = await isolatedSite(() => false);
  try {
    await page.goto(site.url);
    expect(await page.evaluate(() => window.beside.open({}))).toBe("open");
    expect(await page.evaluate(() => window.beside.publish("studio"))).toMatch(/^internal: the capture worker failed/);
  } finally {
    site.close();
  }
});
