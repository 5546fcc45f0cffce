import { mkdirSync } from "node:fs";
import { type BrowserContext, expect, type Page, type TestInfo, test } from "@playwright/test";
import type { StudioSource } from "./kit/studio.ts";
import { serveKit } from "./kit-site.ts";
import type { Site } from "./site.ts";
import { BLINK_MS, ffmpeg, type Playback, playback, readClock, watch } from "./support.ts";
import { validateInPage } from "./validated.ts";

// Small, since this machine may have no encoder but its processor.
const PATTERN = { kind: "pattern", width: 320, height: 180, frameRate: 20 } as const;
const CAMERA = { kind: "camera", width: 320, height: 180, frameRate: 20 } as const;
const X264 = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-sc_threshold", "0"];

let site: Site;
test.beforeAll(async () => {
  site = await serveKit({ pages: ["/e2e/kit/studio.html"] });
});
test.afterAll(() => site.close());

async function openStudio(context: BrowserContext): Promise<Page> {
  await context.grantPermissions(["camera", "microphone"], { origin: site.url });
  const page = await context.newPage();
  await page.goto(`${site.url}/e2e/kit/studio.html`);
  await page.waitForFunction(() => "studio" in window);
  return page;
}

/** A film of colour bars that move, with a tone, made for this test. */
function film(info: TestInfo, name: string, { seconds = 4, size = "320x180", hz = 440, rate = 20 } = {}): string {
  mkdirSync(info.outputDir, { recursive: true });
  const path = info.outputPath(name);
  ffmpeg([
    ...["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${rate}`],
    ...["-f", "lavfi", "-i", `sine=frequency=${hz}:sample_rate=48000`],
    ...["-t", String(seconds), ...X264, "-g", String(rate), "-c:a", "aac", path],
  ]);
  return path;
}

const start = (page: Page, options: { source: StudioSource; renditions?: { height?: number }[] }) =>
  page.evaluate((given) => window.studio.start("studio", { partTargetMs: 333, ...given }), options);
const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));

/** Whether the picture is the test pattern: it has a clock that can be read. */
const showsPattern = (page: Page): Promise<boolean> =>
  readClock(page).then(
    () => true,
    () => false,
  );

/** How long a viewer stood still from one look to the other, and how far it got. */
async function between(page: Page, before: Playback): Promise<{ stalledMs: number; playedMs: number }> {
  const now = await playback(page);
  return { stalledMs: now.stalledMs - before.stalledMs, playedMs: now.positionMs - before.positionMs };
}

test("a viewer goes on from the pattern to a camera, a file and back, without a stall", async ({ context }, info) => {
  test.setTimeout(60_000);
  const studio = await openStudio(context);
  await studio.setInputFiles("#files", film(info, "film.mp4", { size: "480x270", rate: 25 }));
  await start(studio, { source: PATTERN });
  const { page, errors } = await watch(context, "studio", { origin: site.url });
  await seconds(3);
  const before = await playback(page);
  expect(await showsPattern(page)).toBe(true);

  await studio.evaluate((source) => window.studio.switchSource(source), CAMERA);
  expect(await studio.evaluate(() => window.studio.hasPreview())).toBe(true);
  await expect.poll(() => showsPattern(page)).toBe(false);
  await seconds(3);

  await studio.evaluate(() => window.studio.switchSource({ kind: "picked", loop: true }));
  expect(await studio.evaluate(() => window.studio.hasPreview())).toBe(false);
  await seconds(6);
  expect(await studio.evaluate(() => window.studio.stats().playing)).toMatchObject({ index: 0, name: "film.mp4" });

  // What cannot be opened changes nothing.
  const refused = studio.evaluate(() =>
    window.studio.switchSource({ kind: "file", file: new Blob(["this is not a film"]) }),
  );
  await expect(refused).rejects.toThrow(/no video or audio file/);
  await seconds(1);
  expect(await showsPattern(page)).toBe(false);

  await studio.evaluate((source) => window.studio.switchSource(source), PATTERN);
  await expect.poll(() => showsPattern(page)).toBe(true);
  await seconds(2);
  const { stalledMs, playedMs } = await between(page, before);
  console.log(
    `${info.title}: ${JSON.stringify({ stalledMs, playedMs, stats: await studio.evaluate(() => window.studio.stats()) })}`,
  );
  expect(stalledMs, "stood still").toBeLessThanOrEqual(BLINK_MS);
  expect(playedMs).toBeGreaterThan(14_000);
  expect(errors).toEqual([]);
  expect(await studio.evaluate(() => window.studio.warnings)).toEqual([]);
  await studio.evaluate(() => window.studio.stop());
});

