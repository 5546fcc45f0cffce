import { defineConfig } from "@playwright/test";
import main from "../../playwright.config.ts";

const { projects: _, ...base } = main;

// What the testing kit's faults do to three players; with EDDY_TABLE=docs/testing-players.md the outcome is written there.
export default defineConfig({
  ...base,
  testDir: ".",
  outputDir: "../../test-results/testing-kit",
  // Three players at a time are enough for two cores.
  workers: 1,
  reporter: [["list"], ["./table-reporter.ts"]],
});
