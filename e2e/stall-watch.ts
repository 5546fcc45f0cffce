import type { Page } from "@playwright/test";

export interface Stall {
  readonly ms: number;
  /** From the moment that it was watched. */
  readonly atMs: number;
  /** What was buffered when it began: with media in hand it was the machine that was busy, not the stream that was late. */
  readonly aheadMs: number;
}

/** What a viewer had to bear. */
export interface Endured {
  readonly stalls: readonly Stall[];
  /** Of hls.js, by its own names. */
  readonly fatal: readonly string[];
  /** The page was seen in these states of its own. */
  readonly states: readonly string[];
}

declare global {
  interface Window {
    endured?: { stalls: Stall[]; fatal: string[]; states: string[] };
  }
}

/** Watches the playback of a watching tab from now on, and closer than the player itself does. */
export async function watchStalls(page: Page): Promise<() => Promise<Endured>> {
  await page.evaluate(() => {
    const endured = { stalls: [] as Stall[], fatal: [] as string[], states: [] as string[] };
    window.endured = endured;
    let heard: unknown;
    const video = document.querySelector("video");
    if (video === null) throw new Error("the page has no video element");
    const aheadMs = (): number => {
      const { buffered, currentTime } = video;
      for (let index = 0; index < buffered.length; index++) {
        if (buffered.start(index) <= currentTime + 0.05 && buffered.end(index) >= currentTime)
          return (buffered.end(index) - currentTime) * 1000;
      }
      return 0;
    };
    let position = video.currentTime;
    let movedAtMs = performance.now();
    const startMs = performance.now();
    let stall: { ms: number; atMs: number; aheadMs: number } | undefined;
    setInterval(() => {
      const nowMs = performance.now();
      const state = document.querySelector<HTMLElement>(".watch")?.dataset.state ?? "";
      if (state !== "" && endured.states.at(-1) !== state) endured.states.push(state);
      // The view makes a new player after a fatal error.
      const { hls } = window as { hls?: { on(event: string, listener: (...args: unknown[]) => void): void } };
      if (hls !== undefined && hls !== heard) {
        heard = hls;
        hls.on("hlsError", (_, error) => {
          const { fatal, details } = error as { fatal: boolean; details: string };
          if (fatal) endured.fatal.push(details);
        });
      }
      if (video.currentTime !== position || video.paused || video.ended) {
        position = video.currentTime;
        movedAtMs = nowMs;
        stall = undefined;
        return;
      }
      if (nowMs - movedAtMs < 200) return;
      if (stall === undefined) {
        stall = { ms: 0, atMs: Math.round(movedAtMs - startMs), aheadMs: aheadMs() };
        endured.stalls.push(stall);
      }
      stall.ms = Math.round(nowMs - movedAtMs);
    }, 50);
  });
  return () => page.evaluate(() => window.endured ?? { stalls: [], fatal: [], states: [] });
}
