import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { Connection, Path } from "@moq/net";
import Session, { selectSubprotocol } from "@moq/qmux";
import { WebSocketServer } from "ws";
import { type Clock, systemClock } from "../../model/clock.ts";
import { RelayError } from "../../model/errors.ts";
import { addWhatNode20Lacks } from "../missing-in-node-20.ts";
import { loadWebTransport } from "../web-transport/native.ts";
import { WebTransportServer } from "../web-transport/server.ts";
import { MoqHub } from "./hub.ts";
import { type MoqRelayLimits, RELAY_LIMITS } from "./relay-limits.ts";
import { type MoqRelayStats, relayStats } from "./relay-stats.ts";
import { MOQ_VERSIONS, type MoqVersion, type VersionOffer, versionOffer } from "./versions.ts";

addWhatNode20Lacks();

export interface MoqRelayOptions {
  /** TCP for WebSocket and plain HTTP, UDP for WebTransport. Default: one that is free. */
  readonly port?: number;
  /** An address, not a name. Default `127.0.0.1`. */
  readonly host?: string;
  /** Default: all of `MOQ_VERSIONS`. */
  readonly versions?: readonly MoqVersion[];
  /** False serves WebSocket alone. Default: WebTransport too, where `@moq/web-transport` loads. */
  readonly webTransport?: boolean;
  /** Who may connect, by the `jwt` or `token` of the URL's query. Default: everybody. */
  readonly token?: string;
  readonly limits?: Partial<MoqRelayLimits>;
  readonly clock?: Clock;
}

export interface MoqRelay {
  /** `http://…`: clients take WebSocket from it, and WebTransport on the same port with the hash from `/certificate.sha256`. */
  readonly url: string;
  /** SHA-256 of the certificate for WebTransport, in hexadecimal; undefined where that is not served. */
  readonly certificateHash: string | undefined;
  /** Why WebTransport is not served, in a sentence. */
  readonly webTransportMissing: string | undefined;
  readonly stats: MoqRelayStats;
  /** Ends every session, and the relay goes on: what a token that has expired looks like to a client. */
  disconnect(): void;
  /** Idle sockets are cut off. The UDP port stays taken until the process ends: a relay that is to come back has one of its own. */
  close(): Promise<void>;
}

/** A session that has not said by then what it speaks is closed. */
const SETUP_MS = 10_000;
/** Tried where any port will do. */
const MAX_PORTS = 8;
/** A WebSocket message: a record of qmux is a fraction of it. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/**
 * A relay of Media over QUIC, for development and tests: one process, no cluster, nothing kept when it ends. It speaks what
 * `@moq/net` speaks, and passes on what it does not understand.
 * @throws RelayError `invalid-option` if the port is taken
 */
export async function startMoqRelay(options: MoqRelayOptions = {}): Promise<MoqRelay> {
  const relay = new Relay(options);
  await relay.listen();
  return relay;
}

