import type { ElementHandle, Page } from "puppeteer-core";
import type { PageFunction, Tab } from "./tab.ts";

/**
 * What Firefox tells as an error of the page though no script of it threw: a request that a worker answers was given up, by its page or since
 * the network has gone. Who asked sees it fail.
 */
const REQUEST_ENDED = /A ServiceWorker intercepted the request/;

/** A tab that puppeteer drives. */
export class PuppeteerTab implements Tab {
  readonly page: Page;
  #errors: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (thrown) => {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      if (!REQUEST_ENDED.test(message)) this.#errors.push(message);
    });
  }

  async goto(url: string): Promise<void> {
    this.#errors = [];
    await this.page.goto(url);
  }

  evaluate<Args extends readonly unknown[], Result>(fn: PageFunction<Args, Result>, ...args: Args): Promise<Result> {
    return this.page.evaluate(fn as unknown as (...args: unknown[]) => Result, ...args) as Promise<Result>;
  }

  async type(keys: string): Promise<void> {
    await this.page.keyboard.type(keys);
  }

  async choose(selector: string, path: string): Promise<void> {
    const input = (await this.page.waitForSelector(selector)) as ElementHandle<HTMLInputElement> | null;
    await input?.uploadFile(path);
  }

  async errors(): Promise<readonly string[]> {
    return this.#errors;
  }

  close(): Promise<void> {
    return this.page.close();
  }
}
