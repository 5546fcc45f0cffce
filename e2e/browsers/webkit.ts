import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DrivenBrowser, PageFunction, Tab } from "./tab.ts";
import { WebDriver } from "./web-driver.ts";

const START_MS = 15_000;

/** WebKitGTK in its own small browser, over WebDriver, on a display in memory. */
export class WebKit implements DrivenBrowser {
  readonly #processes: readonly ChildProcess[];
  readonly #folder: string;
  readonly #driver: WebDriver;
  #workerProcess: number | undefined;
  readonly version: string;

  static async open(paths: { driver: string; browser: string; display: string }): Promise<WebKit> {
    const folder = await mkdtemp(join(tmpdir(), "eddy-webkit-"));
    const processes: ChildProcess[] = [];
    try {
      const display = spawn(paths.display, ["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      processes.push(display);
      const [number] = await once(display.stdout, "data", { signal: AbortSignal.timeout(START_MS) });
      const port = await freePort();
      const env = {
        ...process.env,
        DISPLAY: `:${String(number).trim()}`,
        XDG_DATA_HOME: folder,
        XDG_CACHE_HOME: folder,
      };
      processes.push(spawn(paths.driver, [`--port=${port}`], { stdio: "ignore", env }));
      const server = `http://127.0.0.1:${port}`;
      await untilAnswered(`${server}/status`);
      const driver = await WebDriver.open(server, {
        browserName: "MiniBrowser",
        "webkitgtk:browserOptions": {
          binary: paths.browser,
          args: ["--automation", "--autoplay-policy=allow", "--enable-mock-capture-devices=true"],
        },
      });
      return new WebKit(processes, folder, driver);
    } catch (thrown) {
      for (const each of processes) each.kill();
      throw thrown;
    }
  }

  private constructor(processes: readonly ChildProcess[], folder: string, driver: WebDriver) {
    this.#processes = processes;
    this.#folder = folder;
    this.#driver = driver;
    this.version = `WebKitGTK ${driver.browserVersion}`;
  }

  /** A worker runs in the process of the first page that asked for it, and stays there when that page is gone. */
  async firstVisit(visit: (tab: Tab) => Promise<void>): Promise<void> {
    const before = await this.#webProcesses();
    const tab = await this.newTab();
    await visit(tab);
    const opened = (await this.#webProcesses()).filter((id) => !before.includes(id));
    await tab.close();
    if (opened.length !== 1) throw new Error(`expected one process for a tab, got ${opened.length}`);
    [this.#workerProcess] = opened;
  }

  async newTab(): Promise<Tab> {
    return new WebKitTab(this.#driver, await this.#driver.newWindow());
  }

  async killWorker(): Promise<string> {
    if (this.#workerProcess === undefined) throw new Error("expected firstVisit() before, which finds its process");
    process.kill(this.#workerProcess, "SIGKILL");
    return "SIGKILL to the process that it ran in";
  }

  /** Of the browser, which is the driver's only child. */
  async #webProcesses(): Promise<readonly number[]> {
    const [browser] = await childrenOf(this.#processes[1]?.pid);
    const children = await childrenOf(browser);
    const names = await Promise.all(children.map((id) => readFile(`/proc/${id}/comm`, "utf8").catch(() => "")));
    return children.filter((_, index) => names[index]?.startsWith("WebKitWebProc"));
  }

  async close(): Promise<void> {
    await this.#driver.end().catch(() => undefined);
    for (const each of this.#processes) each.kill();
    // Processes of the browser's own may still write a moment after it.
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

declare global {
  interface Window {
    uncaught?: string[];
  }
}

class WebKitTab implements Tab {
  readonly #driver: WebDriver;
  readonly #window: string;

  constructor(driver: WebDriver, window: string) {
    this.#driver = driver;
    this.#window = window;
  }

  async goto(url: string): Promise<void> {
    await this.#driver.goto(this.#window, url);
    // WebDriver tells of no errors, and runs nothing before a page's own scripts: what goes wrong until here is not seen.
    await this.evaluate(() => {
      const uncaught: string[] = [];
      window.uncaught = uncaught;
      addEventListener("error", ({ message }) => uncaught.push(message));
      addEventListener("unhandledrejection", ({ reason }) => uncaught.push(String(reason)));
    });
  }

  evaluate<Args extends readonly unknown[], Result>(fn: PageFunction<Args, Result>, ...args: Args): Promise<Result> {
    return this.#driver.call(this.#window, String(fn), args) as Promise<Result>;
  }

  async type(keys: string): Promise<void> {
    await this.#driver.type(this.#window, keys);
  }

  async choose(selector: string, path: string): Promise<void> {
    await this.#driver.sendKeys(this.#window, selector, path);
  }

  async errors(): Promise<readonly string[]> {
    return this.evaluate(() => window.uncaught ?? []);
  }

  async close(): Promise<void> {
    await this.#driver.closeWindow(this.#window);
  }
}

async function childrenOf(process: number | undefined): Promise<readonly number[]> {
  const text = await readFile(`/proc/${process}/task/${process}/children`, "utf8");
  return text.trim().split(/\s+/).filter(Boolean).map(Number);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("expected a port, got none");
  return address.port;
}

async function untilAnswered(url: string): Promise<void> {
  const endMs = Date.now() + START_MS;
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    if (Date.now() > endMs) throw new Error(`${url}: expected an answer within ${START_MS / 1000} s, got none`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
