import { type CacheOptions, createMatch, type Match, Playlists, RelayError, VERSION } from "eddy-hls/core";
import { clientsClaim } from "workbox-core/clientsClaim.js";
import {
  type AnswerEnvelope,
  type Answers,
  type Ask,
  isEddyMessage,
  readAsk,
  WIRE_VERSION,
  type WireError,
} from "../src/wire/messages.ts";
import { Ingest, OutOfOrderError } from "./ingest.ts";

export interface ServeRelayOptions {
  /** Path that all URLs of the relay stand under, with a slash at both ends. Default `/live/`. */
  readonly base?: string;
  /** Sizes of the ring caches. */
  readonly cache?: CacheOptions;
  /** A producer that is silent for longer may be replaced although its page is open. Default 10,000. */
  readonly producerTimeoutMs?: number;
}

/** The relay of one Service Worker, for who has listeners of their own. */
export interface WorkerRelay {
  /** Answers a request, or gives undefined when it is not the relay's. */
  readonly match: Match;
  /** Takes a message, or gives false when it is not the relay's. */
  readonly receive: (event: ExtendableMessageEvent) => boolean;
}

/**
 * Makes the relay without listening: for a worker that has its own `fetch` and `message` listeners.
 * @throws RelayError `invalid-option`
 */
export function createRelay(scope: ServiceWorkerGlobalScope, options: ServeRelayOptions = {}): WorkerRelay {
  const base = options.base ?? "/live/";
  const playlists = new Playlists(options.cache);
  const match = createMatch(playlists, { base });
  const ingest = new Ingest(playlists, {
    clientExists: async (id) => (await scope.clients.get(id)) !== undefined,
    ...(options.producerTimeoutMs === undefined ? {} : { producerTimeoutMs: options.producerTimeoutMs }),
  });

  async function answer(ask: Ask, clientId: string): Promise<Answers[Ask["type"]]> {
    switch (ask.type) {
      case "hello":
        return { version: VERSION, base };
      case "open":
        return ingest.open(ask, clientId);
      case "step":
        return ingest.step(ask);
      case "end":
        ingest.end(ask.stream, ask.epoch);
        return {};
      case "streams":
        return playlists.summaries;
      case "stats":
        return ask.stream === undefined ? playlists.stats : playlists.get(ask.stream).stats;
      case "remove":
        return { removed: ingest.remove(ask.stream) };
      case "pin":
      case "rename":
        throw new RelayError("store-unavailable", "this worker keeps streams in memory only");
      case "claim":
        await scope.clients.claim();
        return {};
      case "drain":
        return { drained: playlists.drain() };
      case "activate":
        await scope.skipWaiting();
        return {};
    }
  }

  return {
    match,
    receive(event) {
      const { data, source } = event;
      if (!isEddyMessage(data) || source === null) return false;
      const clientId = source instanceof Client ? source.id : "";
      // The id is the page's own business: whatever it is, it goes back as it came.
      const to = { eddy: WIRE_VERSION, re: data.id as number };
      const reply = (envelope: AnswerEnvelope): void => source.postMessage(envelope);
      event.waitUntil(
        // Reading is inside, so that a bad message is answered like a bad ask.
        Promise.resolve()
          .then(() => answer(readAsk(data), clientId))
          .then(
            (value) => reply({ ...to, answer: value }),
            (thrown: unknown) => reply({ ...to, error: wireError(thrown) }),
          ),
      );
      return true;
    },
  };
}

/**
 * Serves the relay from a Service Worker: claims the pages that are open, answers requests under the base, and takes what
 * producer pages send. An update waits until no stream is live (the pages see to it), so that none is dropped.
 * @throws RelayError `invalid-option`
 */
export function serveRelay(scope: ServiceWorkerGlobalScope, options: ServeRelayOptions = {}): WorkerRelay {
  const relay = createRelay(scope, options);
  clientsClaim();
  scope.addEventListener("fetch", (event) => {
    const response = relay.match(event.request); // undefined: not ours, the network answers
    if (response !== undefined) event.respondWith(response);
  });
  scope.addEventListener("message", (event) => {
    relay.receive(event);
  });
  return relay;
}

function wireError(thrown: unknown): WireError {
  const { code, message } = RelayError.from(thrown);
  return thrown instanceof OutOfOrderError ? { code, message, expected: thrown.expected } : { code, message };
}
