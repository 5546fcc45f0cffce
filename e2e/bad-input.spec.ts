import { mkdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { expect, type Page, test } from "@playwright/test";
import { ffmpeg, playback, publish, streamStats, watch } from "./support.ts";

/** A stream that is live while something else goes wrong; resolves with a check that it still is. */
async function somethingLive(page: Page): Promise<() => Promise<void>> {
  await publish(page.context(), "healthy");
  return async () => {
    const parts = async () => (await streamStats(page, "healthy"))?.renditionStats[0]?.parts ?? 0;
    const before = await parts();
    await expect.poll(parts).toBeGreaterThan(before + 3);
  };
}

/** The sentence that the page shows a person, with its code. */
async function notice(page: Page, code: string): Promise<string> {
  const shown = page.locator(`.notice[data-code="${code}"]`).first();
  await expect(shown).toBeVisible({ timeout: 20_000 });
  return (await shown.textContent()) ?? "";
}

async function goLiveWithFile(page: Page, path: string): Promise<void> {
  await page.goto("/?publish=broken&source=file");
  await page.setInputFiles("#file", path);
  await page.getByRole("button", { name: "Go live" }).click();
}

test("a file that is no video is refused with a sentence, and what is live goes on", async ({ page }, info) => {
  mkdirSync(info.outputDir, { recursive: true });
  const path = info.outputPath("letter.mp4");
  await writeFile(path, "Dear reader, this is a letter and no film.".repeat(100));
  const goesOn = await somethingLive(page);
  await goLiveWithFile(page, path);
  expect(await notice(page, "unsupported-media")).toMatch(/\w+.*[.]/);
  expect(await streamStats(page, "broken")).toBeUndefined();
  await goesOn();
});

test("a codec that nobody here can play or decode is refused, and named", async ({ page }, info) => {
  mkdirSync(info.outputDir, { recursive: true });
  const path = info.outputPath("mpeg4.mp4");
  ffmpeg(["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-t", "3", "-c:v", "mpeg4", path]);
  const goesOn = await somethingLive(page);
  await goLiveWithFile(page, path);
  expect(await notice(page, "unsupported-media")).toMatch(/mp4v|mpeg-?4/i);
  await goesOn();
});

test("a camera that is refused is a sentence with a way out", async ({ page }) => {
  const goesOn = await somethingLive(page);
  await page.goto("/?publish=cam&source=camera");
  expect(await notice(page, "source-denied")).toContain("allow");
  await goesOn();
});

test("a camera that is unplugged leaves the stream live, with its last picture, and says so", async ({
  page,
  context,
}) => {
  await context.grantPermissions(["camera", "microphone"]);
  // The device cannot be pulled out here; the page is told the way a browser tells it.
  await page.addInitScript(() => {
    const { mediaDevices } = navigator;
    const original = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (constraints) => {
      const stream = await original(constraints);
      Object.assign(window, { unplug: () => stream.getTracks().forEach(unplug) });
      return stream;
    };
    function unplug(track: MediaStreamTrack): void {
      track.stop();
      track.dispatchEvent(new Event("ended"));
    }
  });
  await page.goto("/?publish=cam&source=camera");
  const segments = async () => (await streamStats(page, "cam"))?.renditionStats[0]?.last?.msn ?? 0;
  await expect.poll(segments, { timeout: 20_000 }).toBeGreaterThan(2);
  const viewer = await watch(context, "cam");

  await page.evaluate(() => (window as unknown as { unplug(): void }).unplug());
  expect(await notice(page, "source-lost")).toMatch(/\w+.*[.]/);
  const before = await segments();
  await expect.poll(segments, { timeout: 20_000 }).toBeGreaterThan(before + 2);
  const { positionMs } = await playback(viewer.page);
  await expect.poll(async () => (await playback(viewer.page)).positionMs).toBeGreaterThan(positionMs + 3_000);
});

test("an encoder that dies is started again, and the stream goes on", async ({ page, context }) => {
  // In the capture worker, the encoder fails once in mid-stream, as one does that the browser takes back.
  await page.addInitScript(() => {
    const dying = `
      const Real = self.VideoEncoder;
      let frames = 0;
      self.VideoEncoder = class extends Real {
        #error;
        constructor(init) { super(init); this.#error = init.error; }
        encode(frame, options) {
          if (++frames !== 90) return super.encode(frame, options);
          this.close();
          this.#error(new DOMException("taken back by the test", "EncodingError"));
        }
      };`;
    const scriptUrl = (text: string) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const RealWorker = Worker;
    self.Worker = class extends RealWorker {
      constructor(url: string | URL, options?: WorkerOptions) {
        const wrapped = `import ${JSON.stringify(scriptUrl(dying))}; import ${JSON.stringify(new URL(url, location.href).href)};`;
        super(options?.name === "eddy-capture" ? scriptUrl(wrapped) : url, options);
      }
    };
  });
  await page.goto("/?publish=studio&source=pattern");
  const msn = async () => (await streamStats(page, "studio"))?.renditionStats[0]?.last?.msn ?? 0;
  await expect.poll(msn, { timeout: 20_000 }).toBeGreaterThan(0);
  const viewer = await watch(context, "studio");
  expect(await notice(page, "encoder-failed")).toMatch(/\w+.*[.]/);
  const before = await msn();
  await expect.poll(msn, { timeout: 20_000 }).toBeGreaterThan(before + 2);
  const { positionMs } = await playback(viewer.page);
  await expect.poll(async () => (await playback(viewer.page)).positionMs).toBeGreaterThan(positionMs + 3_000);
});

test("bad init segments and parts are refused with a typed error, and what is live goes on", async ({ page }) => {
  const goesOn = await somethingLive(page);
  await page.goto("/");
  await expect.poll(() => page.evaluate(async () => window.eddy?.relay.streams())).toHaveLength(1);
  const codes = await page.evaluate(async () => {
    const relay = window.eddy?.relay;
    if (relay === undefined) throw new Error("no relay");
    const code = (promise: Promise<unknown>) =>
      promise.then(
        () => "taken",
        (error) => error.code,
      );
    const get = async (uri: string) => new Uint8Array(await (await fetch(`/live/healthy/main/${uri}`)).arrayBuffer());
    const playlist = await (await fetch("/live/healthy/main/media.m3u8")).text();
    const init = await get(/MAP:URI="([^"]+)"/.exec(playlist)?.[1] ?? "");
    const part = await get(/PART:.*?URI="([^"]+)"/.exec(playlist)?.[1] ?? "");
    const renditions = [{ id: "main", codecs: "avc1.42c01e,opus", bandwidth: 1_000_000 }];
    const publisher = await relay.publish("odd", { renditions, partTargetMs: 334, targetDurationMs: 2000 });
    const send = (bytes: Uint8Array<ArrayBuffer>) => code(publisher.part("main", { bytes, durationMs: 334 }));
    const seen = {
      name: await code(relay.publish("no/slash", { renditions })),
      option: await code(relay.publish("other", { renditions: [] })),
      taken: await code(relay.publish("healthy", { renditions })),
      early: await send(part.slice()),
      init: await code(publisher.init("main", part.slice())),
      ok: await code(publisher.init("main", init.slice())),
      noise: await send(crypto.getRandomValues(new Uint8Array(1000))),
      truncated: await send(part.slice(0, part.byteLength / 2)),
      otherTracks: await send(withTrackIds(part, 7)),
      good: await send(part.slice()),
    };
    await publisher.end();
    await relay.remove("odd");
    return seen;

    /** The part with every track fragment header pointing at another track. */
    function withTrackIds(bytes: Uint8Array<ArrayBuffer>, id: number): Uint8Array<ArrayBuffer> {
      const copy = bytes.slice();
      const view = new DataView(copy.buffer);
      for (let at = 4; at < copy.byteLength - 12; at++) {
        if (view.getUint32(at) === 0x74666864) view.setUint32(at + 8, id); // "tfhd"
        if (view.getUint32(at) === 0x6d646174) break; // "mdat"
      }
      return copy;
    }
  });
  expect(codes).toEqual({
    name: "invalid-name",
    option: "invalid-option",
    taken: "stream-exists",
    early: "init-missing",
    init: "malformed-init",
    ok: "taken",
    noise: "malformed-part",
    truncated: "malformed-part",
    otherTracks: "track-mismatch",
    good: "taken",
  });
  await goesOn();
});

test("where no worker can be had, what was begun is stopped, and trying again starts anew", async ({
  page,
  context,
}) => {
  await context.route("**/sw.js", (route) => route.fulfill({ status: 404 }));
  await page.goto("/");
  await page.locator("#show").click();
  await expect(page.locator("#main .notice")).toBeVisible({ timeout: 20_000 });
  await expect.poll(() => page.workers().length, "no capture goes on for nobody").toBe(0);

  await page.goto("/?watch=studio");
  const tryAgain = page.getByRole("button", { name: "Try again" });
  await expect(tryAgain).toBeVisible();
  await context.unroute("**/sw.js");
  await tryAgain.click();
  await expect(page.getByText("studio is not live yet")).toBeVisible();
  await page.waitForFunction(() => window.eddy !== undefined);
});
