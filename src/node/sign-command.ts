import { parseArgs } from "node:util";
import { followOrigin } from "../follow/follow-origin.ts";
import { systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { isName } from "../model/ids.ts";
import { MAX_SHARED_MSN, MAX_SHARED_PART_BYTES } from "../model/part-header.ts";
import { hostName } from "./address.ts";
import type { Command, CommandContext, ExitCode } from "./command.ts";
import { openKeyFile } from "./key-file.ts";
import { OriginSigner } from "./origin-signer.ts";
import { type NodeServer, serveNode } from "./serve-node.ts";
import { createSignMatch } from "./sign-handler.ts";

const USAGE = `usage: eddy-hls sign <playlist url> [--port 8787] [--host 127.0.0.1] [--key eddy-sign-key.pem] [--name name]

Follows a live HLS or LL-HLS origin and serves signed headers beside it, so that viewers can prove to each other what they pass on.

  --port n      default 8787; 0 is any that is free
  --host host   where it listens; default 127.0.0.1, for a reverse proxy on the same machine
  --key file    the private key, made where there is none; viewers trust its fingerprint, so keep it, and keep it secret
  --name name   what the stream is called; default: the playlist's folder

Every part is fetched from the origin once. Runs until it is interrupted, and after the stream has ended too.

Exit code: 0 when it was interrupted, 2 when there is nothing to follow or no such option.`;

const DEFAULT_PORT = 8787;
const STATUS_MS = 1_000;

interface Arguments {
  readonly url: string;
  readonly port: number;
  readonly host: string;
  readonly key: string;
  readonly name: string;
}

/** `eddy-hls sign`. */
export const signCommand: Command<Arguments> = { usage: USAGE, read: readArguments, run: sign };

/** @throws RelayError `invalid-option`, `origin-unreachable`, `origin-malformed`, `malformed-frame` */
async function sign({ url, port, host, key, name }: Arguments, context: CommandContext): Promise<ExitCode> {
  const { out, err, status, signal, clock = systemClock, fetch } = context;
  const { keys, isNew, isExposed } = await openKeyFile(key);
  if (isNew) err(`made a new key: ${key}`);
  if (isExposed) err(`warning: others than you may read ${key} (chmod 600 ${key})`);
  const follower = await followOrigin({
    url,
    clock,
    signal,
    maxMediaBytes: MAX_SHARED_PART_BYTES,
    ...(fetch === undefined ? {} : { fetch }),
  });
  if (!follower.presentation.renditions.some(({ shareable }) => shareable)) {
    follower.close();
    throw new RelayError(
      "origin-malformed",
      `${url}: expected segments numbered up to ${MAX_SHARED_MSN}, which viewers can share`,
    );
  }
  const signer = new OriginSigner({ name, follower, keys, clock, signal, tell: err });
  const server = await open(signer, { port, host }).catch((thrown: unknown) => {
    follower.close();
    throw thrown;
  });
  const link = new URLSearchParams({ watch: name, origin: url, headers: server.url, key: keys.fingerprint });
  out(`signing ${url}`);
  out(`  headers      ${server.url}`);
  out(`  fingerprint  ${keys.fingerprint}`);
  out(`  watch link   ?${link}`);
  const stopStatus = every(STATUS_MS, () => status?.(`${signer.signed} headers, ${signer.waiting} requests wait`));
  try {
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    // What has ended is served on.
    await Promise.all([signer.run(), aborted]);
    return 0;
  } finally {
    stopStatus();
    status?.();
    follower.close();
    await server.close();
  }
}

/** @throws RelayError `invalid-option`; `malformed-frame` for a stream that no card can hold */
async function open(signer: OriginSigner, { port, host }: Pick<Arguments, "port" | "host">): Promise<NodeServer> {
  await signer.card;
  try {
    return await serveNode(createSignMatch(signer), { port, host });
  } catch (cause) {
    throw new RelayError("invalid-option", `--port ${port}: ${RelayError.from(cause).message}`, { cause });
  }
}

function every(intervalMs: number, callback: () => void): () => void {
  const timer = setInterval(callback, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}

function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args);
  const [url, ...more] = positionals;
  if (url === undefined || more.length > 0) {
    throw new RelayError("invalid-option", `expected one URL of a playlist, got ${positionals.length}`);
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new RelayError("invalid-option", `url: expected http: or https:, got ${url}`);
  }
  const { port, host = "127.0.0.1", key = "eddy-sign-key.pem", name = nameOf(url) } = values;
  if (!isName(name))
    throw new RelayError("invalid-option", `--name: expected 1 to 64 of A-Z a-z 0-9 . _ -, got ${name}`);
  return { url, port: portOf(port), host: hostName("--host", host), key, name };
}

function parse(args: readonly string[]) {
  const options = {
    port: { type: "string" },
    host: { type: "string" },
    key: { type: "string" },
    name: { type: "string" },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (thrown) {
    throw new RelayError("invalid-option", RelayError.from(thrown).message, { cause: thrown });
  }
}

function portOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new RelayError("invalid-option", `--port: expected 0 to 65535, got ${text}`);
}

/** The folder of a playlist, as the relay's own URLs have it. */
function nameOf(url: string): string {
  const folders = new URL(url).pathname.split("/").slice(0, -1).filter(isName);
  return folders.at(-1) ?? "live";
}
