// A blank Vite app outside the tree that installs the package as npm would get it, checks its types, builds it, and opens it in a
// browser, as it was built and in development.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { createServer, preview } from "vite";
import { findBrowser } from "./find-browser.mjs";
import { run } from "./run.mjs";

const TEMPLATE = fileURLToPath(new URL("blank-app", import.meta.url));
const { devDependencies } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/**
 * Copies a folder to one outside the tree, and installs the package and what else it names there, in the versions of this repository.
 * @param {{ template: string, tarball: string, packages?: readonly string[] }} options
 */
export function makeApp({ template, tarball, packages = [] }) {
  const app = mkdtempSync(join(tmpdir(), "eddy-app-"));
  cpSync(template, app, { recursive: true });
  const versions = Object.fromEntries(["vite", "typescript", ...packages].map((name) => [name, devDependencies[name]]));
  const manifest = { name: "app", private: true, type: "module", dependencies: { ...versions, "eddy-hls": tarball } };
  writeFileSync(join(app, "package.json"), JSON.stringify(manifest, null, 2));
  run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: app });
  return app;
}

/** Publishes and joins in each kind of page, and says so. @type {(tarball: string) => Promise<string>} */
export async function tryBlankApp(tarball) {
  const app = makeApp({ template: TEMPLATE, tarball, packages: ["@playwright/test", "@types/node"] });
  try {
    for (const config of ["tsconfig.json", "tsconfig.worker.json", "tsconfig.node.json"])
      run("npx", ["tsc", "-p", config], { cwd: app });
    const [inNode, help] = [
      run("node", ["in-node.mjs"], { cwd: app }),
      run("npx", ["eddy-hls", "--help"], { cwd: app }),
    ];
    if (inNode !== "200 true\n" || !help.includes("eddy-hls validate <url>"))
      throw new Error(`in Node: expected an answer, media and a list of commands, got ${inNode}${help}`);
    // For the page without a bundler: the package's files as any server would serve them.
    cpSync(join(app, "node_modules/eddy-hls/lib"), join(app, "public/eddy-hls"), { recursive: true });
    run("npx", ["vite", "build"], { cwd: app });
    const port = Number(process.env.EDDY_PORT ?? 4183);
    // First: Vite keeps the mode of its first server.
    const served = await createServer({ root: app, logLevel: "error", server: { port, strictPort: true } });
    await served.listen();
    const seen = ["in Node", await look(`http://localhost:${port}/`, "in development").finally(() => served.close())];
    const built = await preview({ root: app, logLevel: "error", preview: { port, strictPort: true } });
    try {
      seen.push(await look(`http://localhost:${port}/`, "built"));
      seen.push(await look(`http://localhost:${port}/plain.html`, "without a bundler"));
    } finally {
      await built.close();
    }
    return seen.join(", ");
  } finally {
    rmSync(app, { recursive: true, force: true });
  }
}

/** @type {(url: string, how: string) => Promise<string>} */
async function look(url, how) {
  const browser = await chromium.launch({ executablePath: findBrowser(), args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const page = await browser.newPage();
    /** @type {string[]} */
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
    page.setDefaultTimeout(30_000);
    await page.goto(url);
    await page.waitForFunction(() => "blank" in window);
    const seen = await page.evaluate(async () => {
      const { blank } = /** @type {any} */ (window);
      return { playlist: await blank.publish(), role: await blank.join(), isName: blank.isName("studio") };
    });
    if (!seen.playlist.startsWith("#EXTM3U") || !seen.isName || !["leader", "follower"].includes(seen.role))
      throw new Error(`${how}: expected a playlist and a role, got ${JSON.stringify(seen)}`);
    if (errors.length > 0) throw new Error(`${how}: ${errors.join("; ")}`);
    return how;
  } finally {
    await browser.close();
  }
}
