import { launched, PuppeteerBrowser } from "./puppeteer-browser.ts";

/** Chromium, for the table's first column: it is what all other tests run in. */
export class Chromium extends PuppeteerBrowser {
  static async open(executablePath: string): Promise<Chromium> {
    const args = [
      "--no-sandbox",
      "--disable-gpu",
      "--autoplay-policy=no-user-gesture-required",
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
    ];
    return new Chromium(await launched("Chromium", { browser: "chrome", executablePath, args }));
  }

  async killWorker(): Promise<string> {
    const [page] = await this.browser.pages();
    const session = await page?.createCDPSession();
    await session?.send("ServiceWorker.enable");
    await session?.send("ServiceWorker.stopAllWorkers");
    await session?.detach();
    return "`ServiceWorker.stopAllWorkers` of the DevTools protocol";
  }
}
