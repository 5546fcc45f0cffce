import {
  type CacheOptions,
  type Clips,
  createMatch,
  type Match,
  type Persistence,
  Playlists,
  type Recordings,
  RelayError,
  VERSION,
} from "eddy-hls/core";
import { clientsClaim } from "workbox-core/clientsClaim.js";
import { isDiagnostic } from "../src/wire/diagnostics.ts";
import {
  type AnswerEnvelope,
  type Answers,
  type Ask,
  isEddyMessage,
  type KeptEnvelope,
  WIRE_VERSION,
  type WireError,
} from "../src/wire/messages.ts";
import { readAsk } from "../src/wire/read-ask.ts";
import { noDisk } from "../src/wire/storage-asks.ts";
import type { Disk } from "./disk.ts";
import type { Dvr, RelayDiagnostics } from "./features.ts";
import { Ingest, OutOfOrderError } from "./ingest.ts";
import type { LoadedRelay } from "./load-relay.ts";

/** How the relay serves, and what it keeps. */
export interface ServeRelayOptions {
  /** Path that all URLs of the relay stand under, with a slash at both ends. Default `/live/`. */
  readonly base?: string;
  /** Sizes of the ring caches. */
  readonly cache?: CacheOptions;
  /**
   * A stream whose producer is silent for longer, in ms, is `waiting`, and another may take it over although the page is open.
   * Default 10,000.
   */
  readonly producerTimeoutMs?: number;
  /** A stream whose producer is silent for longer, in ms, ends. Default 600,000. */
  readonly endAfterMs?: number;
  /** What `dvr()` returns: streams are kept on disk, through the end of the worker and offline. Default: all is in memory. */
  readonly dvr?: Dvr;
  /** What `clips()` returns: `<stream>/clip.mp4` is served. Default: it is not. */
  readonly clips?: Clips;
  /** What `diagnostics()` returns: the site's pages may look into the relay. Default: they may not. */
  readonly diagnostics?: RelayDiagnostics;
}

/** The relay of one Service Worker, for who has listeners of their own. */
export interface WorkerRelay {
  /** Answers a request, or gives undefined when it is not the relay's. */
  readonly match: Match;
  /** Takes a message, or gives false when it is not the relay's. */
  readonly receive: (event: ExtendableMessageEvent) => boolean;
}

/** What the relay needs to answer with. */
interface Parts extends LoadedRelay {
  readonly match: Match;
  /** Undefined where streams are in memory alone. */
  readonly disk?: Disk;
}

/** These say nothing of any stream: a worker that waits to take over must not look at what another one still writes. */
const STATELESS: ReadonlySet<Ask["type"]> = new Set(["hello", "claim", "activate"]);
/** These change something, and are lost in a worker that another has taken over from. */
const CHANGES: ReadonlySet<Ask["type"]> = new Set([
  "open",
  "takeOver",
  "step",
  "end",
  "remove",
  "pin",
  "rename",
  "dvrWindow",
]);

/**
 * Makes the relay without listening: for a worker that has its own `fetch` and `message` listeners. Nothing is read from disk before
 * the first request or message that needs it; until that is done, all of them wait.
 * @throws RelayError `invalid-option`
 * @example
 * ```ts
 * const relay = createRelay(self, { base: "/live/", dvr: dvr() });
 * self.addEventListener("fetch", (event) => {
 *   const response = relay.match(event.request);
 *   if (response !== undefined) event.respondWith(response);
 * });
 * self.addEventListener("message", (event) => relay.receive(event));
 * ```
 */
