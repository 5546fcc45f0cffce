import { Buffer } from "node:buffer";
import { expect, test } from "@playwright/test";
import { KIT, serveKit } from "./kit-site.ts";
import { launchPlain } from "./plain-tabs.ts";
import { fetchWindow, readWindow } from "./window-media.ts";

/** Rounds of the clip before the silence, and in all. */
const [SILENCE_AT, ROUNDS] = [2, 4] as const;

test("a worker that the browser ends because it is idle goes on as if nothing had been, when its silent producer does", async () => {
  test.setTimeout(150_000);
  const { args = [], executablePath } = test.info().project.use.launchOptions ?? {};
  const site = await serveKit();
  // No debugger is attached to a worker here: one would keep it alive.
  const browser = await launchPlain(args, executablePath);
  const isRunning = async (): Promise<boolean> => (await browser.workers()).some((url) => url.startsWith(site.url));
  try {
    const tab = await browser.open(site.url + KIT);
    await expect.poll(() => tab.evaluate("typeof window.kit")).toBe("object");
    const began = await tab.evaluate(`(async () => {
      window.clip = await kit.record(2);
      const relay = await kit.openRelay();
      window.publisher = await kit.publishClip(relay, "studio", clip);
      await kit.publishRounds(publisher, clip, { from: 0, to: ${SILENCE_AT} });
      return clip.parts.length;
    })()`);
    expect(began).toBeGreaterThan(4);
    expect(await isRunning()).toBe(true);

    const silentMs = Date.now();
    await expect.poll(isRunning, { timeout: 90_000, intervals: [500] }).toBe(false);
    const diedAfterMs = Date.now() - silentMs;
    const firstAnswerMs = await tab.evaluate(`(async () => {
      const startMs = performance.now();
      await kit.publishRounds(publisher, clip, { from: ${SILENCE_AT}, to: ${SILENCE_AT + 1} });
      return Math.round(performance.now() - startMs);
    })()`);
    expect(await isRunning()).toBe(true);
    await tab.evaluate(`(async () => {
      await kit.publishRounds(publisher, clip, { from: ${SILENCE_AT + 1}, to: ${ROUNDS} });
      await publisher.end();
    })()`);
    console.log(`idle worker: ended after ${diedAfterMs} ms; the next round was taken in ${firstAnswerMs} ms`);

    const [window] = readWindow(
      (await tab.evaluate(`(${fetchWindow})("studio")`)) as Awaited<ReturnType<typeof fetchWindow>>,
    );
    const sent = (await tab.evaluate(
      "kit.sent.map((bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')))",
    )) as string[];
    expect(sent.length).toBe(Number(began) * ROUNDS);
    expect(window?.media.equals(Buffer.concat(sent.map((base64) => Buffer.from(base64, "base64"))))).toBe(true);
    expect(window?.gaps).toBe(0);
    expect(window?.playlist).not.toContain("#EXT-X-DISCONTINUITY\n");
    expect(await tab.evaluate("publisher.reopened"), "sessions begun anew").toBe(0);

    // The same clip again and again: its clock goes back by its length each time, and its dates go on.
    const clipMs = Number(await tab.evaluate("clip.durationMs"));
    await tab.evaluate(`kit.play("/live/studio/dvr.m3u8", 0)`);
    for (const round of [0, SILENCE_AT - 1, SILENCE_AT, ROUNDS - 1]) {
      await tab.evaluate(`kit.seek(${((round + 0.5) * clipMs) / 1000})`);
      const { shownMs, datedMs } = (await tab.evaluate("kit.clock()")) as { shownMs: number; datedMs: number };
      expect(Math.abs(datedMs - shownMs - round * clipMs), `the clock in round ${round}`).toBeLessThan(150);
    }
  } finally {
    await browser.close();
    site.close();
  }
});
