import { expect, test } from "@playwright/test";
import { endStream, playback, publish, streamStats, watch } from "./support.ts";

const SILENT_MS = 8_000;

test("rule 58: while the producer is silent hls.js is answered in time, asks at a walking pace, and goes on when it is back", async ({
  context,
}) => {
  const publisher = await publish(context, "studio");
  const { page } = await watch(context, "studio");
  const rendition = async () => (await streamStats(page, "studio"))?.renditionStats[0];
  const expiredBefore = (await rendition())?.expired ?? 0;

  let asked = 0;
  const failed: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("dvr.m3u8")) asked += 1;
  });
  page.on("response", (response) => {
    if (response.url().includes("/live/") && response.status() >= 400)
      failed.push(`${response.status()} ${response.url()}`);
  });

  // A dialog stops the publishing page dead, as a busy or suspended one is: nothing of it runs until it is closed.
  const dialog = publisher.waitForEvent("dialog");
  const silence = publisher.evaluate(() => alert("silent"));
  const shown = await dialog;
  const startedAt = Date.now();
  await expect.poll(() => Date.now() - startedAt, { timeout: 30_000, intervals: [500] }).toBeGreaterThan(SILENT_MS);
  // Each blocked request ends at its deadline of 1.44 s (0.9 of what hls.js gives it), and none comes back at once.
  expect(asked, "playlist requests in the silence").toBeGreaterThan(2);
  expect(asked, "playlist requests in the silence").toBeLessThan(16);
  expect((await rendition())?.expired ?? 0).toBeGreaterThan(expiredBefore);
  expect((await rendition())?.waiting ?? 0).toBeLessThan(3);

  await shown.accept();
  await silence;
  const { positionMs } = await playback(page);
  await expect
    .poll(async () => (await playback(page)).positionMs, { timeout: 30_000 })
    .toBeGreaterThan(positionMs + 4_000);
  expect(failed, "requests that were refused").toEqual([]);

  await endStream(publisher);
  await expect.poll(async () => (await rendition())?.waiting).toBe(0);
  await expect.poll(async () => (await streamStats(page, "studio"))?.state).toBe("ended");
});