/** How bright the picture is near its corner, where the pattern has a light bar. */
const cornerLuma = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const context = new OffscreenCanvas(32, 18).getContext("2d", { willReadFrequently: true });
    const video = document.querySelector("video");
    if (video === null || context === null) throw new Error("there is no picture to read");
    context.drawImage(video, 0, 0, 32, 18);
    return context.getImageData(1, 1, 1, 1).data[1] ?? 0;
  });

test("without MediaStreamTrackProcessor a canvas and a camera go on the air too, and are freed", async ({
  context,
}, info) => {
  test.setTimeout(90_000);
  await context.addInitScript(() => Reflect.deleteProperty(globalThis, "MediaStreamTrackProcessor"));
  const studio = await openStudio(context);
  expect(await studio.evaluate(() => "MediaStreamTrackProcessor" in globalThis)).toBe(false);
  await start(studio, { source: { kind: "canvas" } });
  const { page, errors } = await watch(context, "studio", { origin: site.url });
  await seconds(4);
  const before = await playback(page);
  const { nowMs, shownMs } = await readClock(page);
  expect(nowMs - shownMs, "what is shown is what the canvas was a moment ago").toBeLessThan(before.latencyMs + 1_000);
  // The tone is at a quarter of full scale, -12 dB.
  const toneDb = await studio.evaluate(() => window.studio.peakDb(1_200));
  expect(toneDb).toBeGreaterThan(-16);
  expect(toneDb).toBeLessThan(-8);
  const canvas = await studio.evaluate(() => window.studio.stats());

  await studio.evaluate((source) => window.studio.switchSource(source), CAMERA);
  await expect.poll(() => showsPattern(page)).toBe(false);
  await seconds(2);
  const camera = await studio.evaluate(() => window.studio.stats());
  await studio.evaluate(() => window.studio.switchSource({ kind: "canvas" }));
  await expect.poll(() => showsPattern(page)).toBe(true);
  await seconds(1);

  const stood = await between(page, before);
  const figures = ({ framesPerSecond, droppedFrames, driftMs }: typeof canvas) => ({
    framesPerSecond,
    droppedFrames,
    driftMs,
  });
  console.log(
    `${info.title}: ${JSON.stringify({ pictureMs: nowMs - shownMs, latencyMs: before.latencyMs, toneDb, canvas: figures(canvas), camera: figures(camera), stood })}`,
  );
  expect(canvas.framesPerSecond).toBeGreaterThan(18);
  expect(camera.framesPerSecond).toBeGreaterThan(18);
  expect(stood.stalledMs, "stood still").toBeLessThanOrEqual(BLINK_MS);
  expect(errors).toEqual([]);
  expect(await studio.evaluate(() => window.studio.warnings)).toEqual([]);
  await studio.evaluate(() => window.studio.stop());
  expect(await studio.evaluate(() => window.studio.trackStates())).toEqual(["ended", "ended"]);
});

test("a browser that has neither that nor VideoFrame is told so", async ({ context }) => {
  await context.addInitScript(() => {
    for (const name of ["MediaStreamTrackProcessor", "VideoFrame"]) Reflect.deleteProperty(globalThis, name);
  });
  const studio = await openStudio(context);
  await expect(start(studio, { source: CAMERA })).rejects.toThrow(
    /expected MediaStreamTrackProcessor or VideoFrame, which publishing a camera needs/,
  );
});

