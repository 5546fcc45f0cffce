import { expect, test } from "@playwright/test";
import { serveSignal } from "../src/node/signal-server.ts";
import { startFfmpegOrigin } from "./ffmpeg-origin.ts";
import { expectHandOver, expectSmooth, figures, OBSERVED_MS, open } from "./joined.ts";
import { publish, streamStats } from "./support.ts";

test("another profile watches what a page publishes, over WebRTC and 2 s behind at most, by the link that the page shows", async ({
  browser,
}) => {
  test.setTimeout(90_000);
  const signal = await serveSignal();
  const publishing = await browser.newContext();
  const watching = await browser.newContext();
  try {
    const publisher = await publish(publishing, "studio", { peers: "on", signal: signal.url });
    const link = await publisher.locator("#watch-link").inputValue();
    const startedMs = Date.now();
    const { page, errors } = await open(watching, `${link}&peers=on`);
    const startMs = Date.now() - startedMs;
    await page.waitForTimeout(4_000);
    await expectSmooth(page, OBSERVED_MS);
    const seen = await figures(page);
    console.log(JSON.stringify({ startMs, sent: await figures(publisher) }));
    expect(seen).toMatchObject({ role: "leader", bytes: { origin: 0, page: 0 }, bans: [], refused: 0 });
    expect(seen?.parts.missed).toBe(0);
    expect((await streamStats(page, "studio"))?.sources).toMatchObject({ page: 0, origin: 0 });
    expect(errors).toEqual([]);
  } finally {
    await publishing.close();
    await watching.close();
    await signal.close();
  }
});

for (const peers of ["off", "on"] as const) {
  test(`an LL-HLS origin is watched through the relay, part by part, with peers ${peers} and nobody else there`, async ({
    browser,
  }) => {
    test.setTimeout(90_000);
    const origin = await startFfmpegOrigin();
    const signal = await serveSignal();
    const context = await browser.newContext();
    try {
      const search = new URLSearchParams({ watch: "studio", origin: origin.url, peers, signal: signal.url });
      if (peers === "on") search.set("integrity", "none");
      const { page, errors } = await open(context, `/?${search}`);
      await page.waitForTimeout(4_000);
      const count = origin.count();
      await expectSmooth(page, OBSERVED_MS);
      const served = count.stop();
      expect(Math.max(...served.copies.values()), "copies of a part").toBe(1);
      expect(await figures(page)).toMatchObject({ role: "leader", parts: { peer: 0, missed: 0 }, refused: 0 });
      expect((await streamStats(page, "studio"))?.sources).toMatchObject({ page: 0, peer: 0 });
      expect(errors).toEqual([]);
    } finally {
      await context.close();
      await origin.close();
      await signal.close();
    }
  });
}

test("two tabs take one origin once, and the second goes on without a gap when the first closes", async ({
  browser,
}) => {
  test.setTimeout(90_000);
  await expectHandOver(browser, "origin");
});
