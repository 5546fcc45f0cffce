import { expect, type Page, test } from "@playwright/test";
import { startMoqRelay } from "../src/node/moq-relay/moq-relay.ts";
import { expectSmooth, figures, open, tuneIn } from "./joined.ts";
import { startRelayProcess } from "./moq-relay.ts";
import { playback, publish } from "./support.ts";

// @moq/net tells each stream's end on the console of the relay in this process.
for (const level of ["debug", "warn", "error"] as const) console[level] = () => undefined;

const mediaPlaylist = (page: Page): Promise<string> =>
  page.evaluate(async () => (await fetch("/live/studio/main/media.m3u8")).text());

/** Real time that is looked at. */
const OBSERVED_MS = Number(process.env.EDDY_HALF_MS ?? 15_000) * 2;

test("a page publishes to a relay, and another browser watches by it over WebTransport", async ({ browser }) => {
  test.setTimeout(OBSERVED_MS + 60_000);
  const relay = await startRelayProcess();
  const publishing = await browser.newContext();
  const watching = await browser.newContext();
  try {
    const studio = await publish(publishing, "studio", { moq: relay.url });
    const link = await studio.locator("#watch-link").inputValue();
    const { page, errors } = await open(watching, link);
    await tuneIn(page);
    await expectSmooth(page, OBSERVED_MS);
    const seen = await figures(page);
    expect(seen?.relay).toMatchObject({ state: "open", transport: "webtransport", sessions: 1, refused: 0 });
    expect(seen).toMatchObject({ refused: 0, parts: { missed: 0 } });
    expect(seen?.parts.origin).toBeGreaterThan(OBSERVED_MS / 400);
    expect(await mediaPlaylist(page)).not.toMatch(/GAP|DISCONTINUITY\n/);
    expect(errors).toEqual([]);
    console.log(JSON.stringify(seen?.relay));
  } finally {
    await publishing.close();
    await watching.close();
    await relay.kill();
  }
});

test("a relay that is killed and started again is played from again within three seconds", async ({ browser }) => {
  const relay = await startRelayProcess();
  const publishing = await browser.newContext();
  const watching = await browser.newContext();
  try {
    const studio = await publish(publishing, "studio", { moq: relay.url });
    const { page, errors } = await open(watching, await studio.locator("#watch-link").inputValue());
    await tuneIn(page);
    await relay.kill();
    // An outage that lasts: until the relay is missed, and what the player has is used up.
    await page.waitForTimeout(2_500);
    const at = await position(page);
    await relay.start();
    const upAtMs = Date.now();
    expect(await position(page), "it stands still").toBeLessThan(at + 0.2);
    await expect.poll(() => position(page), POLL).toBeGreaterThan(at + 0.4);
    const tookMs = Date.now() - upAtMs;
    // Figures are of the last second.
    await page.waitForTimeout(1_500);
    const list = await mediaPlaylist(page);
    const seen = await figures(page);
    console.log(JSON.stringify({ tookMs, relay: seen?.relay, parts: seen?.parts, playback: await playback(page) }));
    expect(tookMs).toBeLessThanOrEqual(3_000);
    expect(seen?.relay?.sessions).toBeGreaterThanOrEqual(2);
    // A part that came twice would overlap the one before it, and be refused; one that is lost is a gap, and no new timeline.
    expect(seen?.refused).toBe(0);
    expect(list).not.toMatch(/DISCONTINUITY\n/);
    expect(list.includes("GAP")).toBe(seen?.parts.missed !== 0);
    for (const { startMs, durationMs, nextMs } of segmentsOf(list))
      expect(Math.abs(startMs + durationMs - nextMs)).toBeLessThan(50);
    expect(errors).toEqual([]);
  } finally {
    await publishing.close();
    await watching.close();
    await relay.kill();
  }
});

test("a relay that speaks moq-transport alone carries a stream as well", async ({ browser }) => {
  const relay = await startMoqRelay({ versions: ["moq-transport-14"] });
  const publishing = await browser.newContext();
  const watching = await browser.newContext();
  try {
    const studio = await publish(publishing, "studio", { moq: relay.url });
    const { page, errors } = await open(watching, await studio.locator("#watch-link").inputValue());
    await expect.poll(async () => (await figures(page))?.parts.origin).toBeGreaterThan(10);
    const seen = await figures(page);
    expect(seen?.relay).toMatchObject({ transport: "webtransport", version: "moq-transport-14", refused: 0 });
    expect(seen).toMatchObject({ refused: 0, parts: { missed: 0 } });
    expect(errors).toEqual([]);
  } finally {
    await publishing.close();
    await watching.close();
    await relay.close();
  }
});

test("where a network drops UDP, a WebSocket is there within a second", async ({ browser }) => {
  const relay = await startRelayProcess();
  const publishing = await browser.newContext();
  const watching = await browser.newContext();
  try {
    for (const context of [publishing, watching]) await context.addInitScript(dropUdp);
    const studio = await publish(publishing, "studio", { moq: relay.url });
    const { page, errors } = await open(watching, await studio.locator("#watch-link").inputValue());
    const seen = await figures(page);
    console.log(JSON.stringify(seen?.relay));
    expect(seen?.relay).toMatchObject({ state: "open", transport: "websocket" });
    expect(seen?.relay?.connectMs).toBeLessThanOrEqual(1_000);
    await expect(page.getByText(/Connected to the relay at .* over a WebSocket/)).toBeVisible();
    expect(errors).toEqual([]);
  } finally {
    await publishing.close();
    await watching.close();
    await relay.kill();
  }
});

/** Where each segment of a playlist stands by its date, and the one after it. */
function segmentsOf(list: string): { startMs: number; durationMs: number; nextMs: number }[] {
  const dated = [...list.matchAll(/PROGRAM-DATE-TIME:(\S+)\n(?:(?!#EXTINF).*\n)*#EXTINF:([\d.]+)/g)];
  const segments = dated.map(([, date = "", seconds]) => ({
    startMs: Date.parse(date),
    durationMs: Number(seconds) * 1000,
  }));
  expect(segments.length).toBeGreaterThan(2);
  return segments
    .slice(1)
    .map(({ startMs: nextMs }, index) => ({ ...(segments[index] ?? { startMs: 0, durationMs: 0 }), nextMs }));
}

const POLL = { intervals: [50] };

function position(page: Page): Promise<number> {
  return page.evaluate(() => document.querySelector("video")?.currentTime ?? 0);
}

/** Runs in the page: sessions of WebTransport that nobody ever answers. */
function dropUdp(): void {
  class Unanswered {
    readonly ready = new Promise(() => undefined);
    readonly closed = new Promise(() => undefined);
    close(): void {}
  }
  Object.defineProperty(window, "WebTransport", { value: Unanswered });
}
