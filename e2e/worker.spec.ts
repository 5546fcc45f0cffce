import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "@playwright/test";
import { killWorker, playback, publish, streamStats, watch } from "./support.ts";

test("the first load works without a reload: the worker takes the page under control", async ({ page }) => {
  await page.goto("/");
  await expect.poll(() => page.evaluate(async () => window.eddy?.relay.streams())).toEqual([]);
  const seen = await page.evaluate(async () => ({
    controlled: navigator.serviceWorker.controller !== null,
    status: (await fetch("/live/stats.json")).status,
    type: performance.getEntriesByType("navigation").map((entry) => (entry as PerformanceNavigationTiming).type),
  }));
  expect(seen).toEqual({ controlled: true, status: 200, type: ["navigate"] });
});

test("a hard reload, which goes past the worker, is taken under control again", async ({ page }) => {
  await page.goto("/");
  await expect.poll(() => page.evaluate(async () => window.eddy?.relay.streams())).toEqual([]);
  const session = await page.context().newCDPSession(page);
  const loaded = page.waitForEvent("load");
  await session.send("Page.reload", { ignoreCache: true });
  await loaded;
  await expect.poll(() => page.evaluate(async () => window.eddy?.relay.streams())).toEqual([]);
  expect(await page.evaluate(async () => (await fetch("/live/stats.json")).status)).toBe(200);
});

test("a worker that is killed loses nothing that players hold: same numbers, no discontinuity, and playback goes on", async ({
  context,
}) => {
  const publisher = await publish(context, "studio");
  const { page } = await watch(context, "studio");
  const playlist = () => page.evaluate(async () => (await fetch("/live/studio/main/media.m3u8")).text());
  const entries = (text: string) => new Map([...text.matchAll(/#EXTINF:(\S+),\n(\S+)/g)].map((m) => [m[2], m[1]]));
  await expect.poll(async () => entries(await playlist()).size, { timeout: 20_000 }).toBeGreaterThan(3);

  const before = entries(await playlist());
  await killWorker(page);
  await expect
    .poll(async () => (await streamStats(publisher, "studio"))?.renditionStats[0]?.segments)
    .toBeGreaterThan(0);
  const text = await playlist();
  const after = entries(text);
  expect(text).not.toContain("#EXT-X-DISCONTINUITY\n");
  const shared = [...after].filter(([uri]) => before.has(uri));
  expect(shared.length).toBeGreaterThan(0);
  for (const [uri, duration] of shared) expect(before.get(uri)).toBe(duration);

  const { positionMs } = await playback(page);
  await expect
    .poll(async () => (await playback(page)).positionMs, { timeout: 20_000 })
    .toBeGreaterThan(positionMs + 5_000);
});

test("what was live is there after the publishing tab and the worker have gone, and a part that was in the window answers", async ({
  context,
}) => {
  const publisher = await publish(context, "studio");
  const viewer = await context.newPage();
  await viewer.goto("/");
  const playlist = () => viewer.evaluate(async () => (await fetch("/live/studio/main/dvr.m3u8")).text());
  const segments = (text: string) => [...text.matchAll(/#EXTINF:\S+,\n(\S+)/g)].map(([, uri]) => uri ?? "");
  await expect.poll(async () => segments(await playlist()).length, { timeout: 20_000 }).toBeGreaterThan(3);
  const before = await playlist();
  await publisher.close();
  await killWorker(viewer);
  const after = await playlist();
  expect(segments(after).slice(0, 4)).toEqual(segments(before).slice(0, 4));
  expect(/#EXT-X-PROGRAM-DATE-TIME:\S+/.exec(after)?.[0]).toBe(/#EXT-X-PROGRAM-DATE-TIME:\S+/.exec(before)?.[0]);
  for (const uri of segments(after)) {
    const sizeBytes = await viewer.evaluate(
      async (path) => (await (await fetch(path)).arrayBuffer()).byteLength,
      `/live/studio/main/${uri}`,
    );
    expect(sizeBytes, uri).toBeGreaterThan(1_000);
  }
});

test("a page of another version is answered with version-mismatch, and nobody else notices", async ({ context }) => {
  const publisher = await publish(context, "studio");
  const answer = await publisher.evaluate(
    () =>
      new Promise((resolve) => {
        navigator.serviceWorker.addEventListener("message", ({ data }) => {
          if (data.re === "other") resolve(data.error.code);
        });
        navigator.serviceWorker.controller?.postMessage({ eddy: 99, id: "other", ask: { type: "hello" } });
      }),
  );
  expect(answer).toBe("version-mismatch");
  const stats = await streamStats(publisher, "studio");
  expect(stats?.state).toBe("live");
});

test("an update waits while a stream is live, and takes over when it has ended", async ({ context }) => {
  const publisher = await publish(context, "studio");
  const script = () => publisher.evaluate(() => navigator.serviceWorker.controller?.scriptURL ?? "");
  const waiting = () =>
    publisher.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.waiting?.scriptURL ?? "");
  await publisher.evaluate(() => navigator.serviceWorker.register("/sw.js?next"));
  await expect.poll(waiting).toContain("?next");

  const partsBefore = (await streamStats(publisher, "studio"))?.renditionStats[0]?.parts ?? 0;
  await expect
    .poll(async () => (await streamStats(publisher, "studio"))?.renditionStats[0]?.parts, { timeout: 15_000 })
    .toBeGreaterThan(partsBefore + 12);
  expect(await script()).not.toContain("?next");
  expect(await waiting()).toContain("?next");

  await publisher.getByRole("button", { name: /end/i }).click();
  await expect.poll(script, { timeout: 15_000 }).toContain("?next");
});

test("another site's classic worker can importScripts the relay, beside listeners of its own", async ({ page }) => {
  const library = await readFile("dist/eddy-worker.js", "utf8");
  const worker = `importScripts("/eddy-worker.js");
    EddyWorker.serveRelay(self, { base: "/live/" });
    addEventListener("fetch", (event) => {
      if (new URL(event.request.url).pathname === "/own") event.respondWith(new Response("own"));
    });`;
  const files: Record<string, [string, string]> = {
    "/": ["text/html", "<!doctype html><title>Another site</title>"],
    "/eddy-worker.js": ["text/javascript", library],
    "/worker.js": ["text/javascript", worker],
  };
  const server = createServer((request, response) => {
    const [type, body] = files[request.url ?? ""] ?? ["text/plain", ""];
    response.writeHead(body === "" ? 404 : 200, { "content-type": type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  try {
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    const answers = await page.evaluate(async () => {
      const controlled = new Promise((resolve) =>
        navigator.serviceWorker.addEventListener("controllerchange", resolve),
      );
      await navigator.serviceWorker.register("/worker.js");
      await controlled;
      const get = async (path: string) => (await fetch(path)).text();
      return { own: await get("/own"), stats: JSON.parse(await get("/live/stats.json")).streams };
    });
    expect(answers).toEqual({ own: "own", stats: [] });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
