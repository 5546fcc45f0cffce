import type { BrowserContext, Page } from "@playwright/test";
import { killWorker } from "../../e2e/support.ts";
// What it declares of the page.
import type {} from "./page/soak.ts";
import { PAGE } from "./site.ts";

const OPEN_MS = 60_000;

/** A tab of the soak, which can be reloaded or closed; then it is opened anew. */
export class Tab {
  readonly name: string;
  readonly #context: BrowserContext;
  readonly #url: string;
  #page: Page | undefined;
  /** Opened anew, and not yet told what it is to do. */
  isAway = true;
  opened = 0;

  constructor(name: string, context: BrowserContext, site: string) {
    this.name = name;
    this.#context = context;
    this.#url = `${site}${PAGE}#${name}`;
  }

  get page(): Page {
    if (this.#page === undefined) throw new Error(`the tab ${this.name} is not open`);
    return this.#page;
  }

  /** Opens it without a page in it, if it is not open. */
  async blank(): Promise<Page> {
    this.#page ??= await this.#context.newPage();
    return this.#page;
  }

  /** Opens it, or reloads it. */
  async load(): Promise<Page> {
    this.isAway = true;
    this.opened += 1;
    const page = await this.blank();
    if (page.url() === this.#url) await page.reload({ timeout: OPEN_MS });
    else await page.goto(this.#url, { timeout: OPEN_MS });
    await page.waitForFunction(() => window.soak !== undefined, undefined, { timeout: OPEN_MS });
    await page.evaluate(() => window.soak.control());
    return page;
  }

  /** Closes it without a word. Not its process, which others and the worker may live in too. */
  async close(): Promise<void> {
    this.isAway = true;
    await this.page.close();
    this.#page = undefined;
  }

  /** Kills the worker that it talks to. */
  async kill(): Promise<void> {
    await killWorker(this.page);
  }
}
