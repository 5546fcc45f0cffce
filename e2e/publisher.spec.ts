import { expect, test } from "@playwright/test";
import { serveSignal } from "../src/node/signal-server.ts";
import { expectHandOver, expectSmooth, figures, OBSERVED_MS, open, tuneIn } from "./joined.ts";
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
    await tuneIn(page);
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

test("two tabs take one publisher's stream once, and the second goes on without a gap when the first closes", async ({
  browser,
}) => {
  test.setTimeout(90_000);
  await expectHandOver(browser, "peers");
});
