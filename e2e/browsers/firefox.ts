import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer, { type Browser, type LaunchOptions } from "puppeteer-core";
import { PuppeteerTab } from "./puppeteer-tab.ts";
import type { DrivenBrowser, Tab } from "./tab.ts";

/** Runs with the browser's own rights: ends the process of every Service Worker, as "Stop" on about:serviceworkers does. */
const TERMINATE_WORKERS = `async () => {
  const manager = Cc["@mozilla.org/serviceworkers/manager;1"].getService(Ci.nsIServiceWorkerManager);
  const registrations = manager.getAllRegistrations();
  let ended = 0;
  for (let index = 0; index < registrations.length; index++) {
    const { activeWorker } = registrations.queryElementAt(index, Ci.nsIServiceWorkerRegistrationInfo);
    if (activeWorker === null) continue;
    await activeWorker.terminateWorker();
    ended += 1;
  }
  return ended;
}`;

/** What puppeteer has of a session of WebDriver BiDi, for commands that it has no method for. */
interface Bidi {
  readonly connection: { send(method: string, parameters: object): Promise<{ readonly result: unknown }> };
}

/** Firefox over WebDriver BiDi. */
export class Firefox implements DrivenBrowser {
  readonly #options: LaunchOptions;
  readonly #profile: string;
  #browser: Browser;
  readonly version: string;

  static async open(executablePath: string): Promise<Firefox> {
    const profile = await mkdtemp(join(tmpdir(), "eddy-firefox-"));
    const options: LaunchOptions = {
      browser: "firefox",
      executablePath,
      userDataDir: profile,
      // For the one command that no page may give.
      args: ["--remote-allow-system-access"],
      extraPrefsFirefox: {
        "media.autoplay.default": 0,
        "media.navigator.streams.fake": true,
        "media.navigator.permission.disabled": true,
      },
    };
    const browser = await puppeteer.launch(options);
    return new Firefox(options, profile, browser, await browser.version());
  }

  private constructor(options: LaunchOptions, profile: string, browser: Browser, version: string) {
    this.#options = options;
    this.#profile = profile;
    this.#browser = browser;
    this.version = version.replace(/^firefox\//i, "Firefox ");
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
    const { connection } = this.#browser as unknown as Bidi;
    const { result: tree } = await connection.send("browsingContext.getTree", { "moz:scope": "chrome" });
    const { contexts } = tree as { readonly contexts: readonly { readonly context: string }[] };
    const { result } = await connection.send("script.callFunction", {
      functionDeclaration: TERMINATE_WORKERS,
      target: { context: contexts[0]?.context },
      awaitPromise: true,
    });
    const ended = (result as { readonly result?: { readonly value?: number } }).result?.value;
    if (ended !== 1) throw new Error(`expected one worker to end, got ${JSON.stringify(result)}`);
    return "terminateWorker() of the browser's own Service Worker manager";
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
