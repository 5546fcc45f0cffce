// Runs the soak. `--minutes 120`, `--seed 1`; `--built` takes the build that is there; `--write` writes docs/soak.md;
// `--strict-updates` makes a fault of a new worker that has not taken over within a minute.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    built: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    "strict-updates": { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes >= 1 && minutes <= 24 * 60) || !Number.isSafeInteger(seed)) {
  console.error("expected --minutes from 1 to 1440, and --seed a whole number");
  process.exit(2);
}

const shell = process.platform === "win32";
if (!values.built) {
  const build = spawnSync("npx", ["vite", "build", "--logLevel", "warn"], { stdio: "inherit", shell });
  if (build.status !== 0) process.exit(build.status ?? 1);
}
const { status } = spawnSync("npx", ["playwright", "test", "--config", "bench/soak/playwright.config.ts"], {
  stdio: "inherit",
  shell,
  env: {
    ...process.env,
    EDDY_SOAK_MINUTES: String(minutes),
    EDDY_SOAK_SEED: String(seed),
    EDDY_SOAK_WRITE: String(values.write),
    EDDY_SOAK_STRICT_UPDATES: String(values["strict-updates"]),
  },
});
process.exit(status ?? 1);
