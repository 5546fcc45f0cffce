/** Runs in the page, and so needs nothing of the file that it stands in. Takes and gives what JSON can say. */
export type PageFunction<Args extends readonly unknown[], Result> = (...args: Args) => Result | Promise<Result>;

/** One tab of a browser, whatever protocol that is driven by. */
export interface Tab {
  /** Resolves once the page is loaded. */
  goto(url: string): Promise<void>;
  evaluate<Args extends readonly unknown[], Result>(fn: PageFunction<Args, Result>, ...args: Args): Promise<Result>;
  /** To what has the focus. */
  type(keys: string): Promise<void>;
  /** To a file input. */
  choose(selector: string, path: string): Promise<void>;
  /** That nobody caught, since the page was loaded. */
  errors(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A browser with a profile of its own. */
export interface DrivenBrowser {
  readonly version: string;
  /** In a tab that is closed again. To be done once, before the site is opened in any other. */
  firstVisit(visit: (tab: Tab) => Promise<void>): Promise<void>;
  newTab(): Promise<Tab>;
  /** Ends the Service Worker, and says how. It must be gone when this resolves. */
  killWorker(): Promise<string>;
  /** Ends the browser and starts it again with the same profile; undefined where its driver keeps no profile. */
  restart?(): Promise<void>;
  close(): Promise<void>;
}
