import type {
  BrowserContext,
  PlaywrightTestArgs,
  PlaywrightTestOptions,
  TestFixture,
  TestInfo,
} from "@playwright/test";
import { checkOneOf } from "../../model/checks.ts";
import { RelayError } from "../../model/errors.ts";
import { type OriginOptions, planOrigin } from "../origin-options.ts";
import { openHttpHost } from "./http-host.ts";
import { LiveOrigin, type OriginHost } from "./live-origin.ts";
import { openWorkerHost } from "./worker-host.ts";

/** Where the origin is. All of it may be left out. */
export interface LiveOriginOptions extends OriginOptions {
  /**
   * `worker`: a Service Worker of the page's own origin, in the test's browser (Chromium). `http`: a server in the test's own process, for any
   * browser, and for pages that have a worker of their own. Default `worker`.
   */
  readonly host?: "worker" | "http";
  /** Of the pages under test; default `baseURL`. Only `worker` needs it. */
  readonly site?: string;
  /** Path that all URLs of the origin stand under. Default `/live/`. The first stream of a test says it for all. */
  readonly base?: string;
  /** Keeps streams on disk, with a playlist of all that is kept (`dvrUrl`). Only of `worker`; the first stream of a test says it for all. Default false. */
  readonly dvr?: boolean | { readonly windowMs: number };
}

/** Starts the streams of one test, and ends them with it. */
export interface LiveOriginStarter {
  /**
   * Starts a stream, whose history can be played at once.
   * @throws RelayError `invalid-option`: what was expected, and what came
   */
  start(options?: LiveOriginOptions): Promise<LiveOrigin>;
}

/** What a test asks for. */
export interface LiveOriginFixtures {
  /** Origins of this test. */
  readonly liveOrigin: LiveOriginStarter;
}

/**
 * Fixtures for a Playwright test of your own.
 *
 * @example
 * ```ts
 * import { test as base, expect as baseExpect } from "@playwright/test";
 * import { type LiveOriginFixtures, liveOriginFixtures, originMatchers } from "eddy-hls/testing";
 *
 * export const test = base.extend<LiveOriginFixtures>(liveOriginFixtures);
 * export const expect = baseExpect.extend(originMatchers);
 * ```
 */
export const liveOriginFixtures: {
  readonly liveOrigin: TestFixture<LiveOriginStarter, LiveOriginFixtures & PlaywrightTestArgs & PlaywrightTestOptions>;
} = {
  liveOrigin: async ({ context, baseURL, serviceWorkers }, use, testInfo) => {
    const origins = new Origins({ context, baseURL, serviceWorkers });
    await use(origins);
    await origins.close(testInfo);
  },
};

/** The origins of one test. */
class Origins implements LiveOriginStarter {
  readonly #given: { readonly context: BrowserContext } & Pick<PlaywrightTestOptions, "baseURL" | "serviceWorkers">;
  readonly #hosts = new Map<string, Promise<OriginHost>>();
  readonly #started: LiveOrigin[] = [];

  constructor(given: { readonly context: BrowserContext } & Pick<PlaywrightTestOptions, "baseURL" | "serviceWorkers">) {
    this.#given = given;
  }

  async start(options: LiveOriginOptions = {}): Promise<LiveOrigin> {
    const { host = "worker", site, base = "/live/", dvr, ...stream } = options;
    checkOneOf("host", host, ["worker", "http"]);
    // Here first: an error of a page would come as text.
    const { plan } = await planOrigin(stream, { hasWorker: host === "worker" });
    const known = this.#hosts.get(host) ?? this.#open(host, { site, base, dvr });
    this.#hosts.set(host, known);
    known.catch(() => this.#hosts.delete(host));
    const origin = new LiveOrigin(await (await known).start(stream), plan.world);
    this.#started.push(origin);
    return origin;
  }

  #open(host: "worker" | "http", { site, base, dvr = false }: Where): Promise<OriginHost> {
    const { context, baseURL, serviceWorkers } = this.#given;
    if (host === "http") {
      if (dvr !== false) throw new RelayError("invalid-option", 'dvr: expected host "worker", got "http"');
      return Promise.resolve(openHttpHost({ base }));
    }
    const under = site ?? baseURL;
    if (under === undefined) {
      throw new RelayError(
        "invalid-option",
        "site: expected the URL of the pages under test, or use.baseURL, got neither",
      );
    }
    if (serviceWorkers === "block") {
      throw new RelayError("invalid-option", 'serviceWorkers: expected "allow", got "block"; host: "http" needs none');
    }
    return openWorkerHost({ context, site: under, base, dvr: dvr === true ? {} : dvr });
  }

  /** A test that failed says what happened. */
  async close(testInfo: TestInfo): Promise<void> {
    if (testInfo.status !== testInfo.expectedStatus) {
      for (const origin of this.#started) {
        const trace = await origin.trace().catch((error: unknown) => String(error));
        const body = JSON.stringify(trace, undefined, 2);
        await testInfo.attach(`live-origin-${origin.name}.json`, { body, contentType: "application/json" });
      }
    }
    for (const host of this.#hosts.values()) {
      await host.then(
        (opened) => opened.close(),
        () => undefined, // start() has said why
      );
    }
  }
}

interface Where {
  readonly site: string | undefined;
  readonly base: string;
  readonly dvr: LiveOriginOptions["dvr"];
}