export function createRelay(scope: ServiceWorkerGlobalScope, options: ServeRelayOptions = {}): WorkerRelay {
  const { base = "/live/", producerTimeoutMs, endAfterMs, dvr, clips } = options;
  checkFeature("dvr", dvr?.open, dvr);
  checkFeature("clips", clips?.answer, clips);
  checkFeature("diagnostics", options.diagnostics?.watch, options.diagnostics);
  let parts = partsOf();
  let isReady = dvr === undefined;
  let starting: Promise<void> | undefined;
  /** What began before the last restart answers nobody. */
  let life = 0;
  const diagnostics = options.diagnostics?.watch({
    base,
    playlists: () => parts.playlists,
    ingest: () => parts.ingest,
    startAnew,
    tell: async (id, envelope) => {
      const client = await scope.clients.get(id);
      client?.postMessage(envelope);
      return client !== undefined;
    },
  });

  function partsOf(disk?: Disk, recordings?: Recordings, archiveError?: RelayError): Parts {
    const playlists = new Playlists(options.cache, {
      ...(recordings === undefined ? {} : { recordings }),
      ...(archiveError === undefined ? {} : { archiveError }),
      ...(producerTimeoutMs === undefined ? {} : { waitingAfterMs: producerTimeoutMs }),
      ...(options.diagnostics === undefined ? {} : { notes: options.diagnostics.notes }),
    });
    const ingest = new Ingest(playlists, {
      clientExists: async (id) => (await scope.clients.get(id)) !== undefined,
      tellKept: (id, kept) => {
        const envelope: KeptEnvelope = { eddy: WIRE_VERSION, kept };
        // A page that does not hear of it asks.
        scope.clients.get(id).then(
          (client) => client?.postMessage(envelope),
          () => undefined,
        );
      },
      ...(disk === undefined ? {} : { store: disk }),
      ...(producerTimeoutMs === undefined ? {} : { producerTimeoutMs }),
      ...(endAfterMs === undefined ? {} : { endAfterMs }),
    });
    const match = createMatch(playlists, { base, ...(clips === undefined ? {} : { clips }) });
    return { playlists, match, ingest, ...(disk === undefined ? {} : { disk }) };
  }

  /** Undefined once the disk has been read: then nothing waits any more, not for a turn either. */
  function ready(): Promise<void> | undefined {
    if (isReady || dvr === undefined) return undefined;
    starting ??= dvr
      .open(base, partsOf)
      .catch((thrown: unknown) => partsOf(undefined, undefined, RelayError.from(thrown)))
      .then((loaded) => {
        parts = loaded;
        isReady = true;
      });
    return starting;
  }

  /** Drops all that is in memory, as the end of the worker does. The disk is read by whatever needs it next. */
  function startAnew(): Persistence {
    const { disk } = parts;
    const kept = disk?.available === true ? "disk" : "memory";
    disk?.abandon();
    life += 1;
    parts = partsOf();
    isReady = dvr === undefined;
    starting = undefined;
    return kept;
  }

  async function answer(ask: Ask, clientId: string): Promise<Answers[Ask["type"]]> {
    const { playlists, ingest, disk } = parts;
    ingest.endAbandoned();
    if (isDiagnostic(ask)) return diagnostics?.answer(ask) ?? {};
    if (CHANGES.has(ask.type)) checkInOffice();
    switch (ask.type) {
      case "hello":
        return { version: VERSION, base };
      case "open":
        return ingest.open(ask, clientId);
      case "takeOver":
        return ingest.takeOver(ask, clientId);
      case "step":
        return ingest.step(ask, clientId);
      case "end":
        await ingest.end(ask);
        // The last parts may have been written too late: its page asks our successor.
        checkInOffice();
        return {};
      case "streams":
        return playlists.summaries;
      case "stats":
        return ask.stream === undefined ? playlists.stats : playlists.get(ask.stream).stats;
      case "remove": {
        const removed = await ingest.remove(ask.stream);
        checkInOffice();
        return { removed };
      }
      case "pin":
      case "rename":
      case "dvrWindow":
        if (disk === undefined) throw noDisk();
        await disk.change(ask);
        return {};
      case "claim":
        await scope.clients.claim();
        return {};
      case "drain": {
        // A successor finds it on disk. What it does not find is sent to it again.
        await disk?.settle();
        // Last: players ask again within milliseconds, and a successor takes over in a moment in which nothing is on its way here, this ask included.
        return { drained: parts.playlists.drain() };
      }
      case "activate":
        await scope.skipWaiting();
        return {};
    }
  }

  /** @throws RelayError `worker-unreachable`: the page asks again, and reaches the worker that serves now */
  function checkInOffice(): void {
    if (parts.disk?.superseded !== true) return;
    throw new RelayError("worker-unreachable", "another worker has taken over from this one");
  }

  return {
    match(request) {
      // A worker hears of requests to other hosts as well, and their paths may look like ours.
      if (new URL(request.url).origin !== scope.location.origin) return undefined;
      if (isReady) {
        parts.ingest.endAbandoned();
        const response = parts.match(request);
        return response === undefined || diagnostics === undefined ? response : diagnostics.follow(request, response);
      }
      if (!new URL(request.url).pathname.startsWith(base)) return undefined;
      const response = (ready() ?? Promise.resolve()).then(() => parts.match(request) ?? Response.error());
      return diagnostics === undefined ? response : diagnostics.follow(request, response);
    },
    receive(event) {
      const { data, source } = event;
      if (!isEddyMessage(data) || source === null) return false;
      const clientId = source instanceof Client ? source.id : "";
      // The id is the page's own business: whatever it is, it goes back as it came.
      const to = { eddy: WIRE_VERSION, re: data.id as number };
      let mine = life;
      const reply = (envelope: AnswerEnvelope, transfer: Transferable[] = []): void => {
        if (mine === life) source.postMessage(envelope, transfer);
      };
      event.waitUntil(
        // Reading is inside, so that a bad message is answered like a bad ask.
        Promise.resolve()
          .then(() => {
            const ask = readAsk(data, { diagnostic: options.diagnostics?.read, storage: dvr?.read });
            const waiting = STATELESS.has(ask.type) ? undefined : ready();
            const answered = waiting === undefined ? answer(ask, clientId) : waiting.then(() => answer(ask, clientId));
            return answered.then((value) => {
              if (ask.type === "restart") mine = life;
              reply({ ...to, answer: value }, isDiagnostic(ask) ? diagnostics?.transfersOf(ask, value) : []);
            });
          })
          .catch((thrown: unknown) => reply({ ...to, error: wireError(thrown) })),
      );
      return true;
    },
  };
}

/** A script that nobody compiled may give options where a feature is expected. @throws RelayError `invalid-option` */
function checkFeature(name: string, method: unknown, given: unknown): void {
  if (given !== undefined && typeof method !== "function")
    throw new RelayError("invalid-option", `${name}: expected what ${name}() returns, got ${typeof given}`);
}

/**
 * Serves the relay from a Service Worker: claims the pages that are open, answers requests under the base, and takes what
 * producer pages send. An update takes over when the pages say so: at once where live streams are on disk, else when none is live.
 * @throws RelayError `invalid-option`
 * @example
 * ```ts
 * serveRelay(self, { base: "/live/", dvr: dvr() });
 * ```
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
