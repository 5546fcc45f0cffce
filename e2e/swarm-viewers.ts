import { type Browser, type BrowserContext, expect, type Page } from "@playwright/test";
import { probePlayback } from "./playback-probe.ts";
import { type Endured, watchStalls } from "./stall-watch.ts";
import { collectErrors } from "./support.ts";

/** What a session tells of itself (`window.eddy.session.stats()`), as far as tests look at it. */
export interface SwarmFigures {
  readonly role: "leader" | "follower" | "local";
  readonly bytes: { readonly page: number; readonly peer: number; readonly origin: number };
  readonly parts: { readonly page: number; readonly peer: number; readonly origin: number; readonly missed: number };
  readonly uploadedBytes: number;
  readonly peers: readonly { readonly peer: string }[];
  readonly bans: readonly { readonly peer: string; readonly reason: string }[];
  readonly failures: readonly { readonly reason: string; readonly peer?: string }[];
  readonly distrusted: boolean;
  readonly refused: number;
}

/** With so much in hand it was the machine that was busy, and not the stream that was late: as the player's own meter has it. */
const IN_HAND_MS = 250;
/** A picture of its own size: seven pages that draw larger ones would measure the machine. */
const VIEWPORT = { width: 480, height: 360 };

/** A viewer in a browser context of its own: storage, worker and connections are shared with nobody. */
export interface SwarmViewer {
  readonly name: string;
  readonly context: BrowserContext;
  readonly page: Page;
  readonly startMs: number;
  figures(): Promise<SwarmFigures>;
  /** Begins to watch anew: what was before is tune-in, and not judged. */
  watchFromNow(): Promise<void>;
  /** What it has borne since. */
  seen(): Promise<Seen>;
  /** Ends its process, as a crash does: nobody is told. */
  kill(): Promise<void>;
}

export interface Seen {
  readonly latenciesMs: readonly number[];
  /** With nothing in hand. */
  readonly stallsMs: readonly number[];
  readonly busyStallsMs: readonly number[];
  /** When each of the former began, from the moment that it was watched. */
  readonly stalledAtMs: readonly number[];
  readonly fatal: readonly string[];
  readonly errors: readonly string[];
}

/** Opens a watching page in a new context; resolves once pictures move. */
export async function openSwarmViewer(browser: Browser, name: string, url: string): Promise<SwarmViewer> {
  const context = await browser.newContext({ viewport: VIEWPORT });
  await context.addInitScript(probePlayback);
  const viewer = await watchIn(context, name, url);
  return viewer;
}

/** Opens one more watching page in a context that is there. */
export async function watchIn(context: BrowserContext, name: string, url: string): Promise<SwarmViewer> {
  const page = await context.newPage();
  const errors = collectErrors(page);
  await page.goto(url);
  await page.waitForFunction(() => window.probe?.startMs !== undefined, undefined, { polling: 100, timeout: 30_000 });
  const startMs = await page.evaluate(() => window.probe?.startMs ?? 0);
  let endured: () => Promise<Endured> = () => Promise.resolve({ stalls: [], fatal: [], states: [] });
  return {
    name,
    context,
    page,
    startMs,
    figures: () => swarmFigures(page),
    async watchFromNow() {
      endured = await watchStalls(page);
      await page.evaluate(() => window.probe?.latenciesMs.splice(0));
    },
    async seen() {
      const { stalls, fatal } = await endured();
      const latenciesMs = await page.evaluate(() => window.probe?.latenciesMs ?? []);
      return {
        latenciesMs: latenciesMs.map(Math.round),
        stallsMs: stalls.filter(({ aheadMs }) => aheadMs < IN_HAND_MS).map(({ ms }) => ms),
        stalledAtMs: stalls.filter(({ aheadMs }) => aheadMs < IN_HAND_MS).map(({ atMs }) => atMs),
        busyStallsMs: stalls.filter(({ aheadMs }) => aheadMs >= IN_HAND_MS).map(({ ms }) => ms),
        fatal,
        errors,
      };
    },
    async kill() {
      const session = await context.newCDPSession(page);
      // Never answers: there is nobody left to do it.
      session.send("Page.crash").catch(() => undefined);
      await page.waitForEvent("crash");
      await context.close();
    },
  };
}

/** Of the session that a page holds. */
export async function swarmFigures(page: Page): Promise<SwarmFigures> {
  const figures = await page.evaluate(() => window.eddy?.session?.stats());
  if (figures === undefined) throw new Error("the page has no session");
  return figures as unknown as SwarmFigures;
}

/** Resolves once viewers get their parts from others; all but `roots`, who ask the origin for the rest. */
export async function untilShared(viewers: readonly SwarmViewer[], roots = 0): Promise<void> {
  const served = async (): Promise<number> => {
    const figures = await Promise.all(viewers.map((viewer) => viewer.figures()));
    return figures.filter(({ parts }) => parts.peer > 3).length;
  };
  await expect
    .poll(served, { message: "viewers with parts from peers", timeout: 30_000 })
    .toBeGreaterThanOrEqual(viewers.length - roots);
}

/** Figures of one viewer for the log of a run. */
export function summary({ latenciesMs, stallsMs, stalledAtMs, busyStallsMs }: Seen): Readonly<Record<string, unknown>> {
  const sorted = [...latenciesMs].sort((left, right) => left - right);
  const at = (share: number): number | undefined => sorted[Math.floor((sorted.length - 1) * share)];
  return { p50: at(0.5), p95: at(0.95), most: sorted.at(-1), stallsMs, stalledAtMs, busyStallsMs };
}
