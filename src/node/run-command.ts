import { RelayError } from "../model/errors.ts";
import type { Command, CommandContext, ExitCode } from "./command.ts";
import { moqRelayCommand } from "./moq-relay-command.ts";
import { signCommand } from "./sign-command.ts";
import { signalCommand } from "./signal-command.ts";
import { simulateCommand } from "./simulate-command.ts";
import { validateCommand } from "./validate-command.ts";

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["validate", validateCommand],
  ["signal", signalCommand],
  ["sign", signCommand],
  ["simulate", simulateCommand],
  ["moq-relay", moqRelayCommand],
]);

/** Runs `eddy-hls <args>`; returns its exit code. */
export async function runCommand(args: readonly string[], context: CommandContext): Promise<ExitCode> {
  // Options may stand before the name too.
  const at = args.findIndex((arg) => COMMANDS.has(arg));
  const command = COMMANDS.get(args[at] ?? "");
  if (args.length === 0 || args.includes("--help") || args.includes("-h")) {
    (args.length === 0 ? context.err : context.out)(command?.usage ?? overview());
    return args.length === 0 ? 2 : 0;
  }
  try {
    if (command === undefined) {
      const names = [...COMMANDS.keys()].join(", ");
      throw new RelayError("invalid-option", `expected one of ${names}, got "${args.join(" ")}"\n\n${overview()}`);
    }
    return await command.run(args.toSpliced(at, 1), context);
  } catch (thrown) {
    context.err(RelayError.from(thrown).message);
    return 2;
  }
}

function overview(): string {
  const [first = "", ...more] = [...COMMANDS.values()].map(({ usage }) => usage.split("\n", 1)[0] ?? "");
  const usages = [first, ...more.map((usage) => usage.replace("usage:", "      "))];
  return `${usages.join("\n")}\n\n"eddy-hls <command> --help" tells what each does, and its options.`;
}
