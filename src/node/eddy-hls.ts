import { styleText } from "node:util";
import type { Level } from "../validate/finding.ts";
import { runCommand } from "./run-command.ts";

const { stdout, stderr, env } = process;
const aborter = new AbortController();
// The first ends the run with what was found so far; a second ends the process as ever.
process.once("SIGINT", () => aborter.abort());
process.once("SIGTERM", () => aborter.abort());
// Who reads may have enough before the end, as `head` does.
stdout.on("error", () => process.exit());

/** Takes the status line away, so that what is written stands on a line of its own. */
const ERASE_LINE = "\r\u001b[2K";
let statusLine = "";

function write(stream: NodeJS.WriteStream, text: string): void {
  if (statusLine !== "") stderr.write(ERASE_LINE);
  stream.write(`${text}\n`);
  stderr.write(statusLine);
}

function status(text = ""): void {
  // One that is longer than the window would wrap, and stay.
  statusLine = text.slice(0, (stderr.columns || 80) - 1);
  stderr.write(ERASE_LINE + statusLine);
}

const isColored = stdout.isTTY && env.NO_COLOR === undefined && env.TERM !== "dumb";
const COLORS = { MUST: "red", SHOULD: "yellow", field: "cyan" } as const satisfies Record<Level, string>;

process.exitCode = await runCommand(process.argv.slice(2), {
  out: (text) => write(stdout, text),
  err: (text) => write(stderr, text),
  signal: aborter.signal,
  ...(stderr.isTTY ? { status } : {}),
  ...(isColored ? { emphasize: (text: string, level: Level) => styleText(COLORS[level], text) } : {}),
});
