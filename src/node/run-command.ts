import { RelayError } from "../model/errors.ts";
import type { Command, CommandContext, ExitCode } from "./command.ts";
import { moqRelayCommand } from "./moq-relay-command.ts";
import { signCommand } from "./sign-command.ts";
import { signalCommand } from "./signal-command.ts";
import { simulateCommand } from "./simulate-command.ts";
import { validateCommand } from "./validate-command.ts";

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["validate", validateCommand],
  ["signal", signalCommand],
  ["sign", signCommand],
  ["simulate", simulateCommand],
  ["moq-relay", moqRelayCommand],
]);

/** Runs `eddy-hls <args>`; returns its exit code. */
export async function runCommand(args: readonly string[], context: CommandContext): Promise<ExitCode> {
  if (args.length === 0 || args.includes("--help") || args.includes("-h")) {
    const usage = COMMANDS.get(args[nameAt(args)] ?? "")?.usage ?? overview();
    (args.length === 0 ? context.err : context.out)(usage);
    return args.length === 0 ? 2 : 0;
  }
  try {
    const { command, given } = readCommand(args);
    return await command.run(given, context);
  } catch (thrown) {
    context.err(RelayError.from(thrown).message);
    return 2;
  }
}

export interface ReadCommand {
  readonly name: string;
  readonly command: Command;
  /** What the command takes, checked. */
  readonly given: unknown;
}

/** Which command is asked for, and with what. @throws RelayError `invalid-option` */
export function readCommand(args: readonly string[]): ReadCommand {
  const at = nameAt(args);
  const name = args[at] ?? "";
  const command = COMMANDS.get(name);
  if (command === undefined) {
    const names = [...COMMANDS.keys()].join(", ");
    throw new RelayError("invalid-option", `expected one of ${names}, got "${args.join(" ")}"\n\n${overview()}`);
  }
  return { name, command, given: command.read(args.toSpliced(at, 1)) };
}

/** Options may stand before the name too. */
function nameAt(args: readonly string[]): number {
  return args.findIndex((arg) => COMMANDS.has(arg));
}

function overview(): string {
  const [first = "", ...more] = [...COMMANDS.values()].map(({ usage }) => usage.split("\n", 1)[0] ?? "");
  const usages = [first, ...more.map((usage) => usage.replace("usage:", "      "))];
  return `${usages.join("\n")}\n\n"eddy-hls <command> --help" tells what each does, and its options.`;
}
