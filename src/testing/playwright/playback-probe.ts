import type { Page } from "@playwright/test";
import { readFrameNumber } from "../media/read-frame-number.ts";
import type { OriginTrace } from "../origin-trace.ts";
import {
  frameAt,
  type LatencySample,
  latenciesOf,
  type PlaybackRecord,
  type Stall,
  stallsOf,
} from "../playback-report.ts";
import { probePage } from "./probe-page.ts";

/** What is watched. */
export interface ProbeOptions {
  /** CSS selector of the video element, which may come later, and may be another one later. Default `video`. */
  readonly video?: string;
}

/** What a probe has seen, and what follows from it. */
export interface Playback extends PlaybackRecord {
  /** Where the position stood still, from its first movement on. */
  readonly stalls: readonly Stall[];
  /** How old pictures were when they were shown, by the numbers in them. Empty with a clock by hand. */
  readonly latencies: readonly LatencySample[];
  /** The number of the frame that was shown at a time of the wall clock. */
  frameAt(atMs: number): number | undefined;
}

/** Watches the video element of a page under test, whichever player moves it. */
export class PlaybackProbe {
  /** The page that is watched. */
  readonly page: Page;
  readonly #selector: string;
  readonly #trace: () => Promise<OriginTrace>;

  /**
   * Use `origin.watch(page)`.
   * @internal
   */
  constructor(page: Page, trace: () => Promise<OriginTrace>, { video = "video" }: ProbeOptions = {}) {
    this.page = page;
    this.#selector = video;
    this.#trace = trace;
  }

  /** Begins to watch, in this page and in those that it goes to. */
  async start(): Promise<void> {
    const script = `(${probePage})(${JSON.stringify(this.#selector)}, ${readFrameNumber});`;
    await this.page.addInitScript(script);
    await this.page.evaluate(script);
  }

  /** All that was seen so far. */
  async playback(): Promise<Playback> {
    const trace = await this.#trace();
    const record = await this.page.evaluate((selector) => window.eddyPlayback?.[selector], this.#selector);
    if (record === undefined)
      throw new Error("expected a page that is watched, got one that was not: call start() first");
    return {
      ...record,
      stalls: stallsOf(record),
      latencies: latenciesOf(record, trace),
      frameAt: (atMs) => frameAt(record, atMs),
    };
  }
}
