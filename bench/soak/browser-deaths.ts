import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KillableBrowser, launchKillable } from "../../e2e/killable-browser.ts";
import { Published } from "../../e2e/published.ts";
import { type SyntheticMedia, synthesize } from "../../src/testing/media/synthetic-media.ts";
import type { Account } from "./account.ts";
import { numbersIn } from "./page/segment-numbers.ts";
import { type SoakStream, STREAMS } from "./plan.ts";
import type { SoakSite } from "./site.ts";
import { Tab } from "./tabs.ts";

export interface BrowserDeathsOptions {
  readonly site: SoakSite;
  readonly account: Account;
  readonly random: () => number;
  /** Of the browser, as the others are started. */
  readonly args: readonly string[];
  readonly executablePath: string | undefined;
}

const TABS_PER_PRODUCER = 2;
/** So long streams are published before the browser dies: never as long as the window, from which nothing may have gone by then. */
const LEAST_MS = 8_000;
const MOST_MS = 25_000;

/**
 * The whole browser is killed, all of its processes at once, and started again on the same profile. What the worker had said to be on disk must be
 * there, byte for byte; and its producers publish on.
 */
export class BrowserDeaths {
  readonly #options: BrowserDeathsOptions;
  readonly #profile = mkdtempSync(join(tmpdir(), "eddy-soak-"));
  readonly #originMs = Date.now();
  #browser: KillableBrowser | undefined;

  constructor(options: BrowserDeathsOptions) {
    this.#options = options;
  }

  async run(deaths: number): Promise<void> {
    try {
      for (let death = 0; death < deaths; death++)
        await this.#options.account.guard("a death of the browser", () => this.#die());
    } finally {
      await this.#browser?.kill();
      rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  async #die(): Promise<void> {
    const { account, random } = this.#options;
    const published = await this.#publish();
    await new Promise((resolve) => setTimeout(resolve, LEAST_MS + random() * (MOST_MS - LEAST_MS)));
    await this.#browser?.kill();
    this.#browser = undefined;
    account.count("death of the browser");
    const tab = await this.#open("survivor");
    for (const stream of STREAMS)
      await account.guard(`${stream.name} after a death`, () => this.#look(tab, stream, published));
    await tab.close();
  }

  /** All streams, in the browser that is there, or a new one. */
  async #publish(): Promise<Published> {
    const { context } = await this.#start();
    const published = await Published.of(context);
    for (let at = 0; at < STREAMS.length; at += TABS_PER_PRODUCER) {
      const tab = await this.#open(`producer-${at / TABS_PER_PRODUCER}`);
      for (const stream of STREAMS.slice(at, at + TABS_PER_PRODUCER)) {
        const options = { stream, originMs: this.#originMs };
        await tab.page.evaluate((given) => window.soak.produce(given), options);
      }
    }
    return published;
  }

  async #start(): Promise<KillableBrowser> {
    const { args, executablePath, account } = this.#options;
    if (this.#browser === undefined) {
      this.#browser = await launchKillable(this.#profile, args, executablePath);
      this.#browser.context.on("weberror", (event) => {
        const error = event.error();
        account.fault(`unhandled in a page: ${error.stack ?? error.message}`);
      });
    }
    return this.#browser;
  }

  async #open(name: string): Promise<Tab> {
    const { context } = await this.#start();
    const tab = new Tab(name, context, this.#options.site.url);
    await tab.load();
    return tab;
  }

  /** Holds a stream's windows on disk against what its page had been told. */
  async #look(tab: Tab, stream: SoakStream, published: Published): Promise<void> {
    const { account } = this.#options;
    const media = await synthesize(stream.media);
    const windows = await tab.page.evaluate((one) => window.soak.readWindows(one, { cut: true }), stream);
    for (const { rendition, numbers, problems } of windows) {
      const where = `${stream.name}/${rendition} after a death`;
      for (const problem of problems) account.fault(`${where}: ${problem}`);
      const there = new Set(numbers);
      const kept = keptNumbers(published, { stream, media, rendition });
      const lost = kept.filter((n) => !there.has(n));
      if (kept.length === 0) account.fault(`${where}: nothing was said to be on disk`);
      if (lost.length > 0)
        account.fault(`${where}: the parts ${lost.join(", ")} were said to be on disk, and are lost`);
      account.survived(kept.length - lost.length);
    }
    for (const fault of published.faults.splice(0)) account.fault(`before a death: ${fault}`);
  }
}

/** Numbers of the parts that the worker had said to be on disk. */
function keptNumbers(
  published: Published,
  {
    stream,
    media,
    rendition,
  }: { readonly stream: SoakStream; readonly media: SyntheticMedia; readonly rendition: string },
): readonly number[] {
  const { partTargetMs } = stream;
  return published
    .parts(stream.name, rendition)
    .filter(({ keptAtMs }) => keptAtMs !== undefined)
    .flatMap(({ bytes }) => numbersIn([bytes], { id: rendition, media, partTargetMs }).numbers);
}
