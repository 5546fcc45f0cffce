import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer, { type Browser, type LaunchOptions } from "puppeteer-core";
import { PuppeteerTab } from "./puppeteer-tab.ts";
import type { DrivenBrowser, Tab } from "./tab.ts";

/** Chromium, for the table's first column: it is what all other tests run in. */
export class Chromium implements DrivenBrowser {
  readonly #options: LaunchOptions;
  readonly #profile: string;
  #browser: Browser;
  readonly version: string;

  static async open(executablePath: string): Promise<Chromium> {
    const profile = await mkdtemp(join(tmpdir(), "eddy-chromium-"));
    const options: LaunchOptions = {
      browser: "chrome",
      executablePath,
      userDataDir: profile,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--autoplay-policy=no-user-gesture-required",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
      ],
    };
    const browser = await puppeteer.launch(options);
    return new Chromium(options, profile, browser, await browser.version());
  }

  private constructor(options: LaunchOptions, profile: string, browser: Browser, version: string) {
    this.#options = options;
    this.#profile = profile;
    this.#browser = browser;
    this.version = `Chromium ${version.replace(/^\w+\//, "")}`;
  }

  async firstVisit(visit: (tab: Tab) => Promise<void>): Promise<void> {
    const tab = await this.newTab();
    await visit(tab);
    await tab.close();
  }

  async newTab(): Promise<Tab> {
    return new PuppeteerTab(await this.#browser.newPage());
  }

  async killWorker(): Promise<string> {
    const [page] = await this.#browser.pages();
    const session = await page?.createCDPSession();
    await session?.send("ServiceWorker.enable");
    await session?.send("ServiceWorker.stopAllWorkers");
    await session?.detach();
    return "`ServiceWorker.stopAllWorkers` of the DevTools protocol";
  }

  async restart(): Promise<void> {
    await this.#browser.close();
    this.#browser = await puppeteer.launch(this.#options);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await rm(this.#profile, { recursive: true, force: true });
  }
}
