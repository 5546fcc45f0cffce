import { stripVTControlCharacters } from "node:util";
import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { type Broadcast, broadcast, END_AT, GAP_AT, makeClips, NEW_CLIP_AT, SEGMENT_MS, SIZES } from "./broadcast.ts";
import { collectErrors, untilListed } from "./support.ts";
import { type Look, openViewer, VIEWERS, type Viewer } from "./viewers.ts";

/** How long a player must have stayed at the edge before anyone seeks. */
const AT_THE_EDGE_MS = 60_000;
/** From what happens to the look at what came of it. */
const SETTLED_S = 8;
const SEEK_BACK_S = 12;
/** Shaka Player looks into the middle one of what is listed, and fails where that is the segment that still grows. */
const LISTED_FIRST = 4;

test("hls.js, Shaka Player and video.js watch one broadcast of several renditions from its start to its end", async ({
  context,
}, info) => {
  test.setTimeout(240_000);
  const live = await broadcast(context, "players", makeClips(info.outputDir));
  const errors = collectErrors(live.page);
  await untilListed(live.page, "players", LISTED_FIRST);
  const reports = await Promise.all(VIEWERS.map((viewer) => follow(context, viewer, live)));
  await live.ended();
  await info.attach("viewers.json", { body: JSON.stringify(reports), contentType: "application/json" });
  for (const { name, outcomes } of reports) console.log(name, JSON.stringify(outcomes));
  for (const { name, limits, outcomes, looks } of reports) {
    const isNew = Object.entries(outcomes).some(([what, problem]) => problem !== "" && !limits.includes(what));
    // Where it stood, and what it had in hand, tell whose fault it was.
    if (isNew) console.log(name, JSON.stringify(looks));
    for (const [what, problem] of Object.entries(outcomes)) {
      if (!limits.includes(what)) expect.soft(problem, `${name} ${what}`).toBe("");
      else if (problem === "")
        console.log(`${name} ${what} this time: if it always does, docs/players.md has to be told`);
    }
  }
  expect(errors).toEqual([]);
});

interface Report {
  readonly name: string;
  readonly limits: readonly string[];
  /** What was expected, and what came of it: nothing to say where it did. */
  readonly outcomes: Readonly<Record<string, string>>;
  readonly looks: readonly Look[];
}

/** One player, from its start to its end. What fails is noted, and the rest goes on. */
async function follow(context: BrowserContext, viewer: Viewer, live: Broadcast): Promise<Report> {
  const outcomes: Record<string, string> = {};
  const attempt = async (what: string, body: () => Promise<void>): Promise<void> => {
    outcomes[what] = await body().then(
      () => "",
      (error: unknown) => stripVTControlCharacters(String(error)).slice(0, 600),
    );
  };
  const onAirMs = (): number => Date.now() - live.startedAtMs;
  const page = await openViewer(context, viewer);
  const position = async (): Promise<number> => (await look(page)).positionS;
  const width = async (): Promise<number> => (await look(page)).width;

  await attempt("starts", async () => {
    // Shaka Player resolves the playlists' URIs against this one: it must be absolute.
    await page.evaluate(viewer.open, new URL("/live/players/main.m3u8", live.page.url()).href);
    await expect.poll(position, { timeout: 30_000 }).toBeGreaterThan(0);
  });
  const openedAtMs = Date.now();
  await attempt("plays the rendition it was told", () =>
    expect.poll(width, { timeout: 10_000 }).toBe(SIZES.low[0].width),
  );
  await page.evaluate(() => window.viewing?.choose("high"));
  await attempt("switches to another rendition", () =>
    expect.poll(width, { timeout: 20_000 }).toBe(SIZES.high[0].width),
  );

  await passed((GAP_AT + 1) * SEGMENT_MS + SETTLED_S * 1000 - onAirMs());
  await attempt("crosses the gap", () => staysNear(page, viewer.nearS));
  // As a person would: the rest of what it can do is looked at all the same.
  if (outcomes["crosses the gap"] !== "") await page.evaluate(() => window.viewing?.toLive());
  await passed((NEW_CLIP_AT + 1) * SEGMENT_MS + SETTLED_S * 1000 - onAirMs());
  await attempt("crosses the discontinuity", () => staysNear(page, viewer.nearS));
  await attempt("takes the new init segment", async () => {
    // A player may have gone to another rendition to get past the gap.
    const widths: number[] = [SIZES.low[1].width, SIZES.high[1].width];
    await expect.poll(async () => widths.includes(await width()), { timeout: 10_000 }).toBe(true);
  });

  await passed(openedAtMs + AT_THE_EDGE_MS - Date.now());
  await attempt("is at the edge after a minute", () => staysNear(page, viewer.nearS));
  await attempt("seeks back, and plays there", async () => {
    const from = await position();
    await page.evaluate((backS) => {
      const video = document.querySelector("video");
      if (video !== null) video.currentTime -= backS;
    }, SEEK_BACK_S);
    await expect.poll(position, { timeout: 5_000 }).toBeLessThan(from - SEEK_BACK_S / 2);
    const there = await position();
    await expect.poll(position, { timeout: 15_000 }).toBeGreaterThan(there + 2);
  });

  await passed(END_AT * SEGMENT_MS - onAirMs());
  await attempt("sees the end", () =>
    expect.poll(async () => (await look(page)).ended, { timeout: (SEEK_BACK_S + 3 * SETTLED_S) * 1000 }).toBe(true),
  );
  const looks = await page.evaluate(() => window.looks ?? []);
  await attempt("has no fatal error", async () =>
    expect((await look(page)).errors.filter((error) => error.startsWith("FATAL"))).toEqual([]),
  );
  return { name: viewer.name, limits: viewer.limits, outcomes, looks };
}

function look(page: Page): Promise<Look> {
  return page.evaluate(() => {
    if (window.look === undefined) throw new Error("nobody looks at this page");
    return window.look();
  });
}

/** It plays on, and is near the edge by its own clock, or gets there. */
async function staysNear(page: Page, nearS: number): Promise<void> {
  const { positionS } = await look(page);
  await expect.poll(async () => (await look(page)).positionS, { timeout: 10_000 }).toBeGreaterThan(positionS + 1);
  await expect
    .poll(async () => (await look(page)).latencyS ?? Number.POSITIVE_INFINITY, { timeout: 5_000 })
    .toBeLessThan(nearS);
}

/** Real time is what this waits for. */
function passed(durationMs: number): Promise<void> {
  return new Promise((done) => setTimeout(done, Math.max(0, durationMs)));
}
