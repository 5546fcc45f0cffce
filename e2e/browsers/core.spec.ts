import { expect, test } from "@playwright/test";
import type {} from "../kit/studio.ts";
import { serveKit } from "../kit-site.ts";
import type { Site } from "../site.ts";
import { ffmpeg, playback, streamStats, untilServed } from "../support.ts";
import { asPage, behindMs, clockOf, pictureOf, press, seconds, stateOf, untilMoving, workerId } from "./acts.ts";
import { CANDIDATES, openOrSkip, REPORTS } from "./candidates.ts";
import { probeFeatures } from "./features.ts";
import { lookInside } from "./look-inside.ts";
import { Measured } from "./measured.ts";
import { compareSentParts, noteSentParts } from "./sent-parts.ts";
import type { DrivenBrowser, Tab } from "./tab.ts";

const STUDIO = "/e2e/kit/studio.html";

for (const candidate of CANDIDATES) {
  test.describe(candidate.name, () => {
    // What each waits for has a deadline of its own; a machine that is busy is slower than all of them one by one.
    test.describe.configure({ mode: "serial", timeout: 150_000 });
    let driven: DrivenBrowser | undefined;
    let site: Site | undefined;
    let measured: Measured;
    let publisher: Tab;
    let viewer: Tab;

    test.beforeAll(async () => {
      driven = await openOrSkip(candidate);
      measured = new Measured(candidate.name, driven.version);
      site = await serveKit({ pages: [STUDIO] });
      const { url } = site;
      await driven.firstVisit(async (tab) => {
        await tab.goto(`${url}/?settings`);
        await untilServed(asPage(tab));
        measured.features = await tab.evaluate(probeFeatures);
        console.log(`${measured.version}: ${JSON.stringify(measured.features)}`);
      });
    });

    test.afterAll(async () => {
      site?.close();
      await driven?.close();
      if (REPORTS !== undefined && driven !== undefined) measured.write(REPORTS);
    });

    test.afterEach(async ({ browserName: _ }, info) => {
      if (info.status === info.expectedStatus) return;
      for (const tab of [publisher, viewer]) console.log(JSON.stringify(await tab?.evaluate(lookInside).catch(String)));
    });

    const open = async (address: string): Promise<Tab> => {
      if (driven === undefined || site === undefined) throw new Error("there is no browser");
      const tab = await driven.newTab();
      await tab.goto(`${site.url}${address}`);
      return tab;
    };

    test("a tab publishes its pattern, and another one plays it, in parts, as it comes", async () => {
      publisher = await open("/?publish");
      // An automated session of WebKitGTK has its caches in memory, for as long as a process lives that has opened them: the worker's is killed.
      await untilServed(asPage(publisher));
      await publisher.evaluate(noteSentParts);
      await press(publisher, "Go live");
      await expect.poll(() => stateOf(publisher, "publish"), { timeout: 20_000 }).toBe("live");
      await expect
        .poll(async () => (await streamStats(asPage(publisher), "studio"))?.renditionStats[0]?.segments ?? 0, {
          timeout: 20_000,
        })
        .toBeGreaterThan(0);
      const master = await publisher.evaluate(async () => (await fetch("/live/studio/main.m3u8")).text());
      measured.set("publish", /CODECS="([^"]+)"/.exec(master)?.[1] ?? "");

      const openedAtMs = Date.now();
      viewer = await open("/?watch=studio");
      await untilMoving(viewer);
      const startMs = Date.now() - openedAtMs;
      // What tuning in has cost is made up for in some seconds.
      await expect.poll(() => behindMs(viewer), { timeout: 20_000 }).toBeLessThan(500);
      const { latencyMs, loads, partLoads, stalledMs } = await playback(asPage(viewer));
      const { nowMs, shownMs } = await clockOf(viewer);
      expect(nowMs - shownMs, "no encoder holds pictures back that nobody counts").toBeLessThan(latencyMs + 1_000);
      expect(partLoads / loads, "loaded as parts").toBeGreaterThan(0.9);
      measured.set(
        "watch",
        `${seconds(latencyMs)} behind (the picture's clock ${seconds(nowMs - shownMs)}); moving ${seconds(startMs)} after opening; stood still for ${seconds(stalledMs)}`,
      );
      measured.set("parts", `${partLoads} of ${loads} loads are parts`);
      expect(await publisher.errors()).toEqual([]);
      expect(await viewer.errors()).toEqual([]);
    });

    test("one goes back by a key, and comes to the live moment again", async () => {
      await expect
        .poll(async () => (await playback(asPage(viewer))).windowMs, { timeout: 20_000 })
        .toBeGreaterThan(8_000);
      const before = await clockOf(viewer);
      await viewer.type("j");
      await expect.poll(() => behindMs(viewer)).toBeGreaterThan(4_000);
      await untilMoving(viewer);
      const back = await clockOf(viewer);
      expect(back.nowMs - back.shownMs, "the picture is of then").toBeGreaterThan(
        before.nowMs - before.shownMs + 3_000,
      );
      await viewer.type("l");
      await expect.poll(() => behindMs(viewer)).toBeLessThan(2_000);
      await untilMoving(viewer);
      measured.set("rewind", `to ${seconds(back.nowMs - back.shownMs)} behind, and to live again`);
      expect(await viewer.errors()).toEqual([]);
    });

    test("a worker that is ended under a live stream comes back, and no part of it is lost", async () => {
      if (driven === undefined) throw new Error("there is no browser");
      const before = { worker: await workerId(viewer), ...(await playback(asPage(viewer))) };
      const how = await driven.killWorker();
      // What is asked of a process while it goes is lost with it in WebKit: it is asked again.
      const workerNow = (): Promise<string | undefined> => workerId(viewer).catch(() => before.worker);
      await expect.poll(workerNow, { timeout: 25_000 }).not.toBe(before.worker);
      await expect
        .poll(async () => (await playback(asPage(viewer))).positionMs, { timeout: 20_000 })
        .toBeGreaterThan(before.positionMs + 4_000);
      const { stalledMs } = await playback(asPage(viewer));
      await press(publisher, "End the stream");
      await press(publisher, "End now");
      await expect
        .poll(async () => (await streamStats(asPage(publisher), "studio"))?.state, { timeout: 20_000 })
        .toBe("ended");
      const kept = await publisher.evaluate(compareSentParts, "studio");
      measured.set(
        "kill",
        `${how}; ${kept.kept} of ${kept.sent} parts kept, ${kept.resent} sent again; picture stood still for ${seconds(stalledMs - before.stalledMs)}`,
        kept.kept === kept.sent,
      );
      expect(kept).toMatchObject({ kept: kept.sent, faults: [] });
      expect(await publisher.errors()).toEqual([]);
      expect(await viewer.errors()).toEqual([]);
    });

    test("a file is published as it is, without its being encoded", async () => {
      skipWhere(candidate.skipped?.file);
      const path = test.info().outputPath("film.mp4");
      const picture = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30", "-f", "lavfi", "-i", "sine=440"];
      const codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-pix_fmt", "yuv420p", "-c:a", "aac"];
      ffmpeg([...picture, "-t", "4", ...codecs, path]);
      const tab = await open("/?publish=film&source=file");
      await tab.choose("#file", path);
      await press(tab, "Go live");
      await expect
        .poll(async () => (await streamStats(asPage(tab), "film"))?.renditionStats[0]?.segments ?? 0, {
          timeout: 20_000,
        })
        .toBeGreaterThan(0);
      const master = await tab.evaluate(async () => (await fetch("/live/film/main.m3u8")).text());
      const watching = await open("/?watch=film");
      await untilMoving(watching);
      measured.set("file", /CODECS="([^"]+)"/.exec(master)?.[1] ?? "");
      expect(master, "the file's own, from libx264").toContain("avc1.42c01e,mp4a.40.2");
      expect(await tab.errors()).toEqual([]);
      await watching.close();
      await tab.close();
    });

    test("a camera is published with its sound, and another tab plays what it shows", async () => {
      skipWhere(candidate.skipped?.camera);
      const studio = await open(STUDIO);
      await expect.poll(() => studio.evaluate(() => "studio" in window)).toBe(true);
      await studio.evaluate(async () => {
        const source = { kind: "camera", width: 640, height: 360, frameRate: 30 } as const;
        await window.studio.start("camera", { source, partTargetMs: 333 });
      });
      const watching = await open("/?watch=camera");
      await untilMoving(watching);
      await expect.poll(() => behindMs(watching), { timeout: 20_000 }).toBeLessThan(500);
      const { latencyMs } = await playback(asPage(watching));
      const before = await pictureOf(watching);
      await expect.poll(() => pictureOf(watching), { message: "pictures that differ" }).not.toBe(before);
      const { peakDb, stats, hidden, warnings } = await studio.evaluate(async () => ({
        peakDb: await window.studio.peakDb(2_000),
        stats: window.studio.stats(),
        hidden: document.hidden,
        warnings: window.studio.warnings,
      }));
      const rate = stats.framesPerSecond.toFixed(0);
      const seen = hidden ? ", from a tab that is hidden" : "";
      measured.set(
        "camera",
        `${rate} pictures a second, ${seconds(latencyMs)} behind${seen}; sound at ${Math.round(peakDb)} dB`,
      );
      expect(stats.framesPerSecond).toBeGreaterThan(15);
      expect(peakDb, "the tone of the camera's microphone").toBeGreaterThan(-60);
      expect(warnings).toEqual([]);
      await studio.evaluate(() => window.studio.stop());
      await expect.poll(async () => (await streamStats(asPage(watching), "camera"))?.state).toBe("ended");
      expect(await studio.errors()).toEqual([]);
      expect(await watching.errors()).toEqual([]);
      await watching.close();
      await studio.close();
    });

    test("with the server gone, the page opens, and what is kept plays to its end", async () => {
      skipWhere(candidate.skipped?.offline);
      site?.close();
      const watchKept = async (): Promise<string> => {
        const tab = await open("/?watch=studio");
        await expect.poll(() => stateOf(tab, "watch"), { timeout: 20_000 }).toBe("playing");
        const durationS = await tab.evaluate(() => document.querySelector("video")?.duration ?? 0);
        const first = await clockOf(tab);
        await tab.evaluate((end) => {
          const video = document.querySelector("video");
          if (video !== null) video.currentTime = end - 1.5;
        }, durationS);
        await expect.poll(() => stateOf(tab, "watch"), { timeout: 20_000 }).toBe("over");
        const last = await clockOf(tab);
        expect(
          Math.abs(last.shownMs - first.shownMs - durationS * 1000),
          "from the first picture to the last",
        ).toBeLessThan(2_500);
        expect(await tab.errors()).toEqual([]);
        await tab.close();
        return `${durationS.toFixed(1)} s`;
      };
      await viewer.close();
      // As above: what keeps nothing on disk loses it with the page.
      if (driven?.restart !== undefined) await publisher.close();
      measured.set("offline", `the page opens, and plays all of ${await watchKept()}`);
      if (driven?.restart === undefined) {
        measured.set("restart", "not measured: an automated session of it keeps nothing on disk", false);
        return;
      }
      await driven.restart();
      measured.set("restart", `after another start of the browser too, all of ${await watchKept()}`);
    });
  });
}

/** Leaves this test out where there is a reason to: `npm run docs:browsers` runs all of them. */
function skipWhere(reason: string | undefined): void {
  test.skip(reason !== undefined, reason ?? "");
}
