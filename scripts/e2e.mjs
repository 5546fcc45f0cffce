// Builds, and runs the browser tests on the build. Arguments go to Playwright.
import { spawnSync } from "node:child_process";

const shell = process.platform === "win32";
const build = spawnSync("npx", ["vite", "build", "--logLevel", "warn"], { stdio: "inherit", shell });
if (build.status !== 0) process.exit(build.status ?? 1);

// One after the other: beside other tests, those of "alone" would measure what these take from them.
let ok = true;
for (const project of ["shared", "alone"]) {
  const report = process.env.EDDY_E2E_REPORTS;
  const tests = spawnSync(
    "npx",
    ["playwright", "test", `--project=${project}`, "--pass-with-no-tests", ...process.argv.slice(2)],
    {
      stdio: "inherit",
      shell,
      env: {
        ...process.env,
        ...(report === undefined ? {} : { PLAYWRIGHT_JSON_OUTPUT_NAME: `${report}/e2e-${project}.json` }),
      },
    },
  );
  ok &&= tests.status === 0;
}
process.exit(ok ? 0 : 1);
