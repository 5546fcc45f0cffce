import { defineConfig } from "@playwright/test";
import { findBrowser } from "../../scripts/find-browser.mjs";

// Playwright as the runner alone, since it reads TypeScript: the tabs that are measured are not its own.
export default defineConfig({
  testDir: ".",
  testMatch: "*.bench.ts",
  workers: 1,
  reporter: "line",
  timeout: 300_000,
  use: {
    launchOptions: {
      executablePath: process.env.EDDY_BROWSER ?? findBrowser(),
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
    },
  },
});
