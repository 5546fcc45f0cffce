import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Match } from "../http/handler.ts";

export interface ServeNodeOptions {
  /** Default: one that is free. */
  readonly port?: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
}

export interface NodeServer {
  /** With a slash at the end. */
  readonly url: string;
  /** Ends every connection, blocked requests too. */
  close(): Promise<void>;
}

/** Puts a relay behind `node:http`: bodies are streamed, and a client that goes away aborts its request. */
export async function serveNode(match: Match, options: ServeNodeOptions = {}): Promise<NodeServer> {
  const { port = 0, host = "127.0.0.1" } = options;
  const server = createServer((request, response) => {
    answer(match, request, response).catch(() => response.destroy());
  });
  server.listen(port, host);
  await once(server, "listening");
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${taken}/`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(match: Match, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const aborter = new AbortController();
  outgoing.on("close", () => aborter.abort());
  const request = requestOf(incoming, aborter.signal);
  if (request === undefined) {
    outgoing.writeHead(400).end();
    return;
  }
  const response = await match(request);
  if (response === undefined) {
    outgoing.writeHead(404).end();
    return;
  }
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  const reader = response.body?.getReader();
  if (reader === undefined) {
    outgoing.end();
    return;
  }
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  outgoing.on("close", cancel);
  for (;;) {
    const { done, value } = await reader.read();
    if (done || outgoing.destroyed) break;
    // A slow client must not have the whole window piled up in memory.
    if (!outgoing.write(value)) await once(outgoing, "drain", { signal: aborter.signal }).catch(() => undefined);
  }
  outgoing.end();
}

/** Undefined for what is no request of HTTP. Bodies are not for us: the relay takes none. */
export function requestOf(
  { url = "/", method = "GET", headers }: IncomingMessage,
  signal: AbortSignal,
): Request | undefined {
  try {
    const given = new Headers();
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) given.set(name, Array.isArray(value) ? value.join(", ") : value);
    }
    return new Request(new URL(url, `http://${headers.host ?? "localhost"}`), { method, headers: given, signal });
  } catch {
    return undefined;
  }
}
