// Everything that has to hold: types, lint, units, size, and the real browser. Ends with "N passed, N failed".
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { failedE2e, failedUnits } from "./failed-tests.mjs";

const REPORTS = ".cache/reports";
const UNITS = `${REPORTS}/unit.json`;
const E2E = ["shared", "alone"].map((project) => `${REPORTS}/e2e-${project}.json`);

/** @type {(args: string[], env?: Record<string, string>) => boolean} */
function run(args, env = {}) {
  console.log(`\n> npm run ${args.join(" ")}`);
  const done = spawnSync("npm", ["run", "--silent", ...args], {
    stdio: "inherit",
    env: { ...process.env, ...env },
    shell: process.platform === "win32",
  });
  return done.status === 0;
}

/** @param {string} path */
function report(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined; // it broke before it could count: the step's own status says so
  }
}

/** @type {(name: string, ok: boolean, passed: number, failed: number) => { name: string, passed: number, failed: number }} */
function counted(name, ok, passed, failed) {
  return { name, passed, failed: ok ? failed : Math.max(1, failed) };
}

rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });

const results = ["typecheck", "lint"].map((name) => {
  const ok = run([name]);
  return counted(name, ok, ok ? 1 : 0, 0);
});

const unitsOk = run(["unit", "--", "--reporter=default", "--reporter=json", `--outputFile.json=${UNITS}`]);
const units = report(UNITS);
results.push(counted("unit", unitsOk, units?.numPassedTests ?? 0, units?.numFailedTests ?? 0));

const e2eOk = run(["e2e", "--", "--reporter=list,json"], { EDDY_E2E_REPORTS: REPORTS });
const e2e = E2E.map(report);
/** @type {(count: "expected" | "unexpected" | "flaky") => number} */
const total = (count) => e2e.reduce((sum, each) => sum + (each?.stats[count] ?? 0), 0);
// A test that passed on a second try is flaky, and a flaky test is a bug.
results.push(counted("e2e", e2eOk, total("expected"), total("unexpected") + total("flaky")));

// The end-to-end tests have made the build that is weighed here.
const sizeOk = run(["size"]);
results.push(counted("size", sizeOk, sizeOk ? 1 : 0, 0));

/** @type {(step: string, ok: boolean, tests: { name: string, error: readonly string[] }[]) => void} */
function tell(step, ok, tests) {
  if (!ok && tests.length === 0) console.log(`\nfailed: ${step}, though no test of it: its own output says why`);
  for (const { name, error } of tests) console.log(`\nfailed: ${name}\n  ${error.join("\n  ")}`);
}

tell("unit", unitsOk, failedUnits(units));
tell("e2e", e2eOk, e2e.flatMap(failedE2e));

console.log("");
for (const { name, passed, failed } of results) console.log(`${name}: ${passed} passed, ${failed} failed`);
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
