// Builds, and runs the browser tests on the build. Arguments go to Playwright.
import { spawnSync } from "node:child_process";

const shell = process.platform === "win32";
/** For who has built already. */
const isBuilt = process.env.EDDY_BUILT !== undefined;
const build = isBuilt
  ? undefined
  : spawnSync("npx", ["vite", "build", "--logLevel", "warn"], { stdio: "inherit", shell });
if (build !== undefined && build.status !== 0) process.exit(build.status ?? 1);

const args = process.argv.slice(2);
const isNamed = args.some((arg) => arg.startsWith("--project"));
// One after the other: beside other tests, those of "alone" would measure what these take from them.
const runs = isNamed ? [args] : ["shared", "alone"].map((project) => [`--project=${project}`, ...args]);
const failed = runs.filter(
  (run) =>
    spawnSync("npx", ["playwright", "test", "--pass-with-no-tests", ...run], { stdio: "inherit", shell }).status !== 0,
);
process.exit(failed.length === 0 ? 0 : 1);
