import { runCommand } from "./validate-command.ts";

const aborter = new AbortController();
// The first ends the run with what was found so far; a second ends the process as ever.
process.once("SIGINT", () => aborter.abort());
process.exitCode = await runCommand(process.argv.slice(2), {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(`${text}\n`),
  signal: aborter.signal,
});