test("muted it is silent, paused it shows a slate, and its viewers go on", async ({ context }, info) => {
  const studio = await openStudio(context);
  await start(studio, { source: PATTERN });
  const { page, errors } = await watch(context, "studio", { origin: site.url });
  await seconds(3);
  const before = await playback(page);
  const peak = () => studio.evaluate(() => window.studio.peakDb(1_200));

  // The beep of the pattern is at a quarter of full scale.
  expect(await peak()).toBeGreaterThan(-16);
  await studio.evaluate(() => window.studio.setMuted(true));
  await seconds(0.3);
  expect(await peak()).toBeLessThan(-90);
  await studio.evaluate(() => window.studio.setMuted(false));
  expect(await peak()).toBeGreaterThan(-16);

  expect(await cornerLuma(page)).toBeGreaterThan(120);
  await studio.evaluate(() => window.studio.setPaused(true));
  await expect.poll(() => cornerLuma(page)).toBeLessThan(60);
  await page.screenshot({ path: info.outputPath("slate.png") });
  expect(await peak()).toBeLessThan(-90);
  expect(await studio.evaluate(() => window.studio.stats())).toMatchObject({ paused: true, muted: false });
  await studio.evaluate(() => window.studio.setPaused(false));
  await expect.poll(() => cornerLuma(page)).toBeGreaterThan(120);
  expect(await peak()).toBeGreaterThan(-16);

  const { load, framesPerSecond, driftMs } = await studio.evaluate(() => window.studio.stats());
  console.log(`${info.title}: ${JSON.stringify({ load, framesPerSecond, driftMs })}`);
  expect(load).toBeGreaterThan(0);
  expect(load).toBeLessThan(1);
  expect(framesPerSecond).toBeGreaterThan(18);
  expect((await between(page, before)).stalledMs, "stood still").toBeLessThanOrEqual(BLINK_MS);
  expect(errors).toEqual([]);
  await studio.evaluate(() => window.studio.stop());
});

test("a file that passes as it is can pause and be switched away, and no MUST is broken", async ({ context }, info) => {
  test.setTimeout(90_000);
  const studio = await openStudio(context);
  await studio.setInputFiles("#files", film(info, "film.mp4", { seconds: 30, rate: 25 }));
  await start(studio, { source: { kind: "picked" } });
  const { page, errors } = await watch(context, "studio", { origin: site.url });
  const judge = await context.newPage();
  await judge.goto(site.url);
  const judged = validateInPage(judge, "/live/studio/main.m3u8", { durationMs: 22_000 });
  await seconds(3);
  const before = await playback(page);
  // Packets that pass are decoded beside, for the meter.
  expect(await studio.evaluate(() => window.studio.peakDb(1_000))).toBeGreaterThan(-40);
  await studio.evaluate(() => window.studio.setMuted(true));
  await seconds(0.5);
  expect(await studio.evaluate(() => window.studio.peakDb(1_000))).toBeLessThan(-60);
  await studio.evaluate(() => window.studio.setMuted(false));

  await studio.evaluate(() => window.studio.setPaused(true));
  await expect.poll(() => cornerLuma(page)).toBeLessThan(60);
  await seconds(1);
  await studio.evaluate(() => window.studio.setPaused(false));
  await seconds(3);
  await studio.evaluate((source) => window.studio.switchSource(source), PATTERN);
  await expect.poll(() => showsPattern(page)).toBe(true);
  const report = await judged;
  const stood = await between(page, before);
  console.log(`${info.title}: ${JSON.stringify({ stood, findings: report.findings })}`);
  expect(report.failure).toBeUndefined();
  expect(report.findings.filter(({ level }) => level === "MUST")).toEqual([]);
  // The switch was seen: something was there to judge.
  expect(report.rules.find(({ rule }) => rule === 41)?.occasions).toBeGreaterThan(0);
  expect(stood.stalledMs, "stood still").toBeLessThanOrEqual(BLINK_MS);
  expect(errors).toEqual([]);
  expect(await studio.evaluate(() => window.studio.warnings)).toEqual([]);
  await studio.evaluate(() => window.studio.stop());
});

