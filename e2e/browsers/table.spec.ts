import { type Browser, expect, type Page, test } from "@playwright/test";
import { startCarriageServer } from "../carriage-server.ts";
import { figures } from "../joined.ts";
import { startRelayProcess } from "../moq-relay.ts";
import { playback, publish, untilServed } from "../support.ts";
import { asPage, behindMs, seconds, untilMoving } from "./acts.ts";
import { CANDIDATES, openOrSkip, REPORTS } from "./candidates.ts";
import { Measured, type Row } from "./measured.ts";
import type { DrivenBrowser, Tab } from "./tab.ts";

const PORT = Number(process.env.EDDY_PORT ?? 4183) + 3_500;

// @moq/net tells each stream's end on the console of the relay in this process.
for (const level of ["debug", "error"] as const) console[level] = () => undefined;

/** What the page says is wrong: the codes of its notices, and what they stand for. */
function complaints(tab: Tab): Promise<string> {
  return tab.evaluate(() =>
    [...document.querySelectorAll(".notice code")].map(({ textContent }) => textContent?.trim()).join("; "),
  );
}

/** Publishes from Chromium, and resolves with the link that it shows. */
async function linkOf(
  browser: Browser,
  name: string,
  query: Record<string, string>,
): Promise<{ page: Page; link: string }> {
  const context = await browser.newContext();
  const page = await publish(context, name, query);
  return { page, link: await page.locator("#watch-link").inputValue() };
}

// For the table alone: what these rows rest on is tested in Chromium, and takes its time.
for (const [index, candidate] of (REPORTS === undefined ? [] : CANDIDATES).entries()) {
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

    /** Takes down that pictures move, and how they came; or what the page says instead, which it must. */
    const watchFromElsewhere = async (row: Row, link: string): Promise<void> => {
      const tab = await driven.newTab();
      await tab.goto(link);
      const moving = await untilMoving(tab).then(
        () => true,
        () => false,
      );
      if (!moving) {
        const said = await complaints(tab);
        measured.set(row, said, false);
        expect(said, "a page that cannot do it says so").not.toBe("");
        return;
      }
      await expect.poll(() => behindMs(tab), { timeout: 20_000 }).toBeLessThan(500);
      const { latencyMs } = await playback(asPage(tab));
      const seen = await figures(asPage(tab));
      const by = row === "peers" ? `${seen?.parts.peer} parts from the peer` : `over ${seen?.relay?.transport}`;
      measured.set(row, `what Chromium publishes, ${by}, ${seconds(latencyMs)} behind`);
      expect(seen?.parts.missed).toBe(0);
      await tab.close();
    };

    test("what a peer publishes is watched, or the page says why it is not", async ({ browser }) => {
      const { page, link } = await linkOf(browser, "peers", { peers: "on" });
      await watchFromElsewhere("peers", `${link}&peers=on`);
      await page.context().close();
    });

    test("what a MoQ relay has is watched, or the page says why it is not", async ({ browser }) => {
      const relay = await startRelayProcess();
      const { page, link } = await linkOf(browser, "moq", { moq: relay.url });
      await watchFromElsewhere("moq", link);
      await page.context().close();
      await relay.kill();
    });

    test("what a server has is watched over WebTransport, or the page says why it is not", async ({ browser }) => {
      const server = startCarriageServer({ port: PORT + index });
      const address = { server: `${server.url}server`, certificate: server.certificateHash };
      const { page, link } = await linkOf(browser, "server", address);
      await watchFromElsewhere("webtransport", link);
      await page.context().close();
      await server.close();
    });
  });
}
