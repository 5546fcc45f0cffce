import { spawnSync } from "node:child_process";

/**
 * Runs a command and returns what it printed. One that fails throws, with all that it said.
 * @type {(command: string, args: readonly string[], options?: { cwd?: string, env?: NodeJS.ProcessEnv }) => string}
 */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { ...options, encoding: "utf8", shell: process.platform === "win32" });
  if (done.status === 0) return done.stdout;
  throw new Error(`${[command, ...args].join(" ")} failed${options.cwd === undefined ? "" : ` in ${options.cwd}`}
${done.stdout ?? ""}${done.stderr ?? done.error?.message ?? ""}`);
}
