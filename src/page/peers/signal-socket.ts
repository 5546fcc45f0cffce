import type { Clock } from "../../model/clock.ts";
import { readSignalNews, SIGNAL_CLOSE, SIGNAL_PROTOCOL, type SignalAsk } from "../../wire/signal-messages.ts";
import type { PeerFailureReason } from "./peer-failures.ts";

/** What of a WebSocket is used. */
export interface TextSocket {
  readonly readyState: number;
  send(text: string): void;
  close(): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
}

export interface SignalSocketParts {
  readonly url: string;
  readonly connect: (url: string, protocol: string) => TextSocket;
  readonly clock: Clock;
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
  readonly failed: (reason: PeerFailureReason, message: string) => void;
}

const OPEN = 1;
/** How long a connection may take to open. */
const OPEN_DEADLINE_MS = 10_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
/** A socket that lasted so long was no failure: the next try comes soon. */
const SETTLED_MS = 10_000;

/**
 * The way to one signalling relay. Comes back by itself, ever more rarely, and subscribes again; what is published
 * while it is away is lost, since descriptions are of no use later.
 */
export class SignalSocket {
  readonly #parts: SignalSocketParts;
  readonly #listeners = new Map<string, Set<(payload: string) => void>>();
  readonly #counted = new Map<string, (members: number) => void>();
  readonly #names = new Map<string, string>();
  #members: number | undefined;
  /** Something came since it was last tested. */
  #isHeard = false;
  #socket: TextSocket | undefined;
  #waiting: (() => void)[] = [];
  #retryMs = FIRST_RETRY_MS;
  #cancelTimer: () => void = () => undefined;
  #closed = false;

  constructor(parts: SignalSocketParts) {
    this.#parts = parts;
    this.#connect();
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === OPEN;
  }

  /** How many listened to the topic with the most subscribers when it was subscribed to: the room, not a peer's own topic. */
  get members(): number | undefined {
    return this.#members;
  }

  /** Resolves when it is open, or closed for good. */
  async opened(): Promise<void> {
    if (!this.isOpen && !this.#closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /**
   * `name` is what others find us by in this topic; `counted` hears how many listen to it, this page included, whenever it is subscribed to.
   * The returned function ends it.
   */
  subscribe(
    topic: string,
    name: string,
    listener: (payload: string) => void,
    counted?: (members: number) => void,
  ): () => void {
    if (counted !== undefined) this.#counted.set(topic, counted);
    let listeners = this.#listeners.get(topic);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(topic, listeners);
      this.#names.set(topic, name);
      this.#ask({ type: "subscribe", topic, name });
    }
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.#listeners.get(topic) !== listeners) return;
      this.#listeners.delete(topic);
      this.#counted.delete(topic);
      this.#names.delete(topic);
      this.#ask({ type: "unsubscribe", topic });
    };
  }

  /** To anybody, or to those of these names alone. */
  publish(topic: string, payload: string, names?: readonly string[]): void {
    this.#ask({ type: "publish", topic, payload, ...(names === undefined ? {} : { names }) });
  }

  /** The network is back: tries again at once. One that is open may be of the network before, where nothing comes and no end either: it is asked. */
  retry(): void {
    if (this.#closed) return;
    if (this.#socket === undefined) {
      this.#retryMs = FIRST_RETRY_MS;
      this.#connect();
    } else if (this.isOpen) this.#test(this.#socket);
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer();
    this.#listeners.clear();
    this.#counted.clear();
    this.#socket?.close();
    this.#socket = undefined;
    this.#release();
  }

  #ask(ask: SignalAsk): void {
    if (this.isOpen) this.#socket?.send(JSON.stringify(ask));
  }

  #connect(): void {
    this.#cancelTimer();
    const { url, connect, clock } = this.#parts;
    let socket: TextSocket;
    try {
      socket = connect(url, SIGNAL_PROTOCOL);
    } catch (thrown) {
      // Such as `ws:` from a page of HTTPS: the browser's rule, and no wait changes it.
      this.#parts.failed("signalling-unreachable", `${url}: ${thrown instanceof Error ? thrown.message : thrown}`);
      this.#retryMs = MAX_RETRY_MS;
      this.#retryLater();
      return;
    }
    this.#socket = socket;
    this.#cancelTimer = clock.after(OPEN_DEADLINE_MS, () => {
      socket.close();
      this.#lost(socket, "signalling-unreachable", `did not answer in ${OPEN_DEADLINE_MS / 1000} s`);
    });
    socket.addEventListener("open", () => this.#opened(socket));
    socket.addEventListener("message", (event) => {
      if (this.#socket !== socket) return;
      this.#isHeard = true;
      this.#received((event as MessageEvent).data);
    });
    socket.addEventListener("close", (event) => {
      const { code, reason } = event as CloseEvent;
      this.#lost(socket, reasonOf(code), reason || `closed with code ${code}`);
    });
  }

  #opened(socket: TextSocket): void {
    if (this.#socket !== socket) return;
    this.#cancelTimer();
    this.#cancelTimer = this.#parts.clock.after(SETTLED_MS, () => {
      this.#retryMs = FIRST_RETRY_MS;
    });
    this.#members = undefined;
    for (const [topic, name] of this.#names) this.#ask({ type: "subscribe", topic, name });
    this.#release();
  }

  /** A relay answers each subscription, also one that it has. */
  #test(socket: TextSocket): void {
    const [first] = this.#names;
    if (first === undefined) return;
    const [topic, name] = first;
    this.#isHeard = false;
    this.#cancelTimer();
    this.#cancelTimer = this.#parts.clock.after(OPEN_DEADLINE_MS, () => {
      if (this.#isHeard) {
        this.#retryMs = FIRST_RETRY_MS;
        return;
      }
      socket.close();
      this.#lost(socket, "signalling-unreachable", `did not answer in ${OPEN_DEADLINE_MS / 1000} s`);
    });
    this.#ask({ type: "subscribe", topic, name });
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #received(data: unknown): void {
    try {
      const news = readSignalNews(String(data));
      if (news.type === "subscribed") {
        this.#members = Math.max(this.#members ?? 0, news.members);
        this.#counted.get(news.topic)?.(news.members);
      } else for (const listener of [...(this.#listeners.get(news.topic) ?? [])]) listener(news.payload);
    } catch {
      // A relay of another kind, or one that lies: nothing of it is used.
    }
  }

  #lost(socket: TextSocket, reason: PeerFailureReason, message: string): void {
    if (this.#closed || this.#socket !== socket) return;
    this.#socket = undefined;
    this.#cancelTimer();
    this.#parts.failed(reason, `${this.#parts.url}: ${message}`);
    // Nothing gets better by asking often.
    if (reason !== "signalling-unreachable") this.#retryMs = MAX_RETRY_MS;
    this.#retryLater();
  }

  #retryLater(): void {
    // Peers that lost one relay together must not come back together.
    const delayMs = this.#retryMs * (0.5 + this.#parts.random() / 2);
    this.#retryMs = Math.min(MAX_RETRY_MS, this.#retryMs * 2);
    this.#cancelTimer = this.#parts.clock.after(delayMs, () => this.#connect());
  }
}

function reasonOf(code: number): PeerFailureReason {
  if (code === SIGNAL_CLOSE.version) return "version";
  return code === SIGNAL_CLOSE.origin || code === SIGNAL_CLOSE.policy ? "signalling-refused" : "signalling-unreachable";
}
