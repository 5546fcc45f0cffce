// Builds, and runs the browser tests on the build. Arguments go to Playwright.
import { spawnSync } from "node:child_process";

const shell = process.platform === "win32";
const build = spawnSync("npx", ["vite", "build", "--logLevel", "warn"], { stdio: "inherit", shell });
if (build.status !== 0) process.exit(build.status ?? 1);
const tests = spawnSync("npx", ["playwright", "test", ...process.argv.slice(2)], { stdio: "inherit", shell });
process.exit(tests.status ?? 1);
