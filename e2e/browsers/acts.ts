import { expect, type Page } from "@playwright/test";
import { type Playback, playback, readClock } from "../support.ts";
import type { Tab } from "./tab.ts";

/** For helpers of the other tests that do nothing but evaluate. */
export const asPage = (tab: Tab): Page => tab as unknown as Page;

/** Of a view, as the demo tells it. */
export function stateOf(tab: Tab, view: "watch" | "publish"): Promise<string | undefined> {
  return tab.evaluate((name) => document.querySelector<HTMLElement>(`.${name}`)?.dataset.state, view);
}

export async function press(tab: Tab, name: string): Promise<void> {
  const pressed = (): Promise<boolean> =>
    tab.evaluate((text) => {
      const button = [...document.querySelectorAll("button")].find(({ ariaLabel, textContent }) =>
        [ariaLabel, textContent].some((each) => each?.trim().startsWith(text)),
      );
      button?.click();
      return button !== undefined;
    }, name);
  await expect.poll(pressed).toBe(true);
}

/** Resolves once pictures have moved for a second. */
export async function untilMoving(tab: Tab): Promise<Playback> {
  await expect.poll(() => stateOf(tab, "watch"), { timeout: 40_000 }).toBe("playing");
  const { positionMs } = await playback(asPage(tab));
  await expect.poll(async () => (await playback(asPage(tab))).positionMs).toBeGreaterThan(positionMs + 1_000);
  return playback(asPage(tab));
}

/** Reads the clock in the picture, and the wall clock beside it. WebKit draws a video black until a frame has been taken of it, and has none at times. */
export async function clockOf(tab: Tab): Promise<{ readonly nowMs: number; readonly shownMs: number }> {
  let clock: { readonly nowMs: number; readonly shownMs: number } | undefined;
  const read = async (): Promise<boolean> => {
    clock = await readClock(asPage(tab)).catch(() => undefined);
    if (clock === undefined) {
      const take = () => new VideoFrame(document.querySelector("video") as HTMLVideoElement).close();
      await tab.evaluate(take).catch(() => undefined);
    }
    return clock !== undefined;
  };
  await expect.poll(read, { message: "a clock that can be read" }).toBe(true);
  return clock ?? { nowMs: 0, shownMs: 0 };
}

/** The picture that is shown now, made small. WebKit as above. */
export async function pictureOf(tab: Tab): Promise<string> {
  let picture: string | undefined;
  const look = async (): Promise<boolean> => {
    picture = await takePicture(tab).catch(() => undefined);
    return picture !== undefined;
  };
  await expect.poll(look, { message: "a picture that can be taken" }).toBe(true);
  return picture ?? "";
}

function takePicture(tab: Tab): Promise<string> {
  return tab.evaluate(() => {
    const context = new OffscreenCanvas(16, 9).getContext("2d");
    const frame = new VideoFrame(document.querySelector("video") as HTMLVideoElement);
    context?.drawImage(frame, 0, 0, 16, 9);
    frame.close();
    return String(context?.getImageData(0, 0, 16, 9).data);
  });
}

/** From what the player aims at. */
export async function behindMs(tab: Tab): Promise<number> {
  const { latencyMs, targetLatencyMs } = await playback(asPage(tab));
  return latencyMs - targetLatencyMs;
}

/** Of the worker that answers now: another has another. */
export function workerId(tab: Tab): Promise<string | undefined> {
  return tab.evaluate(async () => (await window.eddy?.relay.diagnostics.trace())?.worker);
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
