import { parseArgs } from "node:util";
import { systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { hostName } from "./address.ts";
import type { Command, CommandContext, ExitCode } from "./command.ts";
import { type MoqRelayOptions, startMoqRelay } from "./moq-relay/moq-relay.ts";
import { wholeNumber } from "./whole-number.ts";

const USAGE = `usage: eddy-hls moq-relay [--port 4443] [--host 127.0.0.1] [--token token] [--websocket]

A relay of Media over QUIC for development: what one page publishes, others watch, over WebTransport or WebSocket. It is one process
without encryption of its WebSockets and keeps nothing; for an audience, run an engine made for it (README.md names some).

  --port n         default 4443: UDP for WebTransport, TCP for WebSocket and the hash of the certificate
  --host address   default 127.0.0.1, this machine alone; 0.0.0.0 for everybody
  --token token    only clients whose URL ends with ?jwt=<token>; default everybody
  --websocket      no WebTransport, to see pages without it

Pages use it with moq({ url: "http://127.0.0.1:4443" }), which asks /certificate.sha256 for the hash. Ends with Ctrl-C.`;

const DEFAULT_PORT = 4443;
const STATUS_MS = 1_000;

/** `eddy-hls moq-relay`. */
export const moqRelayCommand: Command<MoqRelayOptions> = { usage: USAGE, read: readArguments, run: serve };

/** @throws RelayError `invalid-option` */
function readArguments(args: readonly string[]): MoqRelayOptions {
  const { values, positionals } = parse(args);
  if (positionals.length > 0) {
    throw new RelayError("invalid-option", `expected no "${positionals.join(" ")}"\n\n${USAGE}`);
  }
  return {
    port: wholeNumber("--port", values.port, 0, 65_535),
    host: hostName("--host", values.host),
    webTransport: !values.websocket,
    ...(values.token === undefined ? {} : { token: values.token }),
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
        token: { type: "string" },
        websocket: { type: "boolean", default: false },
      },
    });
  } catch (cause) {
    throw new RelayError("invalid-option", `${cause instanceof Error ? cause.message : cause}\n\n${USAGE}`, { cause });
  }
}

async function serve(options: MoqRelayOptions, context: CommandContext): Promise<ExitCode> {
  const { out, status, signal, clock = systemClock } = context;
  // @moq/net tells each stream's end on the console; what matters of it is in the status.
  for (const level of ["debug", "info", "warn", "error"] as const) console[level] = () => undefined;
  const relay = await startMoqRelay(options);
  out(`MoQ relay for development at ${relay.url}, not for an audience: it has no TLS for WebSocket and no cluster`);
  if (relay.certificateHash === undefined) out(`WebSocket alone: ${relay.webTransportMissing}`);
  else
    out(
      `WebTransport with certificate ${relay.certificateHash} (also at ${relay.url}/certificate.sha256), and WebSocket`,
    );
  let cancelTimer = (): void => undefined;
  const tell = (): void => {
    const { sessions, subscriptions, keptBytes, refused } = relay.stats;
    const published = sessions.reduce((sum, { publishes }) => sum + publishes.length, 0);
    const subscribed = Object.values(subscriptions).reduce((sum, count) => sum + count, 0);
    const kept = (keptBytes / 1024 / 1024).toFixed(1);
    status?.(
      `${sessions.length} sessions, ${published} broadcasts, ${subscribed} subscriptions, ${kept} MiB kept, ${refused} refused`,
    );
    cancelTimer = clock.after(STATUS_MS, tell);
  };
  if (status !== undefined) tell();
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  cancelTimer();
  status?.();
  await relay.close();
  out("ended");
  return 0;
}
