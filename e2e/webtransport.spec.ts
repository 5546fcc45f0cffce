import { expect, test } from "@playwright/test";
import { startCarriageServer } from "./carriage-server.ts";
import { expectSmooth, figures, OBSERVED_MS, open, tuneIn } from "./joined.ts";
import { playback, publish } from "./support.ts";

const PORT = Number(process.env.EDDY_PORT ?? 4183) + 3_000;

test("a page publishes to a server of one's own over WebTransport, and another browser watches by it, also after a loss", async ({
  browser,
}) => {
  test.setTimeout(90_000);
  const server = startCarriageServer({ port: PORT });
  const publishing = await browser.newContext();
  const watching = await browser.newContext();
  try {
    const address = { server: `${server.url}studio`, certificate: server.certificateHash };
    const studio = await publish(publishing, "studio", address);
    const { page, errors } = await open(watching, await studio.locator("#watch-link").inputValue());
    await tuneIn(page);
    await expectSmooth(page, OBSERVED_MS);
    const before = await figures(page);
    expect(before).toMatchObject({
      relay: { state: "open", transport: "webtransport", version: "eddy-1", sessions: 1, refused: 0 },
      parts: { missed: 0, peer: 0 },
      refused: 0,
    });
    expect(server.room("studio")?.stats).toMatchObject({ publishing: true, viewers: 1, lost: 0 });

    server.disconnect();
    // Both connect again, and what was on its way comes once more: the player sees nothing of it.
    await expect.poll(async () => (await figures(page))?.relay?.sessions, { timeout: 10_000 }).toBe(2);
    await page.waitForTimeout(3_000);
    const after = await figures(page);
    expect(after).toMatchObject({ parts: { missed: 0 }, refused: 0 });
    expect(after?.parts.origin).toBeGreaterThan((before?.parts.origin ?? 0) + 5);
    expect((await playback(page)).latencyMs).toBeLessThan(3_500);
    expect(errors).toEqual([]);
  } finally {
    await publishing.close();
    await watching.close();
    await server.close();
  }
});
