import { defineConfig } from "@playwright/test";
import main from "../../playwright.config.ts";

// What the testing kit's faults do to three players; with EDDY_TABLE=docs/testing-players.md the outcome is written there.
export default defineConfig({
  ...main,
  testDir: ".",
  testIgnore: [],
  outputDir: "../../test-results/testing-kit",
  reporter: [["list"], ["./table-reporter.ts"]],
});
