import "../missing-in-node-20.ts";
import { Connection } from "@moq/net";
import Session from "@moq/qmux";
import { WebSocket } from "ws";
import { loadWebTransport } from "../web-transport/native.ts";
import { Transport } from "../web-transport/transport.ts";
import type { MoqRelay } from "./moq-relay.ts";

export type ClientTransport = "websocket" | "webtransport";

/** `alpn`: the subprotocol to offer, `moql` where the first message is to say the version. */
interface ClientOptions {
  readonly over: ClientTransport;
  readonly alpn?: string;
  /** Of the URL, with its query. */
  readonly path?: string;
}

/** A client of the relay, as a page has it. */
export async function connectTo(relay: MoqRelay, options: ClientOptions): Promise<Connection.Established> {
  const url = new URL(options.path ?? "/", relay.url);
  const transport = options.over === "websocket" ? await overWebSocket(url, options) : await overQuic(url, relay);
  return await Connection.connect(url, { transport: transport as never, signal: AbortSignal.timeout(5_000) });
}

async function overWebSocket(url: URL, { alpn = "moq-lite-05" }: ClientOptions) {
  const socket = new WebSocket(url.href.replace("http", "ws"), [`qmux-01.${alpn}`]);
  // Before it is open: what comes first would be lost.
  const session = new Session(socket as unknown as ConstructorParameters<typeof Session>[0]);
  session.closed.catch(() => undefined);
  await session.ready;
  return session;
}

async function overQuic(url: URL, { certificateHash = "" }: MoqRelay) {
  const native = loadWebTransport();
  if (typeof native === "string") throw new Error(native);
  const client = native.NapiClient.withCertificateHashes([Buffer.from(certificateHash, "hex")]);
  return new Transport(await client.connect(url.href.replace("http", "https")));
}
