import { test } from "@playwright/test";
import { serveSignal } from "../src/node/signal-server.ts";
import { serveBuild } from "./site.ts";
import { bundlePage } from "./kit-site.ts";
import { probePlayback } from "./playback-probe.ts";
import { watchStalls } from "./stall-watch.ts";
test("zz", async ({ browser }) => {
  test.setTimeout(120000);
  const N = Number(process.env.N ?? 3);
  const signal = await serveSignal();
  const site = await serveBuild({ files: await bundlePage("e2e/kit/swarm.html") });
  const base = `${site.url}/e2e/kit/swarm.html`;
  const c0 = await browser.newContext();
  const p0 = await c0.newPage();
  p0.on("console", (m) => console.log("P", m.text()));
  p0.on("pageerror", (m) => console.log("P ERR", m.message, m.stack));
  await p0.goto(`${base}?publish=studio&signal=${signal.url}`);
  await p0.waitForFunction(() => window.eddy !== undefined, undefined, { timeout: 15000 });
  const fp = await p0.evaluate(() => (window.eddy as any).fingerprint);
  console.log("fp", fp);
  const pages = [];
  for (let i = 0; i < N; i++) {
    const c = await browser.newContext({ viewport: { width: 480, height: 360 } });
    await c.addInitScript(probePlayback);
    const p = await c.newPage();
    p.on("console", (m) => console.log(i, m.text().slice(0, 300)));
    p.on("pageerror", (m) => console.log(i, "ERR", m.message, m.stack));
    await p.goto(`${base}?watch=studio&key=${fp}&signal=${signal.url}`);
    pages.push(p);
  }
  await new Promise((r) => setTimeout(r, 20000));
  const w = await Promise.all(pages.map(watchStalls));
  for (const page of pages) await page.evaluate(() => window.probe?.latenciesMs.splice(0));
  const b = await p0.evaluate(() => window.eddy!.session!.stats()) as any;
  const cdp = await browser.newBrowserCDPSession();
  const cpu = async () => (await cdp.send("SystemInfo.getProcessInfo")).processInfo.reduce((s, x) => s + x.cpuTime, 0);
  const c = await cpu(); const t = performance.now();
  await new Promise((r) => setTimeout(r, 30000));
  console.log("cores", ((await cpu()) - c) / (performance.now() - t) * 1000);
  for (const [i, p] of pages.entries()) {
    const probe = await p.evaluate(() => window.probe);
    console.log(i, JSON.stringify({ start: probe?.startMs, n: probe?.latenciesMs.length, max: Math.max(...(probe?.latenciesMs ?? [])), p50: [...(probe?.latenciesMs ?? [])].sort((a, b) => a - b)[Math.floor((probe?.latenciesMs.length ?? 0) / 2)] }), JSON.stringify(await w[i]!()), JSON.stringify(await p.evaluate(() => window.eddy?.session?.stats())));
  }
  const a = await p0.evaluate(() => window.eddy!.session!.stats()) as any;
  console.log("pub", JSON.stringify(a), (a.uploadedBytes - b.uploadedBytes) / (a.bytes.page - b.bytes.page));
  await signal.close(); site.close();
});
