import { defineConfig } from "@playwright/test";
import { findBrowser } from "../../scripts/find-browser.mjs";

// The runner alone, since it reads TypeScript: how long it takes is for the soak to say.
export default defineConfig({
  testDir: ".",
  testMatch: "*.bench.ts",
  // Not among those of the tests, which clear their own when they begin.
  outputDir: "../../.cache/soak",
  workers: 1,
  reporter: "line",
  timeout: 0,
  use: {
    trace: "off",
    launchOptions: {
      executablePath: process.env.EDDY_BROWSER ?? findBrowser(),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--mute-audio",
        "--autoplay-policy=no-user-gesture-required",
        // Tabs behind others are to go on as those in front do.
        "--disable-background-timer-throttling",
        "--disable-renderer-backgrounding",
        "--disable-backgrounding-occluded-windows",
      ],
    },
  },
});