class Relay implements MoqRelay {
  readonly #options: MoqRelayOptions;
  readonly #limits: MoqRelayLimits;
  readonly #clock: Clock;
  readonly #offer: VersionOffer;
  readonly #hub: MoqHub;
  readonly #http = createServer((request, response) => this.#answer(request, response));
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false });
  #quic: WebTransportServer | undefined;
  #missing: string | undefined;
  #refused = 0;
  /** Sessions that are still being set up, too. */
  #open = 0;
  #url = "";

  constructor(options: MoqRelayOptions) {
    this.#options = options;
    this.#limits = { ...RELAY_LIMITS, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    this.#offer = versionOffer(options.versions ?? MOQ_VERSIONS);
    this.#hub = new MoqHub({ limits: this.#limits, clock: this.#clock });
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  get url(): string {
    return this.#url;
  }

  get certificateHash(): string | undefined {
    return this.#quic?.certificate.hash;
  }

  get webTransportMissing(): string | undefined {
    return this.#missing;
  }

  get stats(): MoqRelayStats {
    return relayStats(this.#hub.sessions, this.#refused);
  }

  async listen(): Promise<void> {
    const { port = 0, host = "127.0.0.1", webTransport = true } = this.#options;
    if (!webTransport) this.#missing = "WebTransport is switched off";
    const loads = typeof loadWebTransport() !== "string";
    for (let left = port === 0 && loads ? MAX_PORTS : 1; left > 0; left -= 1) {
      const taken = await this.#listenHttp(host, port);
      if (!webTransport) return;
      const quic = this.#listenQuic(host, taken);
      if (typeof quic !== "string") {
        this.#quic = quic;
        return;
      }
      this.#missing = quic;
      // Where any port will do, one that is free for UDP as well.
      if (left > 1) await this.#closeHttp();
    }
  }

  async #listenHttp(host: string, port: number): Promise<number> {
    this.#http.listen(port, host);
    try {
      await once(this.#http, "listening");
    } catch (cause) {
      throw new RelayError("invalid-option", `could not listen on ${host}:${port}: ${messageOf(cause)}`, { cause });
    }
    const { port: taken } = this.#http.address() as AddressInfo;
    this.#url = `http://${host.includes(":") ? `[${host}]` : host}:${taken}`;
    return taken;
  }

  async #closeHttp(): Promise<void> {
    const closed = once(this.#http, "close");
    this.#http.close();
    this.#http.closeAllConnections();
    await closed;
  }

  disconnect(): void {
    this.#hub.close();
  }

  async close(): Promise<void> {
    this.#hub.close();
    // What says no goodbye is cut off.
    for (const socket of this.#sockets.clients) socket.terminate();
    await Promise.all([this.#closeHttp(), this.#quic?.close()]);
  }

  #listenQuic(host: string, port: number): WebTransportServer | string {
    return WebTransportServer.listen({
      host,
      port,
      refuse: (url) => {
        const refusal = this.#offer.hasSetup ? this.#refusal(url) : 400;
        if (refusal !== undefined) this.#refused += 1;
        return refusal;
      },
      onSession: (transport, url) => void this.#serve(transport, url),
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => undefined);
    const { url: path = "/" } = request;
    // Programs may ask for what is no path.
    const url = new URL(URL.canParse(path, this.#url) ? path : "/", this.#url);
    const protocol = selectSubprotocol(request.headers["sec-websocket-protocol"], this.#offer.subprotocols);
    const refusal = this.#refusal(url) ?? (protocol === undefined ? 400 : undefined);
    if (refusal !== undefined || protocol === undefined) {
      this.#refused += 1;
      // Who does not close its side would keep the server open.
      socket.once("finish", () => socket.destroy());
      socket.end(`HTTP/1.1 ${refusal} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    // What `ws` takes as the client's offer is what was chosen of it.
    request.headers["sec-websocket-protocol"] = protocol;
    this.#sockets.handleUpgrade(request, socket, head, (opened) => {
      opened.on("error", () => undefined); // 'close' follows
      void this.#serve(Session.accept(opened as unknown as Parameters<typeof Session.accept>[0]), url);
    });
  }

  #refusal({ searchParams }: URL): number | undefined {
    const { token } = this.#options;
    if (token !== undefined && token !== (searchParams.get("jwt") ?? searchParams.get("token"))) return 401;
    return this.#open < this.#limits.maxSessions ? undefined : 503;
  }

  /** Never rejects: whatever a client does ends its session, and nothing else. */
  async #serve(transport: ServedTransport, url: URL): Promise<void> {
    this.#open += 1;
    // Who hears of the end of a session does so by its streams.
    transport.closed.catch(() => undefined);
    const cancelDeadline = this.#clock.after(SETUP_MS, () => transport.close());
    try {
      await transport.ready;
      const { setup } = this.#offer;
      const established = await Connection.accept(
        transport as never,
        url,
        setup === undefined ? {} : { version: setup },
      );
      cancelDeadline();
      await this.#hub.serve(established, Path.from(decodeURIComponent(url.pathname)));
    } catch {
      this.#refused += 1;
      transport.close();
    } finally {
      cancelDeadline();
      this.#open -= 1;
    }
  }

  #answer({ url = "/" }: IncomingMessage, response: ServerResponse): void {
    const headers = { "cache-control": "no-store", "access-control-allow-origin": "*" };
    const path = url.split("?")[0];
    if (path === "/certificate.sha256") {
      const hash = this.certificateHash;
      response.writeHead(hash === undefined ? 404 : 200, { ...headers, "content-type": "text/plain" });
      response.end(hash ?? this.#missing);
    } else if (path === "/stats.json") {
      response.writeHead(200, { ...headers, "content-type": "application/json" }).end(JSON.stringify(this.stats));
    } else {
      response.writeHead(200, { ...headers, "content-type": "text/plain" });
      response.end("eddy-hls moq-relay, for development\n");
    }
  }
}

interface ServedTransport {
  readonly ready: Promise<unknown>;
  readonly closed: Promise<unknown>;
  close(): void;
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
