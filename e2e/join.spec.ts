import { expect, test } from "@playwright/test";
import { serveSignal } from "../src/node/signal-server.ts";
import { startFfmpegOrigin } from "./ffmpeg-origin.ts";
import { expectHandOver, expectSmooth, figures, OBSERVED_MS, open, tuneIn } from "./joined.ts";
import { streamStats } from "./support.ts";

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
      await tuneIn(page);
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
