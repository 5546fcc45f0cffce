import { defineConfig } from "@playwright/test";
import main from "../../playwright.config.ts";

const { projects: _, webServer: __, ...base } = main;

// One internet at a time, and two browsers in it.
export default defineConfig({
  ...base,
  projects: [{ name: "nat" }],
  testDir: ".",
  workers: 1,
  outputDir: "../../test-results",
});
