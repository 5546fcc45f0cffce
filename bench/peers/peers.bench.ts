import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, expect, type Page, test } from "@playwright/test";
import Tracker from "bittorrent-tracker/server";
import { type FfmpegOrigin, meanCopies, startFfmpegOrigin } from "../../e2e/ffmpeg-origin.ts";
import { bundlePages } from "../../e2e/kit-site.ts";
import { startSigner } from "../../e2e/origin-signer.ts";
import { probePlayback, type Transferred } from "../../e2e/playback-probe.ts";
import { serveBuild } from "../../e2e/site.ts";
import { watchStalls } from "../../e2e/stall-watch.ts";
import type { SwarmFigures } from "../../e2e/swarm-viewers.ts";
import { serveSignal } from "../../src/node/signal-server.ts";
import { type Address, MODES, type Mode, VIEWER } from "./modes.ts";
import { type Measured, machine, type Report, table, type Viewed } from "./report.ts";

const VIEWERS = Number(process.env.EDDY_VIEWERS ?? 4);
const OBSERVED_MS = Number(process.env.EDDY_SECONDS ?? 30) * 1000;
const CHOSEN = process.env.EDDY_MODES?.split(",");
/** Viewers come one after the other, and find each other before anything is counted. */
const JOIN_EVERY_MS = 1_000;
const SETTLE_MS = 15_000;

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Places extends Pick<Address, "tracker" | "signal"> {
  readonly site: string;
}

/** The tracker that p2p-media-loader's peers find each other by, as its own documentation names one. */
async function startTracker(): Promise<{ url: string; close(): Promise<void> }> {
  const tracker = new Tracker({ udp: false, http: false, ws: true, stats: false });
  await new Promise<void>((resolve) => tracker.listen(0, "127.0.0.1", resolve));
  const { port } = tracker.http.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    async close() {
      const closed = new Promise<void>((resolve) => tracker.close(() => resolve()));
      tracker.http.closeAllConnections();
      await closed;
    },
  };
}

