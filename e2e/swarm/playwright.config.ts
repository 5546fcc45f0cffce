import { defineConfig } from "@playwright/test";
import main from "../../playwright.config.ts";

const { projects: _, ...base } = main;

// Each of these is held to a latency or to an unbroken picture, and has a machine's worth of tabs: one at a time.
export default defineConfig({ ...base, testDir: ".", workers: 1, outputDir: "../../test-results" });
