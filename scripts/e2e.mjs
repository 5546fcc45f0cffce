// Builds, finds what the browser tests need, and runs them. Arguments go to Playwright.
import { spawnSync } from "node:child_process";
import { findBrowser, findFfmpeg } from "./find-browser.mjs";

const shell = process.platform === "win32";
const build = spawnSync("npx", ["vite", "build", "--logLevel", "warn"], { stdio: "inherit", shell });
if (build.status !== 0) process.exit(build.status ?? 1);
const env = { ...process.env, EDDY_BROWSER: findBrowser(), EDDY_FFMPEG: findFfmpeg() };
const tests = spawnSync("npx", ["playwright", "test", ...process.argv.slice(2)], { stdio: "inherit", env, shell });
process.exit(tests.status ?? 1);
