import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer, { type Browser, type LaunchOptions } from "puppeteer-core";
import { PuppeteerTab } from "./puppeteer-tab.ts";
import type { DrivenBrowser, Tab } from "./tab.ts";

/** A browser that puppeteer drives, with a profile of its own that a restart finds again. */
export abstract class PuppeteerBrowser implements DrivenBrowser {
  readonly #options: LaunchOptions;
  readonly #profile: string;
  protected browser: Browser;
  readonly version: string;

  protected constructor({ options, profile, browser, version }: Launched) {
    this.#options = options;
    this.#profile = profile;
    this.browser = browser;
    this.version = version;
  }

  async firstVisit(visit: (tab: Tab) => Promise<void>): Promise<void> {
    const tab = await this.newTab();
    await visit(tab);
    await tab.close();
  }

  async newTab(): Promise<Tab> {
    return new PuppeteerTab(await this.browser.newPage());
  }

  abstract killWorker(): Promise<string>;

  async restart(): Promise<void> {
    await this.browser.close();
    this.browser = await puppeteer.launch(this.#options);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await rm(this.#profile, { recursive: true, force: true });
  }
}

export interface Launched {
  readonly options: LaunchOptions;
  readonly profile: string;
  readonly browser: Browser;
  /** As the table names it. */
  readonly version: string;
}

/** Starts a browser on a new profile. */
export async function launched(name: string, launch: LaunchOptions): Promise<Launched> {
  const profile = await mkdtemp(join(tmpdir(), `eddy-${name.toLowerCase()}-`));
  const options: LaunchOptions = { ...launch, userDataDir: profile };
  const browser = await puppeteer.launch(options);
  return { options, profile, browser, version: `${name} ${(await browser.version()).replace(/^\w+\//, "")}` };
}
