import { type Announce, Broadcast, Connection, type Group, Path, Time } from "@moq/net";
import Session from "@moq/qmux";
import { WebSocket } from "ws";
import { addWhatNode20Lacks } from "../missing-in-node-20.ts";
import { loadWebTransport } from "../web-transport/native.ts";
import { Transport } from "../web-transport/transport.ts";
import type { MoqRelay } from "./moq-relay.ts";

addWhatNode20Lacks();

export type ClientTransport = "websocket" | "webtransport";

/** `alpn`: the subprotocol to offer, `moql` where the first message is to say the version. */
interface ClientOptions {
  readonly over: ClientTransport;
  readonly alpn?: string;
  /** Of the URL, with its query. */
  readonly path?: string;
  /** Given the socket before it is open, for tests that stall it or write to it. */
  readonly onSocket?: (socket: WebSocket) => void;
}

/** A client of the relay, as a page has it. */
export async function connectTo(relay: MoqRelay, options: ClientOptions): Promise<Connection.Established> {
  const url = new URL(options.path ?? "/", relay.url);
  const transport = options.over === "websocket" ? await overWebSocket(url, options) : await overQuic(url, relay);
  return await Connection.connect(url, { transport: transport as never, signal: AbortSignal.timeout(5_000) });
}

async function overWebSocket(url: URL, { alpn = "moq-lite-05", onSocket }: ClientOptions) {
  const socket = new WebSocket(url.href.replace("http", "ws"), [`qmux-01.${alpn}`]);
  onSocket?.(socket);
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

export const STUDIO = Path.from("studio");
export const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

export function frame(content: string | Uint8Array): Group.Frame {
  const payload = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { payload, timestamp: Time.Timestamp.now() };
}

/** Publishes one track, of what the test writes. */
export function publish(session: Connection.Established, path = "studio") {
  const broadcast = new Broadcast.Producer();
  const track = broadcast.createTrack("video", { latencyMax: 1_000 });
  session.publish(Path.from(path), broadcast);
  // As the relay does, see PUBLISH_AGAIN_MS in relay-session.ts.
  setTimeout(() => {
    if (broadcast.closed.peek() === undefined) session.publish(Path.from(path), broadcast);
  }, 200);
  return { broadcast, track };
}

/** The next that the session hears of. */
export async function announcement(events: Announce.Consumer): Promise<string> {
  const event = await events.next();
  return event === undefined ? "over" : `${event.active ? "+" : "-"}${event.path}`;
}