test("of two renditions a player plays either, and changes from one to the other", async ({ context }, info) => {
  test.setTimeout(90_000);
  const studio = await openStudio(context);
  const renditions = await start(studio, { source: PATTERN, renditions: [{ height: 180 }, { height: 90 }] });
  expect(renditions).toMatchObject([
    { id: "180p", width: 320, height: 180 },
    { id: "90p", width: 160, height: 90 },
    { id: "sound", kind: "audio" },
  ]);
  const { page, errors } = await watch(context, "studio", { origin: site.url });
  const judge = await context.newPage();
  await judge.goto(site.url);
  const judged = validateInPage(judge, "/live/studio/main.m3u8", { durationMs: 20_000 });
  await seconds(3);
  const before = await playback(page);
  for (const height of [90, 180]) {
    await page.evaluate((lines) => {
      const { hls } = window as unknown as {
        hls: { nextLevel: number; levels: readonly { readonly height: number }[] };
      };
      hls.nextLevel = hls.levels.findIndex((level) => level.height === lines);
    }, height);
    await expect.poll(() => page.evaluate(() => document.querySelector("video")?.videoHeight)).toBe(height);
    await seconds(2);
  }
  await studio.evaluate((source) => window.studio.switchSource(source), CAMERA);
  await expect.poll(() => showsPattern(page)).toBe(false);
  const report = await judged;
  const stood = await between(page, before);
  const { renditions: encoded } = await studio.evaluate(() => window.studio.stats());
  console.log(`${info.title}: ${JSON.stringify({ stood, encoded, findings: report.findings })}`);
  expect(encoded.map(({ id }) => id)).toEqual(["180p", "90p"]);
  expect(report.failure).toBeUndefined();
  expect(report.findings.filter(({ level }) => level === "MUST")).toEqual([]);
  expect(stood.stalledMs, "stood still").toBeLessThanOrEqual(BLINK_MS);
  expect(errors).toEqual([]);
  await studio.evaluate(() => window.studio.stop());
});

test("files play one after the other, and the next one on demand", async ({ context }, info) => {
  test.setTimeout(90_000);
  const studio = await openStudio(context);
  await studio.setInputFiles("#files", [
    film(info, "one.mp4", { seconds: 6 }),
    film(info, "two.mp4", { seconds: 6, size: "240x240", rate: 25, hz: 880 }),
    film(info, "three.mp4", { seconds: 6, rate: 30 }),
  ]);
  await start(studio, { source: { kind: "picked", loop: true } });
  const playing = () => studio.evaluate(() => window.studio.stats().playing?.name);
  const { page, errors } = await watch(context, "studio", { origin: site.url });
  const before = await playback(page);
  await expect.poll(playing).toBe("one.mp4");
  await expect.poll(playing).toBe("two.mp4");
  await studio.evaluate(() => window.studio.next());
  await expect.poll(playing).toBe("three.mp4");
  await expect.poll(playing).toBe("one.mp4");
  await seconds(3);
  const stood = await between(page, before);
  console.log(`${info.title}: ${JSON.stringify(stood)}`);
  expect(stood.stalledMs, "stood still").toBeLessThanOrEqual(BLINK_MS);
  expect(errors).toEqual([]);
  expect(await studio.evaluate(() => window.studio.warnings)).toEqual([]);
  await studio.evaluate(() => window.studio.stop());
});

test("a machine is told what it encodes in real time, within seconds", async ({ context }, info) => {
  const studio = await openStudio(context);
  const { measures, tookMs } = await studio.evaluate(async () => {
    const startMs = performance.now();
    const measures = await window.studio.measureEncoding({ width: 1280, height: 720, frameRate: 30 });
    return { measures, tookMs: performance.now() - startMs };
  });
  console.log(`${info.title}: ${JSON.stringify({ measures, tookMs })}`);
  expect(measures.map(({ height }) => height)).toEqual([720, 480, 360]);
  for (const { load, codec } of measures) {
    expect(load).toBeGreaterThan(0);
    expect(codec).toMatch(/^(avc1|vp09|av01)/);
  }
  const loads = measures.map(({ load }) => load);
  expect(loads).toEqual([...loads].sort((a, b) => b - a));
});
