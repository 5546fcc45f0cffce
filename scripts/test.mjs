// Everything that has to hold: types, lint, units, the package, the real browser, and a soak. Ends with "N passed, N failed".
import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { failedE2e, failedSoak, failedUnits } from "./failed-tests.mjs";

const REPORTS = ".cache/reports";
const UNITS = `${REPORTS}/unit.json`;
const SOAK_MINUTES = 10;
const SOAK = `${REPORTS}/soak.json`;
const SOAK_LOG = `${REPORTS}/soak.log`;
/** The last lines of the soak's log are its report. */
const SOAK_LINES = 30;
const shell = process.platform === "win32";

/** @type {(args: string[], env?: Record<string, string>) => boolean} */
function run(args, env = {}) {
  console.log(`\n> npm run ${args.join(" ")}`);
  const done = spawnSync("npm", ["run", "--silent", ...args], {
    stdio: "inherit",
    env: { ...process.env, ...env },
    shell,
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

/** @param {string} name */
function checked(name) {
  const ok = run([name]);
  return counted(name, ok, ok ? 1 : 0, 0);
}

/** Starts what goes on beside the tests that share the machine. Resolves with whether it held. @returns {Promise<boolean>} */
function soak() {
  const log = openSync(SOAK_LOG, "w");
  const args = ["run", "--silent", "soak", "--", "--built", "--minutes", String(SOAK_MINUTES)];
  const running = spawn("npm", args, { stdio: ["ignore", log, log], shell });
  closeSync(log);
  return new Promise((resolve) => {
    running.on("error", () => resolve(false));
    running.on("exit", (code) => resolve(code === 0));
  });
}

/** @param {"shared" | "alone"} project */
function tested(project) {
  const path = `${REPORTS}/e2e-${project}.json`;
  const ok = run(["e2e", "--", `--project=${project}`, "--reporter=list,json"], {
    PLAYWRIGHT_JSON_OUTPUT_NAME: path,
    EDDY_BUILT: "1",
  });
  const e2e = report(path);
  const { expected = 0, unexpected = 0, flaky = 0, skipped = 0 } = e2e?.stats ?? {};
  // What a browser that is not to be had would have shown is not shown.
  const name = skipped === 0 ? `e2e, ${project}` : `e2e, ${project} (${skipped} skipped)`;
  // A test that passed on a second try is flaky, and a flaky test is a bug.
  return { ok, e2e, result: counted(name, ok, expected, unexpected + flaky) };
}

rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });

const results = ["typecheck", "lint", "licences", "docs:check", "package"].map(checked);
const unitsOk = run(["unit", "--", "--reporter=default", "--reporter=json", `--outputFile.json=${UNITS}`]);
const units = report(UNITS);
results.push(counted("unit", unitsOk, units?.numPassedTests ?? 0, units?.numFailedTests ?? 0));

results.push(checked("build"));
const soaking = soak();
const shared = tested("shared");
const soakOk = await soaking;
const soakLog = readFileSync(SOAK_LOG, "utf8").trimEnd();
console.log(`\n${soakLog.split("\n").slice(-SOAK_LINES).join("\n")}`);
const alone = tested("alone");
results.push(shared.result, counted("soak", soakOk, soakOk ? 1 : 0, 0), alone.result);

/** @type {(step: string, ok: boolean, tests: { name: string, error: readonly string[] }[]) => void} */
function tell(step, ok, tests) {
  if (!ok && tests.length === 0) console.log(`\nfailed: ${step}, though no test of it: its own output says why`);
  for (const { name, error } of tests) console.log(`\nfailed: ${name}\n  ${error.join("\n  ")}`);
}

tell("unit", unitsOk, failedUnits(units));
tell("soak", soakOk, soakOk ? [] : failedSoak(report(SOAK), soakLog));
tell("e2e", shared.ok, failedE2e(shared.e2e));
tell("e2e", alone.ok, failedE2e(alone.e2e));

console.log("");
for (const { name, passed, failed } of results) console.log(`${name}: ${passed} passed, ${failed} failed`);
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
