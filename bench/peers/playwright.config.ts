import { defineConfig } from "@playwright/test";
import { findBrowser, findFfmpeg } from "../../scripts/find-browser.mjs";

process.env.EDDY_FFMPEG ??= findFfmpeg();

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
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        "--autoplay-policy=no-user-gesture-required",
      ],
    },
  },
});
