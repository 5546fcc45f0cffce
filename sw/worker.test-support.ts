import type { WorkerPort } from "../src/page/worker-link.ts";
import { readStorageAsk } from "../src/wire/storage-asks.ts";
import { loadRelay } from "./load-relay.ts";
import type { RelayStore } from "./relay-store.ts";
import { createRelay, type ServeRelayOptions, type WorkerRelay } from "./serve-relay.ts";

/** A page as its worker sees it. */
export class Client {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

/** The real worker side behind a port of our own, so that messages can be lost and workers killed at will. */
export class TestWorker {
  readonly #options: ServeRelayOptions;
  readonly #openStore: (() => Promise<RelayStore>) | undefined;
  /** Workers that were started: one that is not the last is gone, and does nothing more. */
  #started = 0;
  relay: WorkerRelay;
  readonly clients = new Map<string, Client & { postMessage(data: unknown): void }>();
  /** Returns true for a message that gets lost on its way. */
  loses: (data: { ask: { type: string; number?: number } }) => boolean = () => false;
  /** Sees each message as it arrives. */
  arrives: () => void = () => undefined;

  constructor(options: ServeRelayOptions = {}, openStore?: () => Promise<RelayStore>) {
    this.#options = options;
    this.#openStore = openStore;
    this.relay = this.#start();
  }

  kill(): void {
    this.relay = this.#start();
  }

  #start(): WorkerRelay {
    this.#started += 1;
    const mine = this.#started;
    const scope = {
      location: { origin: "http://localhost" },
      clients: { get: async (id: string) => this.#client(id, mine), claim: async () => undefined },
      skipWaiting: async () => undefined,
    };
    const open = this.#openStore;
    const openStore = open && (() => (mine === this.#started ? open() : new Promise<RelayStore>(() => undefined)));
    return createRelay(scope as unknown as Parameters<typeof createRelay>[0], {
      ...this.#options,
      ...(openStore === undefined
        ? {}
        : { dvr: { kind: "dvr", open: (_base, make) => loadRelay(openStore(), make), read: readStorageAsk } }),
    });
  }

  /** A page, for as long as the worker that knows it is there. */
  #client(id: string, worker = this.#started): Client | undefined {
    const client = this.clients.get(id);
    if (client === undefined) return undefined;
    const postMessage = (data: unknown): void => {
      if (worker === this.#started) client.postMessage(data);
    };
    return Object.assign(new Client(id), { postMessage });
  }

  port(clientId: string): WorkerPort {
    const listeners = new Set<(data: unknown) => void>();
    const client = Object.assign(new Client(clientId), {
      postMessage: (data: unknown) => {
        const received = structuredClone(data);
        queueMicrotask(() => {
          for (const listener of listeners) listener(received);
        });
      },
    });
    this.clients.set(clientId, client);
    return {
      worker: {
        postMessage: (message, transfer) => {
          const data = structuredClone(message, { transfer: transfer as ArrayBuffer[] });
          if (this.loses(data as never)) return;
          queueMicrotask(() => {
            this.arrives();
            this.relay.receive({ data, source: this.#client(clientId), waitUntil: () => undefined } as never);
          });
        },
      },
      onMessage(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
  }

  get(path: string): Promise<Response> {
    return this.relay.match(new Request(`http://localhost/live/${path}`)) ?? Promise.resolve(Response.error());
  }

  async text(path: string): Promise<string> {
    return (await this.get(path)).text();
  }
}
