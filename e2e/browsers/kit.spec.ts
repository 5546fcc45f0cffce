import { readFile } from "node:fs/promises";
import { readFrameNumber } from "eddy-hls/testing";
import { type Site, serveBuild } from "../site.ts";
import { expect, SMALL, test } from "../testing-kit/players.ts";
import { VIEWERS } from "../viewers.ts";
import { CANDIDATES, openOrSkip } from "./candidates.ts";
import type { DrivenBrowser, Tab } from "./tab.ts";

const PAGE = '<!doctype html><script src="/hls.js"></script><video muted playsinline width="320" height="180"></video>';
const [hls] = VIEWERS;

/** The number that stands in the picture; undefined where none can be read now. */
function frameShown(tab: Tab): Promise<number | undefined> {
  const look = (read: string): number | undefined => {
    const video = document.querySelector("video");
    const { videoWidth: width = 0, videoHeight: height = 0 } = video ?? {};
    if (video === null || width === 0) return undefined;
    const drawing = new OffscreenCanvas(width, height).getContext("2d");
    // WebKit draws a video black until a frame has been taken of it.
    const frame = new VideoFrame(video);
    drawing?.drawImage(frame, 0, 0);
    frame.close();
    return new Function("pixels", `return (${read})(pixels)`)(drawing?.getImageData(0, 0, width, height));
  };
  return tab.evaluate(look, String(readFrameNumber)).catch(() => undefined);
}

for (const candidate of CANDIDATES) {
  test.describe(`${candidate.name}, and the testing kit`, () => {
    let driven: DrivenBrowser | undefined;
    let site: Site | undefined;

    test.beforeAll(async () => {
      driven = await openOrSkip(candidate);
      const script = await readFile(hls?.script ?? "", "utf8");
      site = await serveBuild({
        files: new Map([
          ["/player.html", PAGE],
          ["/hls.js", script],
        ]),
      });
    });

    test.afterAll(async () => {
      site?.close();
      await driven?.close();
    });

    test("what its HTTP server serves is played, and played on when it has failed for a while", async ({
      liveOrigin,
    }) => {
      if (driven === undefined || site === undefined || hls === undefined) throw new Error("there is no browser");
      const origin = await liveOrigin.start({ ...SMALL, host: "http" });
      const tab = await driven.newTab();
      await tab.goto(`${site.url}/player.html`);
      await tab.evaluate(hls.open, origin.url);
      const untilFrame = (frame: number) =>
        expect.poll(async () => (await frameShown(tab)) ?? 0, { timeout: 20_000 }).toBeGreaterThan(frame);
      await untilFrame(0);
      const first = (await frameShown(tab)) ?? 0;
      await untilFrame(first + 60);
      await expect(origin).toHaveRequested({ kind: "part" });

      await origin.faults.add({ kind: "status", status: 503, durationMs: 1_500 });
      const failed = async () => (await origin.trace()).requests.filter(({ status }) => status === 503).length;
      await expect.poll(failed).toBeGreaterThan(0);
      const then = (await frameShown(tab)) ?? 0;
      // Two seconds and more after the failure is over.
      await untilFrame(then + 120);
      const errors = await tab.evaluate(() => window.viewing?.errors ?? []);
      console.log(
        `${driven.version}: frame ${then} when it failed; ${await failed()} answers of 503; hls.js: ${errors}`,
      );
      expect(errors.filter((error) => error.startsWith("FATAL"))).toEqual([]);
      await tab.close();
    });
  });
}
