import { type BrowserContext, test as base, expect as baseExpect, type Page, type TestInfo } from "@playwright/test";
import {
  type LiveOrigin,
  type LiveOriginFixtures,
  liveOriginFixtures,
  originMatchers,
  type Playback,
  type PlaybackProbe,
  playedMs,
  quantile,
} from "eddy-hls/testing";
import { VIEWERS, type Viewer } from "../viewers.ts";

export const test = base.extend<LiveOriginFixtures>(liveOriginFixtures);
export const expect = baseExpect.extend(originMatchers);

/** What came of a trouble for one player. */
export interface Outcome {
  readonly player: string;
  /** Pictures move at the end. */
  readonly playsOn: boolean;
  /** Of the trouble and after it, in stalls of over a quarter of a second. */
  readonly stoodStillMs: number;
  /** Age of pictures when they were shown, at the median: before the trouble, and in the last 1.5 s. */
  readonly behindBeforeMs: number | undefined;
  readonly behindAfterMs: number | undefined;
  /** Width of the picture at the end. */
  readonly width: number;
  readonly errors: readonly string[];
  /** What else is to be told of it, if anything. */
  readonly note?: string;
}

export interface Watching {
  readonly player: Viewer;
  readonly page: Page;
  readonly probe: PlaybackProbe;
}

/** Small pictures, since three players decode them at once on what may be two cores; a window that Shaka Player can start from. */
export const SMALL = { media: { video: ["320x180"] }, historyMs: 10_000 } as const;
/** What is played at the end is looked at for so long. */
const END_MS = 1_500;
const SEEN_STALL_MS = 250;

/** Opens hls.js, Shaka Player and video.js on one stream, each in a tab of its own; resolves once all of them play. */
export async function watchWithAll(context: BrowserContext, origin: LiveOrigin): Promise<readonly Watching[]> {
  return Promise.all(
    VIEWERS.map(async (player) => {
      const page = await context.newPage();
      const address = `/player-${VIEWERS.indexOf(player)}.html`;
      const body = `<!doctype html><title>${player.name}</title><video muted playsinline width="320" height="180"></video>`;
      await page.route(`**${address}`, (route) => route.fulfill({ contentType: "text/html", body }));
      await page.goto(address);
      // With a route in place every request of the page would take the way through the test.
      await page.unroute(`**${address}`);
      await page.addScriptTag({ path: player.script });
      const probe = await origin.watch(page);
      await page.evaluate(player.open, origin.url);
      await expect(probe, `${player.name} starts`).toPlayOn({ byMs: 1_500, withinMs: 20_000 });
      return { player, page, probe };
    }),
  );
}

/** Waits, and says how each has fared since `fromMs`. */
export async function outcomesAfter(
  durationMs: number,
  {
    watching,
    fromMs,
    info,
    note,
  }: {
    readonly watching: readonly Watching[];
    readonly fromMs: number;
    readonly info: TestInfo;
    readonly note?: (outcome: Outcome) => string;
  },
): Promise<readonly Outcome[]> {
  // Real time is what this waits for: a player's own patience is part of what is measured.
  await new Promise((done) => setTimeout(done, Math.max(0, fromMs + durationMs - Date.now())));
  const outcomes = await Promise.all(
    watching.map(async ({ player, page, probe }) => {
      const errors = await page.evaluate(() => window.viewing?.errors ?? []);
      const outcome = outcomeOf(player.name, await probe.playback(), { fromMs, errors });
      return note === undefined ? outcome : { ...outcome, note: note(outcome) };
    }),
  );
  await info.attach("outcomes", {
    body: JSON.stringify({ title: info.title, outcomes }),
    contentType: "application/json",
  });
  for (const outcome of outcomes) console.log(info.title, JSON.stringify(outcome));
  return outcomes;
}

function outcomeOf(
  player: string,
  { samples, stalls, latencies, errors: mediaErrors }: Playback,
  { fromMs, errors }: { fromMs: number; errors: readonly string[] },
): Outcome {
  const endMs = samples.at(-1)?.atMs ?? 0;
  const median = (from: number, to: number): number | undefined =>
    quantile(
      latencies.filter(({ atMs }) => atMs >= from && atMs < to).map(({ latencyMs }) => latencyMs),
      0.5,
    );
  const since = stalls.filter(({ atMs, durationMs }) => atMs + durationMs > fromMs && durationMs > SEEN_STALL_MS);
  return {
    player,
    playsOn: playedMs({ samples }, endMs - END_MS) > END_MS / 3,
    stoodStillMs: Math.round(since.reduce((sum, { durationMs }) => sum + durationMs, 0)),
    behindBeforeMs: median(fromMs - END_MS, fromMs),
    behindAfterMs: median(endMs - END_MS, endMs + 1),
    width: samples.at(-1)?.width ?? 0,
    errors: [...errors, ...mediaErrors].map((error) => error.slice(0, 160)),
  };
}

/** Holds what every player does; what one of them is known not to do is printed where it does it after all. */
export function expectAll(
  outcomes: readonly Outcome[],
  what: string,
  { holds, limits = [] }: { readonly holds: (outcome: Outcome) => boolean; readonly limits?: readonly string[] },
): void {
  for (const outcome of outcomes) {
    if (!limits.includes(outcome.player)) expect.soft(holds(outcome), `${outcome.player} ${what}`).toBe(true);
    else if (holds(outcome)) console.log(`${outcome.player} ${what} this time: if it always does, its limit can go`);
  }
}

/** Holds that every player plays on. On a machine that is busy one may need longer than the table gives it. */
export async function expectPlaysOn(
  { watching, outcomes }: { readonly watching: readonly Watching[]; readonly outcomes: readonly Outcome[] },
  limits: readonly string[] = [],
): Promise<void> {
  expectAll(
    outcomes.filter(({ player }) => limits.includes(player)),
    "plays on",
    { holds: ({ playsOn }) => playsOn, limits },
  );
  const late = outcomes.filter(({ player, playsOn }) => !playsOn && !limits.includes(player));
  for (const { player, probe } of watching) {
    if (late.some((outcome) => outcome.player === player.name))
      await expect.soft(probe, `${player.name} plays on`).toPlayOn({ withinMs: 10_000 });
  }
}
