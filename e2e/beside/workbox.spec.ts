import { expect, test } from "@playwright/test";
import { bundleWorker, codeIn, pageFiles, serveBeside, under } from "./beside-site.ts";

test("beside a Workbox worker: its precache and routes go on, the relay has its base, and both work without a network", async ({
  page,
  context,
}) => {
  const [source = ""] = await codeIn("docs/embedding.md", "A worker of its own", "ts");
  const files = await pageFiles();
  const shell = [...files.keys()].map((name) => ({ url: name === "index.html" ? "/" : `/${name}`, revision: "1" }));
  const worker = await bundleWorker(source, { "self.__WB_MANIFEST": JSON.stringify(shell) });
  const site = await serveBeside({
    files: new Map([...under("/", files), ["/sw.js", worker], ["/news.html", "<p>news</p>"]]),
  });
  const troubles: string[] = [];
  context.on("weberror", (error) => troubles.push(error.error().message));
  context.on("console", (message) => {
    if (message.type() === "error") troubles.push(message.text());
  });
  try {
    await page.goto(site.url);
    expect(await page.evaluate(() => window.beside.open({ worker: "/sw.js" }))).toBe("open");
    expect(await page.evaluate(() => window.beside.publish("studio"))).toBe("live");
    expect(await page.evaluate(() => window.beside.play("studio"))).toBeGreaterThan(0);

    // The site's own route answers, and what it keeps has nothing of the relay in it.
    expect(await page.evaluate(async () => (await fetch("/news.html")).text())).toContain("news");
    const kept = await page.evaluate(async () => {
      const urls: string[] = [];
      for (const name of await caches.keys())
        for (const { url } of await (await caches.open(name)).keys()) urls.push(new URL(url).pathname);
      return urls;
    });
    expect(kept).toContain("/news.html");
    expect(kept).toContain("/");
    expect(kept.filter((path) => path.startsWith("/live/"))).toEqual([]);

    await page.evaluate(() => window.beside.stop());
    site.close();
    await page.reload();
    expect(await page.evaluate(() => window.beside.open({ worker: "/sw.js" }))).toBe("open");
    expect(await page.evaluate(async () => (await fetch("/news.html")).text())).toContain("news");
    expect(await page.evaluate(() => window.beside.play("studio", "/live/studio/dvr.m3u8"))).toBeGreaterThan(0);
    expect(troubles.filter((text) => /respondWith|InvalidState/.test(text))).toEqual([]);
  } finally {
    site.close();
  }
});
