import type { Clock } from "../model/clock.ts";
import type { Fetch } from "../reader/exchange.ts";
import type { Level } from "../validate/finding.ts";

/** 0: all is well. 1: it ran, and what it looked at is not. 2: it could not run, or no such option. */
export type ExitCode = 0 | 1 | 2;

export interface CommandContext {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Shows a line that the next takes the place of; hides it without one. Given where somebody watches. */
  readonly status?: (text?: string) => void;
  /** Makes a level stand out, where that can be shown. */
  readonly emphasize?: (text: string, level: Level) => string;
  /** Ends the run; the report so far is printed. */
  readonly signal: AbortSignal;
  readonly fetch?: Fetch;
  readonly clock?: Clock;
}

/** One word of the command line: `eddy-hls <name> …`. */
export interface Command<Arguments = unknown> {
  /** What `--help` prints; its first line is `usage: eddy-hls <name> …`. */
  readonly usage: string;
  /** Reads what stands around the name, and does nothing yet. @throws RelayError `invalid-option` */
  read(args: readonly string[]): Arguments;
  /** A throw is told, and exit code 2. */
  run(given: Arguments, context: CommandContext): Promise<ExitCode>;
}