/** Seconds of CPU that all of the browser's processes have taken. */
async function cpuSeconds(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

/** Undefined where there are no peers. */
function transferredBy(page: Page): Promise<Transferred | undefined> {
  return page.evaluate(() => {
    const figures = window.eddy?.session?.stats() as SwarmFigures | undefined;
    if (figures === undefined) return window.transferred?.();
    return { peer: figures.bytes.peer, origin: figures.bytes.origin, uploaded: figures.uploadedBytes };
  });
}

/** A browser of its own, so that neither caches nor connections are left from the mode before. */
async function measure(mode: Mode, launch: () => Promise<Browser>, at: Places): Promise<Measured> {
  const origin = await startFfmpegOrigin();
  const signer = await startSigner(origin.url);
  const browser = await launch();
  await pause(mode.prerollMs);
  const { url, plainUrl } = origin;
  const address: Address = { ...at, url, plainUrl, headers: signer.url, key: signer.fingerprint };
  try {
    const pages: Page[] = [];
    for (let count = 0; count < VIEWERS; count++) {
      const context: BrowserContext = await browser.newContext({ ignoreHTTPSErrors: true });
      await context.addInitScript(probePlayback);
      const page = await context.newPage();
      await page.goto(at.site + mode.page(address));
      pages.push(page);
      await pause(JOIN_EVERY_MS);
    }
    for (const page of pages) await page.waitForFunction(() => window.probe?.startMs !== undefined);
    await pause(SETTLE_MS);
    return await observe({ mode, browser, pages, origin });
  } finally {
    await browser.close();
    await signer.close();
    await origin.close();
  }
}

async function observe(under: {
  mode: Mode;
  browser: Browser;
  pages: readonly Page[];
  origin: FfmpegOrigin;
}): Promise<Measured> {
  const { mode, browser, pages, origin } = under;
  const endured = await Promise.all(pages.map(watchStalls));
  for (const page of pages) await page.evaluate(() => window.probe?.latenciesMs.splice(0));
  const before = await Promise.all(pages.map(transferredBy));
  const counted = origin.count();
  const [cpuBefore, startedMs] = [await cpuSeconds(browser), performance.now()];
  await pause(OBSERVED_MS);
  const cores = ((await cpuSeconds(browser)) - cpuBefore) / ((performance.now() - startedMs) / 1000);
  const served = counted.stop();
  const after = await Promise.all(pages.map(transferredBy));
  const viewers: Viewed[] = [];
  for (const [index, page] of pages.entries()) {
    const { stalls, fatal } = (await endured[index]?.()) ?? { stalls: [], fatal: [] };
    const { startMs, latenciesMs } = (await page.evaluate(() => window.probe)) ?? { latenciesMs: [] };
    const [from, to] = [before[index], after[index]];
    viewers.push({
      startMs,
      latenciesMs,
      stalls,
      fatal,
      ...(from && to ? { peerBytes: to.peer - from.peer, uploadedBytes: to.uploaded - from.uploaded } : {}),
    });
  }
  const { mediaBytes: originBytes, publishedBytes } = served;
  const copies = meanCopies(served);
  return {
    id: mode.id,
    name: mode.name,
    viewers,
    // Not by what peers sent: some of that comes twice.
    offload: Math.max(0, 1 - copies / viewers.length),
    copies,
    originBytes,
    publishedBytes,
    cores,
  };
}

test("what peers give, on one source and one machine", async ({ playwright }, info) => {
  const { launchOptions = {} } = info.project.use;
  const launch = (): Promise<Browser> => playwright.chromium.launch(launchOptions);
  const dist = here("../../node_modules/");
  const files = await bundlePages([VIEWER], {
    // As their own pages load it: one file for browsers.
    "p2p-media-loader-core": `${dist}p2p-media-loader-core/dist/p2p-media-loader-core.es.min.js`,
    "p2p-media-loader-hlsjs": `${dist}p2p-media-loader-hlsjs/dist/p2p-media-loader-hlsjs.es.min.js`,
  });
  const site = await serveBuild({ files });
  const tracker = await startTracker();
  const signal = await serveSignal();
  const modes = MODES.filter(({ id }) => CHOSEN?.includes(id) ?? true);
  expect(modes.length, "modes that are known").toBeGreaterThan(0);
  const measured: Measured[] = [];
  let version = "";
  try {
    const browser = await launch();
    version = browser.version();
    await browser.close();
    for (const mode of modes) {
      const result = await measure(mode, launch, { site: site.url, tracker: tracker.url, signal: signal.url });
      measured.push(result);
      console.log(table({ modes: [result] } as unknown as Report));
    }
  } finally {
    await tracker.close();
    await signal.close();
    site.close();
  }
  const report: Report = {
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    browser: `Chromium ${version}`,
    viewers: VIEWERS,
    observedS: OBSERVED_MS / 1000,
    modes: measured,
  };
  write(report);
});

const BEGIN = "<!-- written by npm run bench:peers -->";
const END = "<!-- until here -->";

/** All figures into a file of their own, and the table into the page where a whole run was asked for. */
function write(report: Report): void {
  const folder = here("../../.cache/bench");
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/peers.json`, `${JSON.stringify(report, undefined, 1)}\n`);
  const head = `${report.machine}, ${report.browser}, ${report.date}: ${report.viewers} viewers, ${report.observedS} s each.`;
  const text = `${head}\n\n${table(report)}`;
  console.log(`\n${text}\n\nwritten: .cache/bench/peers.json`);
  if (CHOSEN !== undefined) return;
  const path = here("../../docs/peers-comparison.md");
  const page = readFileSync(path, "utf8");
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${path}: expected ${BEGIN} and ${END}`);
  writeFileSync(path, `${before}${BEGIN}\n${text}\n${END}${after}`);
}
