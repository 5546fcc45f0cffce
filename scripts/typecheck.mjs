// Checks every host against its own lib; all of them, so that one run shows every error.
import { spawnSync } from "node:child_process";

const hosts = ["core", "worker", "worker-tests", "page", "node"];
const failed = hosts.filter(
  (host) =>
    spawnSync("npx", ["tsc", "-p", `tsconfig.${host}.json`], { stdio: "inherit", shell: process.platform === "win32" })
      .status !== 0,
);
if (failed.length > 0) {
  console.error(`type check failed for: ${failed.join(", ")}`);
  process.exit(1);
}
