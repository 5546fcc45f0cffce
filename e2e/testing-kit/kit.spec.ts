import type { Page } from "@playwright/test";
import { readFrameNumber, requestsOf } from "eddy-hls/testing";
import { VIEWERS } from "../viewers.ts";
import { expect, SMALL, test } from "./players.ts";

const [hls] = VIEWERS;
/** Of the site, shown as text: a page that runs nothing of its own. */
const TEXT = "/sw.js";

/** A page of the site that holds a video, and hls.js. */
async function openPlayer(page: Page, url: string): Promise<void> {
  if (hls === undefined) throw new Error("there is no hls.js");
  // From the server itself: what a test fulfils may not reach this machine over the network.
  await page.goto(TEXT);
  await page.setContent('<video muted playsinline width="320" height="180"></video>');
  await page.addScriptTag({ path: hls.script });
  await page.evaluate(hls.open, url);
}

const text = (page: Page, url: string): Promise<string> =>
  page.evaluate(async (asked) => (await fetch(asked)).text(), url);

test("a player behind an HTTP server of the test plays, and its screenshot says which frame it shows", async ({
  page,
  liveOrigin,
}) => {
  const origin = await liveOrigin.start({ ...SMALL, host: "http" });
  await openPlayer(page, origin.url);
  const probe = await origin.watch(page);
  await expect(probe).toPlayOn({ byMs: 2_000 });
  await expect(probe).toKeepLatencyBelow(5_000);
  await expect(origin).toHaveRequested({ kind: "part" });
  const { shown, latencies, frameAt } = await probe.playback();
  expect(latencies.length).toBe(shown.length);
  expect(frameAt(Date.now())).toBe(shown.at(-1)?.frame);
  const screenshot = await page.locator("video").screenshot();
  const seen = await page.evaluate(
    async ([base64, read]) => {
      const image = new Image();
      image.src = `data:image/png;base64,${base64}`;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      const drawing = canvas.getContext("2d");
      drawing?.drawImage(image, 0, 0);
      return new Function("pixels", `return (${read})(pixels)`)(drawing?.getImageData(0, 0, image.width, image.height));
    },
    [screenshot.toString("base64"), String(readFrameNumber)] as const,
  );
  expect(seen).toBeGreaterThanOrEqual(shown.at(-1)?.frame ?? Number.POSITIVE_INFINITY);
});

test("with a clock by hand nothing comes but what is told, of every kind of media", async ({ page, liveOrigin }) => {
  const origin = await liveOrigin.start({
    media: { codecs: "vp9-opus", video: ["320x180", "160x90"], audio: "separate", subtitles: true },
    partForm: "byterange",
    clock: "manual",
    historyMs: 4_000,
    dvr: true,
  });
  await page.goto(TEXT);
  const playlistOf = (rendition: string): Promise<string> =>
    text(page, new URL(`${rendition}/media.m3u8`, origin.url).href);
  const before = await playlistOf("v0");
  expect(await playlistOf("v0")).toBe(before);
  await origin.clock.advance(30_000);
  expect(await origin.clock.nowMs()).toBe(34_000);
  for (const rendition of ["v0", "v1", "a0", "s0"])
    expect((await playlistOf(rendition)).match(/#EXTINF/g)?.length, rendition).toBeGreaterThan(14);
  expect(await text(page, origin.dvrUrl)).toContain("dvr.m3u8");
});

test("a worker that is killed goes on with the script where it was, and the trace tells all of it", async ({
  page,
  liveOrigin,
}) => {
  const origin = await liveOrigin.start({
    ...SMALL,
    clock: "manual",
    // By hand no part comes by which the page would notice: the stream has to be on the worker's disk.
    dvr: true,
    faults: [{ kind: "status", status: 503, on: { kind: "multivariant", nth: 3 } }],
  });
  await page.goto(TEXT);
  const status = (): Promise<number> => page.evaluate(async (url) => (await fetch(url)).status, origin.url);
  expect([await status(), await status()]).toEqual([200, 200]);
  // What was counted is with the page that publishes, once it has looked.
  await origin.trace();
  await origin.faults.add({ kind: "worker-killed" });
  expect([await status(), await status()]).toEqual([503, 200]);
  const trace = await origin.trace();
  expect(trace.faults.map(({ kind }) => kind)).toEqual(["worker-killed", "status"]);
  expect(requestsOf(trace, { kind: "multivariant" }).map((request) => request.status)).toEqual([200, 200, 503, 200]);
});

test("what is not understood is refused before anything is opened", async ({ context, liveOrigin }) => {
  await expect(liveOrigin.start({ faults: [{ kind: "gap", count: 0 }] })).rejects.toMatchObject({
    code: "invalid-option",
    message: expect.stringContaining("faults[0] (gap).count: expected a number from 1"),
  });
  await expect(liveOrigin.start({ host: "http", dvr: true })).rejects.toThrow(
    'dvr: expected host "worker", got "http"',
  );
  const faults = [{ kind: "worker-killed" }] as const;
  await expect(liveOrigin.start({ host: "http", faults })).rejects.toThrow('expected host "worker"');
  expect(context.pages()).toEqual([]);
});
