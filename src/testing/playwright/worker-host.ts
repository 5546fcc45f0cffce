import type { BrowserContext, CDPSession, Page } from "@playwright/test";
import { RelayError } from "../../model/errors.ts";
import type { OriginWorkerOptions } from "../browser/origin-messages.ts";
import type {} from "../browser/producer-contract.ts";
import { originAssets } from "./assets.ts";
import type { HostedStream, OriginHost } from "./live-origin.ts";

export interface WorkerHostOptions {
  readonly context: BrowserContext;
  /** Of the pages under test, which the worker has to share. */
  readonly site: string;
  readonly base: string;
  readonly dvr: OriginWorkerOptions["dvr"];
}

const FOLDER = "/__eddy-origin/";
const PRODUCER = `${FOLDER}producer.html`;

/**
 * The relay's own Service Worker at the root of the site under test, and a tab that publishes into it. Both are put there by the test: the site
 * needs to know nothing of them.
 * @throws RelayError `unsupported-browser` where no worker can be put there
 */
export async function openWorkerHost(options: WorkerHostOptions): Promise<OriginHost> {
  const { context, site, base, dvr } = options;
  const { worker, producer } = await originAssets();
  const url = new URL(FOLDER, site);
  const routed = `${url.href}**`;
  await context.route(routed, (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname.endsWith(".html")) {
      const body = `<!doctype html><title>live origin</title><script src="${FOLDER}producer.js"></script>`;
      return route.fulfill({ contentType: "text/html", body });
    }
    const headers = { "service-worker-allowed": "/", "cache-control": "no-store" };
    const body = pathname.endsWith("worker.js") ? worker : producer;
    return route.fulfill({ contentType: "text/javascript", headers, body });
  });
  const page = await context.newPage();
  try {
    await page.exposeFunction("eddyKillWorker", () => killWorker(page, `${url.href}worker.js`));
    await page.goto(new URL(PRODUCER, site).href);
    const given: OriginWorkerOptions = { base, dvr, producer: PRODUCER };
    const script = `${FOLDER}worker.js?options=${encodeURIComponent(JSON.stringify(given))}`;
    await page.evaluate(([path, under]) => window.eddyOrigin.open(path, under), [script, base] as const);
  } catch (cause) {
    await page.close();
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new RelayError(
      "unsupported-browser",
      `expected a page at ${site} that may have a Service Worker (Chromium, HTTPS or localhost), got: ${said}; host: "http" needs none`,
      { cause },
    );
  }
  // A route that is left in place would take every request of every page through the test.
  await context.unroute(routed);
  return { start: (asked) => startIn(page, site, asked), close: () => page.close() };
}

async function startIn(page: Page, site: string, asked: Parameters<OriginHost["start"]>[0]): Promise<HostedStream> {
  const { path, dvrPath } = await page.evaluate((options) => window.eddyOrigin.start(options), asked);
  const name = asked.name ?? "test";
  return {
    name,
    url: new URL(path, site).href,
    dvrUrl: new URL(dvrPath, site).href,
    nowMs: () => page.evaluate((stream) => window.eddyOrigin.nowMs(stream), name),
    advance: (durationMs) =>
      page.evaluate(([stream, ms]) => window.eddyOrigin.advance(stream, ms), [name, durationMs] as const),
    addFaults: (faults) =>
      page.evaluate(([stream, added]) => window.eddyOrigin.addFaults(stream, added), [name, faults] as const),
    trace: () => page.evaluate((stream) => window.eddyOrigin.trace(stream), name),
    stop: () => page.evaluate((stream) => window.eddyOrigin.stop(stream), name),
  };
}

/** Ends the worker as the browser does when memory is short, and no other worker of the site. */
async function killWorker(page: Page, script: string): Promise<void> {
  const session: CDPSession = await page.context().newCDPSession(page);
  try {
    const running = new Promise<string>((resolve) => {
      session.on("ServiceWorker.workerVersionUpdated", ({ versions }) => {
        const ours = versions.find(
          ({ scriptURL, runningStatus }) => scriptURL.startsWith(script) && runningStatus === "running",
        );
        if (ours !== undefined) resolve(ours.versionId);
      });
    });
    await session.send("ServiceWorker.enable");
    // Told at once of those that are there; one that is not running is as good as killed.
    const versionId = await Promise.race([
      running,
      new Promise<undefined>((none) => setTimeout(none, 1_000, undefined)),
    ]);
    if (versionId !== undefined) await session.send("ServiceWorker.stopWorker", { versionId });
  } finally {
    await session.detach();
  }
}
