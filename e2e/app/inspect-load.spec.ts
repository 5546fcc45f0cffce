import { monitorEventLoopDelay } from "node:perf_hooks";
import { expect, type Page, test } from "@playwright/test";
import { publish } from "../support.ts";

const NAMES = ["studio", "second", "third"] as const;
const OBSERVED_MS = 20_000;
const PEERS = 12;

interface ScriptTiming {
  readonly invoker: string;
  readonly duration: number;
  readonly forcedStyleAndLayoutDuration: number;
}

/** Publishes what `from` takes under other names too, part by part, without another encoder. */
async function publishCopies(page: Page, from: string, names: readonly string[]): Promise<void> {
  await page.evaluate(
    async ({ from, names }) => {
      const relay = window.eddy?.relay;
      if (relay === undefined) throw new Error("there is no relay");
      const base = `/live/${from}/main`;
      const playlist = async () => (await fetch(`${base}/media.m3u8`)).text();
      const bytes = async (uri: string) => new Uint8Array(await (await fetch(`${base}/${uri}`)).arrayBuffer());
      const first = await playlist();
      const { partTargetMs, targetDurationMs } = await relay.stats(from);
      const options = { renditions: [{ id: "main", bandwidth: 1_000_000 }], partTargetMs, targetDurationMs };
      const copies = await Promise.all(names.map((name) => relay.publish(name, options)));
      const init = await bytes(/MAP:URI="([^"]+)"/.exec(first)?.[1] ?? "");
      for (const copy of copies) await copy.init("main", init.slice());
      const known = new Set<string>();
      const step = async (): Promise<void> => {
        for (const line of (await playlist()).match(/^#EXT-X-PART:.*$/gm) ?? []) {
          const uri = /URI="([^"]+)"/.exec(line)?.[1] ?? "";
          if (known.has(uri)) continue;
          known.add(uri);
          const part = await bytes(uri);
          const durationMs = Number(/DURATION=([\d.]+)/.exec(line)?.[1]) * 1000;
          const independent = line.includes("INDEPENDENT=YES");
          for (const copy of copies) await copy.part("main", { bytes: part.slice(), durationMs, independent });
        }
      };
      const again = (): void => void step().finally(() => setTimeout(again, 150));
      again();
    },
    { from, names },
  );
}

/** Tells of a swarm as the tab does that leads a session: of twelve peers, every second. What is measured is what drawing it costs. */
async function tellOfPeers(page: Page, name: string, peers: number): Promise<void> {
  await page.evaluate(
    ({ name, peers }) => {
      const channel = new BroadcastChannel(`eddy /live/${name}`);
      setInterval(() => {
        const neighbours = Array.from({ length: peers }, (_, index) => ({
          peer: `peer-${index}-of-a-long-name`,
          roundTripMs: 20 + index,
          receiveBps: 100_000 * (1 + Math.random()),
          sendBps: 80_000 * Math.random(),
          receivedBytes: 1e6,
          sentBytes: 1e5,
          partDelayMs: 60 + 40 * Math.random(),
        }));
        const stats = {
          role: "leader",
          atMs: Date.now(),
          bytes: { page: 0, peer: 1e7, origin: 1e5 },
          parts: { page: 0, peer: 100, origin: 1, missed: 0 },
          copies: { received: 1, sent: 1 },
          uploadedBytes: 1e6,
          wastedBytes: 0,
          controlBytes: 0,
          peers: neighbours,
          bans: [],
          failures: [],
          upload: "on",
          signalling: "open",
          distrusted: false,
          refused: 0,
        };
        channel.postMessage({ version: 1, kind: "stats", stats });
      }, 1_000);
    },
    { name, peers },
  );
}

test("with three streams and twelve peers, the view draws without a long task", async ({ context }, info) => {
  const publisher = await publish(context, NAMES[0]);
  await publishCopies(publisher, NAMES[0], NAMES.slice(1));
  const page = await context.newPage();
  await page.setViewportSize({ width: 1440, height: 4600 });
  await page.goto(`/?inspect=${NAMES[0]}`);
  await tellOfPeers(publisher, NAMES[0], PEERS);
  for (const name of NAMES) await page.locator(`[data-ring="${name}/main"]`).waitFor();
  await expect(page.locator(".swarm-peer")).toHaveCount(PEERS);
  await expect(page.locator('[data-chart="peers"] canvas')).toBeVisible();

  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();
  const seen = await page.evaluate(async (forMs) => {
    const tasksMs: number[] = [];
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasksMs.push(Math.round(duration));
    });
    observer.observe({ entryTypes: ["longtask"] });
    /** What made frames long, as the browser tells it: for the log. */
    const causes: string[] = [];
    const scripts = new PerformanceObserver((list) => {
      for (const frame of list.getEntries() as (PerformanceEntry & { scripts?: readonly ScriptTiming[] })[])
        for (const { invoker, duration, forcedStyleAndLayoutDuration } of frame.scripts ?? [])
          causes.push(`${invoker} ${Math.round(duration)} (layout ${Math.round(forcedStyleAndLayoutDuration)})`);
    });
    scripts.observe({ type: "long-animation-frame" });
    let frames = 0;
    const end = performance.now() + forMs;
    await new Promise<void>((resolve) => {
      const frame = (): void => {
        frames += 1;
        if (performance.now() < end) requestAnimationFrame(frame);
        else resolve();
      };
      requestAnimationFrame(frame);
    });
    observer.disconnect();
    return { causes, tasksMs, framesPerSecond: Math.round((frames * 1000) / forMs) };
  }, OBSERVED_MS);
  lag.disable();
  const busyMs = Math.round(lag.max / 1e6);
  console.log(`${info.title}: ${JSON.stringify({ ...seen, busyMs })}`);
  // What a machine that stands still makes long is not the view's: a timer of ours was as late.
  for (const taskMs of seen.tasksMs) expect(taskMs, "a task of the view").toBeLessThanOrEqual(50 + busyMs);
});
