import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { type Clock, systemClock } from "../model/clock.ts";
import { TokenBucket } from "../model/token-bucket.ts";
import {
  MAX_SIGNAL_BYTES,
  readSignalAsk,
  SIGNAL_CLOSE,
  SIGNAL_PROTOCOL,
  type SignalAsk,
  type SignalNews,
} from "../wire/signal-messages.ts";
import { networkOf } from "./address.ts";
import { SignalTopics } from "./signal-topics.ts";

export interface SignalOptions {
  /** Origins of pages that may connect, such as `https://site.example`. Default: every page, and programs without an origin. */
  readonly origins?: readonly string[];
  /** Default 20,000. */
  readonly maxSockets?: number;
  /** From one address, of IPv6 from one network of /64: a household or an office is one. Default 256. */
  readonly maxSocketsPerAddress?: number;
  /** Default 16: two for each room. */
  readonly maxTopicsPerSocket?: number;
  /** How many subscribers hear one message. Default 24. */
  readonly fanout?: number;
  /** Of one socket, on average. Default 40. */
  readonly messagesPerSecond?: number;
  /** Of one socket, at once: a peer that joins sends a dozen descriptions and their candidates. Default 500. */
  readonly messageBurst?: number;
  /** A proxy in front says whose address it is (the last of `X-Forwarded-For`). Default false. */
  readonly proxied?: boolean;
  readonly clock?: Clock;
  /** 0 inclusive to 1 exclusive. */
  readonly random?: () => number;
}

export interface SignalStats {
  readonly sockets: number;
  readonly topics: number;
  /** Since the start. */
  readonly messages: number;
  readonly delivered: number;
  /** Sockets that were not let in, or closed for what they did. */
  readonly refused: number;
}

/** A socket that listens to nothing for so long has no business here. */
const FIRST_TOPIC_MS = 10_000;
/** Who has not answered one ping by the next is gone. */
const PING_MS = 25_000;
/** Who reads too slowly for this much is let go. */
const MAX_BUFFERED_BYTES = 256 * 1024;
/** How long a shutdown waits for sockets to say goodbye. */
const GOODBYE_MS = 1_000;

/**
 * A relay for signalling: peers subscribe to topics and publish to them, and it knows nothing of either. What passes
 * through is encrypted by the peers. All state is who is connected now.
 */
