/** Longer than anything that a test asks of a page in one go. */
const SCRIPT_MS = 30_000;
/** An element may come so late. */
const ELEMENT_MS = 10_000;
/** The key under which WebDriver names an element. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

interface Answer {
  readonly value: unknown;
}

/**
 * A session of W3C WebDriver.
 * @see https://www.w3.org/TR/webdriver2/
 */
export class WebDriver {
  readonly #url: string;
  /** Commands go to the window that was switched to: one that names its window goes whole before the next. */
  #turn: Promise<unknown> = Promise.resolve();
  #window = "";
  readonly #first: string;
  readonly browserVersion: string;

  static async open(server: string, capabilities: object): Promise<WebDriver> {
    const body = {
      capabilities: { alwaysMatch: { ...capabilities, timeouts: { script: SCRIPT_MS, implicit: ELEMENT_MS } } },
    };
    const session = (await request("POST", `${server}/session`, body)) as {
      readonly sessionId: string;
      readonly capabilities: { readonly browserVersion: string };
    };
    const url = `${server}/session/${session.sessionId}`;
    const first = (await request("GET", `${url}/window`)) as string;
    return new WebDriver(url, first, session.capabilities.browserVersion);
  }

  private constructor(url: string, first: string, browserVersion: string) {
    this.#url = url;
    this.#first = first;
    this.browserVersion = browserVersion;
  }

  async newWindow(): Promise<string> {
    // From a window that stays: a session may have none after one was closed.
    const opened = await this.#inWindow(this.#first, () => this.#post("/window/new", { type: "window" }));
    return (opened as { readonly handle: string }).handle;
  }

  goto(window: string, url: string): Promise<unknown> {
    return this.#inWindow(window, () => this.#post("/url", { url }));
  }

  /** Calls a function of JavaScript in the page, and waits for what it resolves with. */
  async call(window: string, fn: string, args: readonly unknown[]): Promise<unknown> {
    const script = `const args = [...arguments], done = args.pop();
      Promise.resolve().then(() => (${fn})(...args)).then(
        (value) => done({ value }),
        (thrown) => done({ thrown: String(thrown?.stack ? thrown + "\\n" + thrown.stack : thrown) }),
      );`;
    const { value, thrown } = (await this.#inWindow(window, () => this.#post("/execute/async", { script, args }))) as {
      readonly value?: unknown;
      readonly thrown?: string;
    };
    if (thrown !== undefined) throw new Error(thrown);
    return value;
  }

  sendKeys(window: string, selector: string, text: string): Promise<unknown> {
    return this.#inWindow(window, async () => this.#post(`${await this.#element(selector)}/value`, { text }));
  }

  type(window: string, keys: string): Promise<unknown> {
    const actions = [...keys].flatMap((value) => [
      { type: "keyDown", value },
      { type: "keyUp", value },
    ]);
    return this.#inWindow(window, () => this.#post("/actions", { actions: [{ type: "key", id: "keys", actions }] }));
  }

  closeWindow(window: string): Promise<unknown> {
    return this.#inWindow(window, () => request("DELETE", `${this.#url}/window`));
  }

  end(): Promise<unknown> {
    return this.#inTurn(() => request("DELETE", this.#url));
  }

  async #element(selector: string): Promise<string> {
    const found = await this.#post("/element", { using: "css selector", value: selector });
    return `/element/${(found as Readonly<Record<string, string>>)[ELEMENT]}`;
  }

  #inWindow(window: string, command: () => Promise<unknown>): Promise<unknown> {
    return this.#inTurn(async () => {
      if (this.#window !== window) await this.#post("/window", { handle: window });
      this.#window = window;
      return command();
    });
  }

  #inTurn(command: () => Promise<unknown>): Promise<unknown> {
    const done = this.#turn.then(command);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #post(path: string, body: object): Promise<unknown> {
    return request("POST", this.#url + path, body);
  }
}

async function request(method: string, url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(2 * SCRIPT_MS),
  });
  const { value } = (await response.json()) as Answer;
  if (response.ok) return value;
  const { error, message } = value as { readonly error: string; readonly message: string };
  throw new Error(`WebDriver: ${error}: ${message}`);
}
