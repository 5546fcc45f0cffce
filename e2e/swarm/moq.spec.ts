import { expect, test } from "@playwright/test";
import { startMoqRelay } from "../../src/node/moq-relay/moq-relay.ts";
import { serveSignal } from "../../src/node/signal-server.ts";
import { publish } from "../support.ts";
import { openSwarmViewer, type SwarmViewer, summary, untilShared } from "../swarm-viewers.ts";

const VIEWERS = Number(process.env.EDDY_VIEWERS ?? 6);
const OBSERVED_MS = Number(process.env.EDDY_HALF_MS ?? 30_000);
const TUNE_IN_MS = 12_000;
const AFTER_KILL_MS = 8_000;
const LOOK_MS = 250;
/** Who fetches for all, and now and then who saves a part that is late. */
const SUBSCRIPTIONS = 2;

// @moq/net tells each stream's end on the console.
for (const level of ["debug", "warn", "error"] as const) console[level] = () => undefined;

test("six viewers of a relay who pass parts on to each other cost it two subscriptions of media at most", async ({
  browser,
}) => {
  test.setTimeout(OBSERVED_MS + 120_000);
  const relay = await startMoqRelay();
  const signal = await serveSignal();
  const publishing = await browser.newContext({ viewport: { width: 480, height: 360 } });
  const viewers: SwarmViewer[] = [];
  try {
    const studio = await publish(publishing, "studio", { moq: relay.url });
    const link = await studio.locator("#watch-link").inputValue();
    const url = `${link}&${new URLSearchParams({ peers: "on", signal: signal.url })}`;
    for (let count = 1; count <= VIEWERS; count++) viewers.push(await openSwarmViewer(browser, `viewer ${count}`, url));
    await untilShared(viewers, 1);
    const [first] = viewers as [SwarmViewer];
    // Real time: players catch up for seconds after they play, and nothing tells that they have.
    await first.page.waitForTimeout(TUNE_IN_MS);
    await Promise.all(viewers.map((viewer) => viewer.watchFromNow()));
    const looks: number[] = [];
    for (const endMs = Date.now() + OBSERVED_MS; Date.now() < endMs; ) {
      looks.push(relay.stats.subscriptions["studio/main"] ?? 0);
      await first.page.waitForTimeout(LOOK_MS);
    }
    const seen = await Promise.all(viewers.map((viewer) => viewer.seen()));
    const figures = await Promise.all(viewers.map((viewer) => viewer.figures()));
    const counted: Record<number, number> = {};
    for (const look of looks) counted[look] = (counted[look] ?? 0) + 1;
    console.log(JSON.stringify({ looks: counted, subscriptions: relay.stats.subscriptions }));
    for (const [index, each] of seen.entries()) {
      const { parts, peers, distrusted } = figures[index] ?? {};
      console.log(JSON.stringify({ ...summary(each), parts, peers: peers?.length, distrusted }));
    }
    // Who fetches for all goes without a word: the others are on the relay before it is noticed.
    const fetching = figures.reduce(
      (most, each, index) => (each.parts.origin > (figures[most]?.parts.origin ?? 0) ? index : most),
      0,
    );
    const others = viewers.filter((_, index) => index !== fetching);
    await Promise.all(others.map((viewer) => viewer.watchFromNow()));
    await viewers[fetching]?.kill();
    viewers.splice(fetching, 1);
    await studio.waitForTimeout(AFTER_KILL_MS);
    for (const viewer of others) {
      const [after, { parts }] = [await viewer.seen(), await viewer.figures()];
      console.log(
        JSON.stringify({ after: summary(after), parts, subscriptions: relay.stats.subscriptions["studio/main"] }),
      );
      expect(parts.missed).toBe(0);
      expect(after.fatal).toEqual([]);
    }
    const sorted = [...looks].sort((left, right) => left - right);
    expect(sorted[Math.floor(sorted.length * 0.95)]).toBeLessThanOrEqual(SUBSCRIPTIONS);
    for (const each of seen) expect(each.fatal).toEqual([]);
  } finally {
    await Promise.all(viewers.map((viewer) => viewer.context.close()));
    await publishing.close();
    await signal.close();
    await relay.close();
  }
});