export class SignalServer {
  readonly #options: Required<Omit<SignalOptions, "origins">> & Pick<SignalOptions, "origins">;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_SIGNAL_BYTES,
    perMessageDeflate: false,
    // Another version gets through to the close code that tells it so.
    handleProtocols: (offered) => (offered.has(SIGNAL_PROTOCOL) ? SIGNAL_PROTOCOL : [...offered][0] || false),
  });
  readonly #topics = new SignalTopics<Client>();
  readonly #clients = new Set<Client>();
  readonly #perAddress = new Map<string, number>();
  #messages = 0;
  #delivered = 0;
  #refused = 0;
  #cancelPing: () => void;
  #closed = false;

  constructor(options: SignalOptions = {}) {
    this.#options = {
      maxSockets: 20_000,
      maxSocketsPerAddress: 256,
      maxTopicsPerSocket: 16,
      fanout: 24,
      messagesPerSecond: 40,
      messageBurst: 500,
      proxied: false,
      clock: systemClock,
      random: Math.random,
      ...options,
    };
    this.#cancelPing = this.#options.clock.after(PING_MS, () => this.#ping());
  }

  get stats(): SignalStats {
    return {
      sockets: this.#clients.size,
      topics: this.#topics.size,
      messages: this.#messages,
      delivered: this.#delivered,
      refused: this.#refused,
    };
  }

  /** Takes over a request to upgrade, of any `node:http` server. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#closed) {
      socket.destroy();
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (opened) => this.#opened(opened, request));
  }

  /** Says goodbye to every peer; resolves once all are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelPing();
    const gone = [...this.#clients].map(({ socket }) => once(socket, "close").catch(() => undefined));
    for (const { socket } of this.#clients) socket.close(SIGNAL_CLOSE.goingAway, "the relay is shut down");
    const cancel = this.#options.clock.after(GOODBYE_MS, () => {
      for (const { socket } of this.#clients) socket.terminate();
    });
    await Promise.all(gone);
    cancel();
  }

  #opened(socket: WebSocket, request: IncomingMessage): void {
    socket.on("error", () => undefined); // 'close' follows
    const address = this.#addressOf(request);
    const refusal = this.#refusal(socket, request.headers.origin, address);
    if (refusal !== undefined) {
      this.#refused += 1;
      socket.close(...refusal);
      return;
    }
    const { clock, messagesPerSecond, messageBurst } = this.#options;
    const client: Client = {
      socket,
      topics: new Set(),
      rate: new TokenBucket({ perSecond: messagesPerSecond, burst: messageBurst, clock }),
      answered: true,
    };
    this.#clients.add(client);
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    const cancel = clock.after(FIRST_TOPIC_MS, () => {
      if (client.topics.size === 0) this.#turnOut(client, "subscribed to nothing");
    });
    socket.on("pong", () => {
      client.answered = true;
    });
    socket.on("message", (data, isBinary) => this.#received(client, data.toString(), isBinary));
    socket.on("close", () => {
      cancel();
      this.#clients.delete(client);
      for (const topic of client.topics) this.#topics.leave(topic, client);
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, left);
    });
  }

  #refusal({ protocol }: WebSocket, origin: string | undefined, address: string): [number, string] | undefined {
    const { origins, maxSockets, maxSocketsPerAddress } = this.#options;
    if (protocol !== SIGNAL_PROTOCOL) return [SIGNAL_CLOSE.version, `expected ${SIGNAL_PROTOCOL}`];
    if (origins !== undefined && !origins.includes(origin ?? "")) {
      return [SIGNAL_CLOSE.origin, "pages of this origin are not served here"];
    }
    if (this.#clients.size >= maxSockets || (this.#perAddress.get(address) ?? 0) >= maxSocketsPerAddress) {
      return [SIGNAL_CLOSE.tryLater, "full"];
    }
    return undefined;
  }

  #addressOf({ socket, headers }: IncomingMessage): string {
    const forwarded = this.#options.proxied ? String(headers["x-forwarded-for"] ?? "") : "";
    // The last is what our own proxy saw; those before it are what the client liked to say.
    return networkOf(forwarded.split(",").at(-1)?.trim() || (socket.remoteAddress ?? ""));
  }

  #received(client: Client, text: string, isBinary: boolean): void {
    if (!client.rate.take(1)) {
      this.#turnOut(client, "too many messages");
      return;
    }
    let ask: SignalAsk;
    try {
      if (isBinary) throw new Error("expected text");
      ask = readSignalAsk(text);
    } catch {
      this.#turnOut(client, "malformed message");
      return;
    }
    this.#messages += 1;
    switch (ask.type) {
      case "subscribe":
        if (!client.topics.has(ask.topic) && client.topics.size >= this.#options.maxTopicsPerSocket) {
          this.#turnOut(client, "too many topics");
          return;
        }
        client.topics.add(ask.topic);
        this.#topics.join(ask.topic, client, ask.name);
        this.#tell(client, textOf({ type: "subscribed", topic: ask.topic, members: this.#topics.members(ask.topic) }));
        return;
      case "unsubscribe":
        client.topics.delete(ask.topic);
        this.#topics.leave(ask.topic, client);
        return;
      case "publish": {
        const { fanout: most, random } = this.#options;
        const news = textOf({ type: "message", topic: ask.topic, payload: ask.payload });
        const heard =
          ask.names === undefined
            ? this.#topics.pick(ask.topic, { except: client, most, random })
            : this.#topics.named(ask.topic, ask.names);
        for (const member of heard) this.#tell(member, news);
      }
    }
  }

  #tell(client: Client, text: string): void {
    if (client.socket.readyState !== WebSocket.OPEN) return;
    if (client.socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      client.socket.terminate();
      return;
    }
    this.#delivered += 1;
    client.socket.send(text);
  }

  #turnOut(client: Client, reason: string): void {
    if (client.socket.readyState !== WebSocket.OPEN) return;
    this.#refused += 1;
    client.socket.close(SIGNAL_CLOSE.policy, reason);
    // Nothing more is read from it, not even its goodbye.
    client.socket.removeAllListeners("message");
  }

  #ping(): void {
    this.#cancelPing = this.#options.clock.after(PING_MS, () => this.#ping());
    for (const client of this.#clients) {
      if (!client.answered) {
        client.socket.terminate();
        continue;
      }
      client.answered = false;
      client.socket.ping();
    }
  }
}

interface Client {
  readonly socket: WebSocket;
  readonly topics: Set<string>;
  readonly rate: TokenBucket;
  /** The last ping. */
  answered: boolean;
}

const textOf = (news: SignalNews): string => JSON.stringify(news);

/** Puts a relay on a path of a server that is there for something else, and ends it with the server. */
export function attachSignal(server: UpgradeServer, path: string, options: SignalOptions = {}): SignalServer {
  const signal = new SignalServer(options);
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url?.split("?")[0] === path) signal.upgrade(request, socket, head);
  });
  server.on("close", () => void signal.close());
  return signal;
}

/** `node:http`'s and `node:https`' server, and what Vite has of them. */
interface UpgradeServer {
  on(event: "upgrade", listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): unknown;
  on(event: "close", listener: () => void): unknown;
}

export interface ServeSignalOptions extends SignalOptions {
  /** Default: one that is free. */
  readonly port?: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
}

export interface ServedSignal {
  /** `ws://…` */
  readonly url: string;
  readonly stats: SignalStats;
  close(): Promise<void>;
}

/** The relay on a port of its own. Plain HTTP gets a line of text, for those who look whether it is there. */
export async function serveSignal(options: ServeSignalOptions = {}): Promise<ServedSignal> {
  const { port = 0, host = "127.0.0.1" } = options;
  const signal = new SignalServer(options);
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/plain", "cache-control": "no-store" }).end("eddy-hls signal\n");
  });
  server.on("upgrade", (request, socket, head) => signal.upgrade(request, socket, head));
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    await signal.close();
    throw error;
  }
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `ws://${host.includes(":") ? `[${host}]` : host}:${taken}`,
    get stats() {
      return signal.stats;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      await signal.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
