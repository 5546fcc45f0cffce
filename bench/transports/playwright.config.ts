import { defineConfig } from "@playwright/test";
import { findBrowser } from "../../scripts/find-browser.mjs";
import { patchedWebTransport } from "../../scripts/patched-web-transport.mjs";

const webTransport = patchedWebTransport();
if (webTransport !== undefined) process.env.EDDY_WEB_TRANSPORT ??= webTransport;

// Playwright as the runner, since it reads TypeScript, and for contexts that share nothing.
export default defineConfig({
  testDir: ".",
  testMatch: "*.bench.ts",
  workers: 1,
  reporter: "line",
  timeout: 1_800_000,
  use: {
    launchOptions: {
      executablePath: process.env.EDDY_BROWSER ?? findBrowser(),
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
    },
  },
});
