// Measures, in Chromium and inside the Service Worker, the relay beside what else answers a fetch.
//   node bench/browser/run.mjs [--quick] [--out <folder>] [--compare <old.json>]
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { findBrowser } from "../../scripts/find-browser.mjs";
import { buildBench } from "./build.mjs";
import { comparison, markdown } from "./report.mjs";
import { serveBench } from "./serve.mjs";

/** @typedef {import("./contract.ts").Plan} Plan */
/** @typedef {import("./contract.ts").Measured} Measured */
/** @typedef {import("./contract.ts").Report} Report */

const DEADLINE_MS = 15 * 60_000;
const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    out: { type: "string", default: "bench-results" },
    compare: { type: "string" },
  },
});
/** @type {Report | undefined} */
const old = values.compare === undefined ? undefined : JSON.parse(await readFile(values.compare, "utf8"));

/** @type {Plan} */
const plan = {
  rounds: values.quick ? 4 : 12,
  batchMs: values.quick ? 60 : 100,
  sizesBytes: [1_024, 65_536, 1_048_576],
  concurrency: [1, 16],
  tabs: [1, 8],
  reloads: values.quick ? 50 : 200,
  bodies: !values.quick,
};

const loadBefore = loadavg()[0] ?? Number.NaN;
await buildBench();
const measured = await measure();
/** @type {Report} */
const report = {
  date: new Date().toISOString(),
  machine: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  node: process.versions.node,
  load: [loadBefore, loadavg()[0] ?? Number.NaN],
  plan,
  ...measured,
};
const text = markdown(report);
await mkdir(values.out, { recursive: true });
await writeFile(`${values.out}/browser.json`, `${JSON.stringify(report, undefined, 1)}\n`);
await writeFile(`${values.out}/browser.md`, text);
console.log(`\n${text}`);
if (old !== undefined) console.log(comparison(report, old));
console.log(`\nwritten: ${values.out}/browser.json, ${values.out}/browser.md`);

/** @returns {Promise<Measured>} */
async function measure() {
  const browser = await chromium.launch({
    executablePath: findBrowser(),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
  });
  // Tabs that Playwright does not know of, in the profile on the disk: an attached debugger would add half to a fetch.
  const session = await browser.newBrowserCDPSession();
  /** @param {string} url */
  const open = (url) => session.send("Target.createTarget", { url });
  /** @type {{ close(): void } | undefined} */
  let server;
  try {
    return await new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error(`no result within ${DEADLINE_MS} ms`)), DEADLINE_MS).unref();
      browser.once("disconnected", () => reject(new Error("the browser has gone")));
      const api = {
        progress: (/** @type {{ text: string }} */ { text }) => console.log(text),
        tabs: async (/** @type {{ more: number }} */ { more }) => {
          for (let i = 0; i < more; i++) await open(`${url}/bench/tab.html`);
        },
        done: resolve,
        failed: (/** @type {{ message: string }} */ { message }) => reject(new Error(message)),
      };
      let url = "";
      serveBench(Number(process.env.EDDY_PORT ?? 0), api).then((serving) => {
        server = serving;
        ({ url } = serving);
        return open(`${url}/bench/tab.html?plan=${encodeURIComponent(JSON.stringify(plan))}`);
      }, reject);
    });
  } finally {
    await browser.close();
    server?.close();
  }
}
