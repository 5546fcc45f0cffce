import { expect, test } from "@playwright/test";
import { serveSignal } from "../../src/node/signal-server.ts";
import { meanCopies, startFfmpegOrigin } from "../ffmpeg-origin.ts";
import { startSigner } from "../origin-signer.ts";
import { openSwarmPublisher } from "../swarm-publisher.ts";
import { openSwarmViewer, type SwarmViewer, summary, untilShared, watchIn } from "../swarm-viewers.ts";

const VIEWERS = 6;
/** Half of it as it should be, half under what goes wrong. */
const HALF_MS = Number(process.env.EDDY_HALF_MS ?? 60_000);
/** Who has just come catches up with the live edge by playing a little faster. */
const TUNE_IN_MS = 8_000;
const KILL_EVERY_MS = 10_000;
const LATENCY_MS = 2_000;
const PUBLISHER_COPIES = 2.5;
const ORIGIN_COPIES = 1.2;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Holds what every viewer is promised, and logs what it was. */
async function expectServed(title: string, viewers: readonly SwarmViewer[]): Promise<void> {
  const report: Record<string, unknown> = {};
  const seen = await Promise.all(viewers.map((viewer) => viewer.seen()));
  for (const [index, viewer] of viewers.entries()) {
    const each = seen[index];
    if (each === undefined) continue;
    const { parts, bytes, role, distrusted, bans, peers } = await viewer.figures();
    report[viewer.name] = {
      ...summary(each),
      startMs: Math.round(viewer.startMs),
      role,
      parts,
      bytes,
      peers: peers.length,
    };
    expect.soft(each.stallsMs, `stalls of ${viewer.name}`).toEqual([]);
    expect.soft(Math.max(...each.latenciesMs), `latency of ${viewer.name}, ms`).toBeLessThanOrEqual(LATENCY_MS);
    expect.soft(each.latenciesMs.length, `looks at ${viewer.name}`).toBeGreaterThan(10);
    expect.soft(each.fatal, `fatal errors of ${viewer.name}`).toEqual([]);
    expect.soft(each.errors, `errors of ${viewer.name} that its page did not foresee`).toEqual([]);
    expect.soft(bans, `bans of ${viewer.name}`).toEqual([]);
    expect.soft(distrusted, `peers of ${viewer.name} are distrusted`).toBe(false);
  }
  console.log(`${title}: ${JSON.stringify(report)}`);
}

test("a publisher and six viewers: 2.5 copies at most, 2 s behind at most, also when a leading tab closes and signalling goes", async ({
  browser,
}, info) => {
  test.setTimeout(2 * HALF_MS + 90_000);
  const signal = await serveSignal();
  const publisher = await openSwarmPublisher(browser, { name: "studio", signal: signal.url });
  const viewers: SwarmViewer[] = [];
  try {
    for (let count = 1; count <= VIEWERS; count++)
      viewers.push(await openSwarmViewer(browser, `viewer ${count}`, publisher.watchUrl));
    const [first] = viewers as [SwarmViewer];
    const second = await watchIn(first.context, "second tab of viewer 1", publisher.watchUrl);
    await untilShared(viewers);
    expect((await second.figures()).role).toBe("follower");

    const all = [...viewers, second];
    await pause(TUNE_IN_MS);
    await Promise.all(all.map((viewer) => viewer.watchFromNow()));
    const before = await publisher.figures();
    await pause(HALF_MS);
    await expectServed(`${info.title}, first half`, all);

    // A new leader has to be found by the others, so that signalling goes after it.
    await first.page.close();
    const left = all.filter((viewer) => viewer !== first);
    await pause(HALF_MS / 2);
    await expect.poll(async () => (await second.figures()).role).toBe("leader");
    await signal.close();
    await pause(HALF_MS / 2);
    await expectServed(`${info.title}, second half`, left);
    const after = await publisher.figures();
    const sent = (after.uploadedBytes - before.uploadedBytes) / (after.bytes.page - before.bytes.page);
    console.log(`${info.title}: the publisher sent ${sent.toFixed(2)} copies`);
    expect(sent, "copies that the publisher sent").toBeLessThanOrEqual(PUBLISHER_COPIES);
    expect(sent, "copies that the publisher sent").toBeGreaterThan(0.9);
  } finally {
    for (const { context } of viewers) await context.close();
    await publisher.context.close();
    await signal.close();
  }
});

test("an LL-HLS origin and six viewers: 1.2 copies of each part at most, also while a viewer is killed every 10 s", async ({
  browser,
}, info) => {
  test.setTimeout(2 * HALF_MS + 90_000);
  const signal = await serveSignal();
  const origin = await startFfmpegOrigin();
  const signer = await startSigner(origin.url);
  const { url: headers, fingerprint: key } = signer;
  const search = { watch: "studio", origin: origin.url, headers, key, peers: "on", signal: signal.url };
  const url = `/?${new URLSearchParams(search)}`;
  const viewers: SwarmViewer[] = [];
  try {
    for (let count = 1; count <= VIEWERS; count++) viewers.push(await openSwarmViewer(browser, `viewer ${count}`, url));
    await untilShared(viewers, 2);
    await pause(TUNE_IN_MS);
    await Promise.all(viewers.map((viewer) => viewer.watchFromNow()));
    const first = origin.count();
    await pause(HALF_MS);
    const quiet = meanCopies(first.stop());
    console.log(`${info.title}: ${quiet.toFixed(2)} copies while all stayed`);
    await expectServed(`${info.title}, first half`, viewers);
    expect.soft(quiet, "copies of each part while all stayed").toBeLessThanOrEqual(ORIGIN_COPIES);

    const second = origin.count();
    const stayed = viewers.slice(VIEWERS / 2);
    for (let round = 0; round * KILL_EVERY_MS < HALF_MS; round++) {
      const startedMs = Date.now();
      const killed = viewers.splice(round % (VIEWERS / 2), 1)[0];
      await killed?.kill();
      viewers.splice(round % (VIEWERS / 2), 0, await openSwarmViewer(browser, `viewer ${VIEWERS + 1 + round}`, url));
      await pause(Math.max(0, startedMs + KILL_EVERY_MS - Date.now()));
    }
    const churned = meanCopies(second.stop());
    console.log(`${info.title}: ${churned.toFixed(2)} copies while viewers were killed`);
    await expectServed(`${info.title}, second half`, stayed);
    expect(churned, "copies of each part while viewers were killed").toBeLessThanOrEqual(ORIGIN_COPIES);
  } finally {
    for (const { context } of viewers) await context.close();
    await signer.close();
    await origin.close();
    await signal.close();
  }
});
