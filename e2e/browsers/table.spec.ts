import { type Browser, expect, type Page, test } from "@playwright/test";
import { startCarriageServer } from "../carriage-server.ts";
import { figures } from "../joined.ts";
import { startRelayProcess } from "../moq-relay.ts";
import { publish, streamStats, untilServed } from "../support.ts";
import { asPage, seconds, stateOf, untilMoving } from "./acts.ts";
import { CANDIDATES, openOrSkip, REPORTS } from "./candidates.ts";
import { Measured, type Row } from "./measured.ts";
import type { DrivenBrowser, Tab } from "./tab.ts";

const PORT = Number(process.env.EDDY_PORT ?? 4183) + 3_500;

// @moq/net tells each stream's end on the console of the relay in this process.
for (const level of ["debug", "error"] as const) console[level] = () => undefined;

/** What a tab says to a person, as far as the table wants it. */
const sentences = (tab: Tab): Promise<string> =>
  tab.evaluate(() => {
    const shown = document.querySelector("[role=alert], .notice, .message, main");
    return (shown as HTMLElement | null)?.innerText.replace(/\s+/g, " ").slice(0, 200) ?? "";
  });

/** Publishes from Chromium, and resolves with the link that it shows. */
async function linkOf(browser: Browser, query: Record<string, string>): Promise<{ page: Page; link: string }> {
  const context = await browser.newContext();
  const page = await publish(context, "studio", query);
  return { page, link: await page.locator("#watch-link").inputValue() };
}

// Only for the table: what these rows rest on is tested in Chromium, and takes its time.
for (const candidate of REPORTS === undefined ? [] : CANDIDATES) {
  test.describe(`${candidate.name}, for the table`, () => {
    let driven: DrivenBrowser;
    let measured: Measured;
    test.beforeAll(async ({ baseURL }) => {
      driven = await openOrSkip(candidate);
      measured = new Measured(`${candidate.name}-more`, driven.version);
      await driven.firstVisit(async (tab) => {
        await tab.goto(`${baseURL}/?settings`);
        await untilServed(asPage(tab));
      });
    });
    test.afterAll(async () => {
      await driven?.close();
      if (REPORTS !== undefined) measured?.write(REPORTS);
    });

    for (const source of ["camera", "screen"] as const) {
      test(`${source}: goes live, or says why it does not`, async ({ baseURL }) => {
        const tab = await driven.newTab();
        await tab.goto(`${baseURL}/?publish=${source}-1&source=${source}`);
        const live = async (): Promise<boolean> => (await stateOf(tab, "publish")) === "live";
        const said = async (): Promise<string> =>
          tab.evaluate(() => document.querySelector<HTMLElement>(".publish")?.innerText.replace(/\s+/g, " ") ?? "");
        await expect
          .poll(live, { timeout: 8_000 })
          .toBe(true)
          .catch(() => undefined);
        if (await live()) measured.set(source, "goes live");
        else measured.set(source, (await said()).slice(0, 300), false);
        await tab.close();
      });
    }

    const watchFromElsewhere = async (row: Row, link: string): Promise<void> => {
      const tab = await driven.newTab();
      try {
        await tab.goto(link);
        await untilMoving(tab);
        await expect.poll(async () => (await figures(asPage(tab)))?.parts.origin ?? 0).toBeGreaterThan(-1);
        const seen = await figures(asPage(tab));
        const { latencyMs } = (await tab.evaluate(() => window.eddy?.stats?.())) as { latencyMs: number };
        const transport = seen?.relay?.transport;
        const by = row === "peers" ? `${seen?.parts.peer} parts from the peer` : `by ${transport}`;
        measured.set(
          row,
          `watches what Chromium publishes ${by}, ${seconds(latencyMs)} behind`,
          row !== "webtransport" || transport === "webtransport",
        );
      } catch {
        measured.set(row, await sentences(tab), false);
      } finally {
        await tab.close();
      }
    };

    test("peers: watches what Chromium publishes, or says why it does not", async ({ browser }) => {
      const { page, link } = await linkOf(browser, { peers: "on" });
      await watchFromElsewhere("peers", `${link}&peers=on`);
      await page.context().close();
    });

    test("moq: watches what Chromium publishes, or says why it does not", async ({ browser }) => {
      const relay = await startRelayProcess();
      const { page, link } = await linkOf(browser, { moq: relay.url });
      await watchFromElsewhere("moq", link);
      await page.context().close();
      await relay.kill();
    });

    test("webtransport: watches what Chromium publishes, or says why it does not", async ({ browser }) => {
      const server = startCarriageServer({ port: PORT });
      const address = { server: `${server.url}studio`, certificate: server.certificateHash };
      const { page, link } = await linkOf(browser, address);
      expect((await streamStats(page, "studio"))?.state).toBe("live");
      await watchFromElsewhere("webtransport", link);
      await page.context().close();
      await server.close();
    });
  });
}
