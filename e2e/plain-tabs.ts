import { type Browser, type CDPSession, chromium } from "@playwright/test";

/** A tab as a person has it: Playwright's own tabs all believe that they are in front, and are never slowed down. */
export interface PlainTab {
  /** Evaluates an expression in the page and gives its value as JSON would. */
  evaluate(expression: string): Promise<unknown>;
}

export interface PlainBrowser {
  /** Opens a tab in front of those that are open. */
  open(url: string): Promise<PlainTab>;
  /** Addresses of the workers that run. Looking attaches nothing to them, so that they may go when they are idle. */
  workers(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Starts a browser that slows hidden tabs down, with a window that Playwright does not know of. */
export async function launchPlain(args: readonly string[], executablePath: string | undefined): Promise<PlainBrowser> {
  const browser: Browser = await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: [...args],
    ignoreDefaultArgs: [
      "--disable-background-timer-throttling",
      "--disable-renderer-backgrounding",
      "--disable-backgrounding-occluded-windows",
    ],
  });
  const session = await browser.newBrowserCDPSession();
  const { browserContextId } = await session.send("Target.createBrowserContext");
  return {
    async open(url) {
      const { targetId } = await session.send("Target.createTarget", { url, browserContextId });
      const { sessionId } = await session.send("Target.attachToTarget", { targetId, flatten: false });
      return tab(session, sessionId);
    },
    async workers() {
      const { targetInfos } = await session.send("Target.getTargets", { filter: [{ type: "service_worker" }] });
      return targetInfos.filter(({ type }) => type === "service_worker").map(({ url }) => url);
    },
    close: () => browser.close(),
  };
}

function tab(session: CDPSession, sessionId: string): PlainTab {
  const answers = new Map<number, (message: { result?: { result?: { value?: unknown } } }) => void>();
  let lastId = 0;
  session.on("Target.receivedMessageFromTarget", (event) => {
    if (event.sessionId !== sessionId) return;
    const message = JSON.parse(event.message);
    answers.get(message.id)?.(message);
    answers.delete(message.id);
  });
  return {
    async evaluate(expression) {
      lastId += 1;
      const id = lastId;
      const answered = new Promise<{ result?: { result?: { value?: unknown } } }>((resolve) =>
        answers.set(id, resolve),
      );
      const params = { expression, awaitPromise: true, returnByValue: true };
      const message = JSON.stringify({ id, method: "Runtime.evaluate", params });
      await session.send("Target.sendMessageToTarget", { sessionId, message });
      return (await answered).result?.result?.value;
    },
  };
}
