import { readFileSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";
import { createMatch } from "../src/http/handler.ts";
import { cutFragments } from "../src/node/fragments.test-support.ts";
import { serveNode } from "../src/node/serve-node.ts";
import { Playlists } from "../src/origin/playlists.ts";
import { ffmpeg, publishFile } from "./support.ts";

const PART_MS = 400;
/** Four segments of two seconds are there when the player comes. */
const PARTS_FIRST = 22;

/** H.264 and AAC, a key frame every two seconds, a fragment for each part. */
function makeClip(path: string): void {
  const picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25"];
  const sound = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"];
  const video = [
    "-pix_fmt",
    "yuv420p",
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-profile:v",
    "baseline",
    "-bf",
    "0",
  ];
  const gop = ["-g", "50", "-keyint_min", "50", "-sc_threshold", "0"];
  const fragments = ["-movflags", "empty_moov+default_base_moof", "-frag_duration", String(PART_MS * 1000)];
  const encoders = [...video, ...gop, "-c:a", "aac"];
  ffmpeg([...picture, ...sound, "-t", "30", ...encoders, ...fragments, "-use_editlist", "0", path]);
}

/** Plays in the browser's own HLS engine; resolves after `forMs` of it, or with its error. */
async function play(page: Page, url: string, forMs: number): Promise<{ positionS: number; error: string }> {
  return page.evaluate(
    async ([src, ms]) => {
      const video = document.createElement("video");
      video.muted = true;
      document.body.append(video);
      const failed = new Promise<void>((done) => video.addEventListener("error", () => done()));
      video.src = src;
      video.play().catch(() => undefined); // told by the element's error
      await Promise.race([failed, new Promise((done) => setTimeout(done, ms))]);
      return { positionS: video.currentTime, error: video.error?.message ?? "" };
    },
    [url, forMs] as const,
  );
}

test("Chromium's native HLS plays a live stream and its end over HTTP, in whole segments", async ({ page }, info) => {
  const path = info.outputPath("clip.mp4");
  makeClip(path);
  const { init, parts } = cutFragments(Uint8Array.from(readFileSync(path)));
  const playlists = new Playlists();
  const options = { partTargetMs: 500, targetDurationMs: 2000, segmentMinMs: 1800 };
  const renditions = [{ id: "main", bandwidth: 500_000 }];
  const rendition = playlists.open("studio", { epoch: "e1", options: { ...options, renditions } }).rendition("main");
  rendition.setInit(init);
  for (const bytes of parts.slice(0, PARTS_FIRST)) rendition.addPart({ bytes });
  const later = parts.slice(PARTS_FIRST, PARTS_FIRST + 20);
  const timer = setInterval(() => {
    const bytes = later.shift();
    if (bytes !== undefined) rendition.addPart({ bytes });
    else if (!rendition.ended) rendition.end();
  }, PART_MS);
  const asked: string[] = [];
  const match = createMatch(playlists);
  const server = await serveNode((request) => {
    asked.push(new URL(request.url).pathname);
    // The page is of the relay's own origin, and no worker controls it.
    return (
      match(request) ?? Promise.resolve(new Response("<!doctype html>", { headers: { "content-type": "text/html" } }))
    );
  });
  try {
    await page.goto(server.url);
    const { positionS, error } = await play(page, `${server.url}live/studio/main.m3u8`, 15_000);
    expect(error).toBe("");
    expect(positionS).toBeGreaterThan(8);
    // It knows nothing of parts: docs/players.md has to be told when it does.
    expect(asked.filter((one) => one.includes("/part-"))).toEqual([]);
    expect(new Set(asked.filter((one) => one.includes("/seg-"))).size).toBeGreaterThan(5);
  } finally {
    clearInterval(timer);
    await server.close();
  }
});

test("Chromium's native HLS does not play what a Service Worker answers", async ({ context }, info) => {
  const path = info.outputPath("clip.mp4");
  makeClip(path);
  await publishFile(context, { name: "native", path, partTargetMs: 500 });
  const page = await context.newPage();
  await page.goto("/");
  // A version that does play it fails here, and docs/players.md has to be told.
  expect((await play(page, "/live/native/main.m3u8", 15_000)).error).toContain("DEMUXER_ERROR_COULD_NOT_PARSE");
});
