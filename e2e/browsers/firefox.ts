import { launched, PuppeteerBrowser } from "./puppeteer-browser.ts";

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
export class Firefox extends PuppeteerBrowser {
  static async open(executablePath: string): Promise<Firefox> {
    return new Firefox(
      await launched("Firefox", {
        browser: "firefox",
        executablePath,
        // For the one command that no page may give.
        args: ["--remote-allow-system-access"],
        extraPrefsFirefox: {
          "media.autoplay.default": 0,
          "media.navigator.streams.fake": true,
          "media.navigator.permission.disabled": true,
          // Without a sound card no AudioContext of Firefox runs, as long as it is not told that there is one.
          "media.cubeb.force_mock_context": true,
        },
      }),
    );
  }

  async killWorker(): Promise<string> {
    const { connection } = this.browser as unknown as Bidi;
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
}
