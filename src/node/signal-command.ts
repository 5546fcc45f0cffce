import { parseArgs } from "node:util";
import { systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { hostName, pageOrigin } from "./address.ts";
import type { Command, CommandContext, ExitCode } from "./command.ts";
import { type ServedSignal, type ServeSignalOptions, serveSignal } from "./signal-server.ts";
import { wholeNumber } from "./whole-number.ts";

const USAGE = `usage: eddy-hls signal [--port 4190] [--host 127.0.0.1] [--origin origin]... [--sockets 20000] [--proxied]

A relay for signalling: viewers of a stream find each other through it and exchange encrypted descriptions. Media never passes through.

  --port n         default 4190
  --host address   default 127.0.0.1, this machine alone; 0.0.0.0 for everybody
  --origin origin  pages of this origin may connect, such as https://site.example, as often as you like; default all
  --sockets n      how many may be connected at a time; default 20000
  --proxied        a proxy stands in front, for TLS: the last address in X-Forwarded-For is the peer's

Pages use it with peers({ signalling: { kind: "relay", urls: ["wss://signal.example"] } }). Ends with Ctrl-C.`;

const DEFAULT_PORT = 4190;
const STATUS_MS = 1_000;

/** `eddy-hls signal`. */
export const signalCommand: Command<ServeSignalOptions> = { usage: USAGE, read: readArguments, run: serve };

/** @throws RelayError `invalid-option` */
function readArguments(args: readonly string[]): ServeSignalOptions {
  const { values, positionals } = parse(args);
  if (positionals.length > 0) {
    throw new RelayError("invalid-option", `expected no "${positionals.join(" ")}"\n\n${USAGE}`);
  }
  for (const origin of values.origin) pageOrigin("--origin", origin);
  return {
    port: wholeNumber("--port", values.port, 0, 65_535),
    host: hostName("--host", values.host),
    maxSockets: wholeNumber("--sockets", values.sockets, 1, 1_000_000),
    proxied: values.proxied,
    ...(values.origin.length === 0 ? {} : { origins: values.origin }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        port: { type: "string", default: String(DEFAULT_PORT) },
        host: { type: "string", default: "127.0.0.1" },
        origin: { type: "string", multiple: true, default: [] },
        sockets: { type: "string", default: "20000" },
        proxied: { type: "boolean", default: false },
      },
    });
  } catch (cause) {
    throw new RelayError("invalid-option", `${cause instanceof Error ? cause.message : cause}\n\n${USAGE}`, { cause });
  }
}

async function serve(options: ServeSignalOptions, context: CommandContext): Promise<ExitCode> {
  const { out, status, signal, clock = systemClock } = context;
  let served: ServedSignal;
  try {
    served = await serveSignal(options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RelayError("invalid-option", `could not listen on ${options.host}:${options.port}: ${reason}`, { cause });
  }
  out(`signalling at ${served.url}, for ${options.origins?.join(", ") ?? "pages of every origin"}`);
  let cancelTimer = (): void => undefined;
  const tell = (): void => {
    const { sockets, topics, messages, delivered, refused } = served.stats;
    status?.(`${sockets} connected, ${topics} topics, ${messages} messages in, ${delivered} out, ${refused} refused`);
    cancelTimer = clock.after(STATUS_MS, tell);
  };
  if (status !== undefined) tell();
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  cancelTimer();
  status?.();
  await served.close();
  const { messages, delivered, refused } = served.stats;
  out(`ended: ${messages} messages in, ${delivered} out, ${refused} refused`);
  return 0;
}
