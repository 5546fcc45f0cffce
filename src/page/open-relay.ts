import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { checkName } from "../model/ids.ts";
import { untilAborted } from "../model/on-abort.ts";
import type { StreamOptions } from "../model/options.ts";
import type { RelayStats, StreamStats, StreamSummary } from "../model/stats.ts";
import { type Diagnostics, diagnosticsOver } from "./diagnostics.ts";
import type { JoinOptions } from "./join-options.ts";
import { loadCode } from "./load-code.ts";
import type { Peers } from "./peers/peers.ts";
import type { Publisher } from "./publisher.ts";
import type { RelaySource } from "./session/relay-feed.ts";
import type { OutgoingSeeding } from "./session/seeding.ts";
import type { Session } from "./session/session.ts";
import { WorkerLink } from "./worker-link.ts";
import { portOf, updateWorker } from "./worker-update.ts";

/** How long installing and starting the worker may take. */
const OPEN_DEADLINE_MS = 20_000;

/** Which worker serves the relay, and where. */
export interface OpenRelayOptions {
  /** URL of the Service Worker's script. Default `/sw.js`. */
  readonly worker?: string | URL;
  /** Path that all URLs of the relay stand under; the worker's must be the same. Default `/live/`. */
  readonly base?: string;
  /** Scope of the worker. Default: the folder of its script. */
  readonly scope?: string;
  /** `module` is what a bundler serves in development; a single file works as either. Default `module`. */
  readonly type?: WorkerType;
  /** Gives up opening; it does so by itself after 20 s. */
  readonly signal?: AbortSignal;
}

/** To whom a stream is sent beside the players of this browser. */
export interface PublishCall {
  /** Viewers to send it to. */
  readonly peers?: Peers;
  /** A relay to send it to, as `moq()` returns it; once, for any number of viewers. */
  readonly relay?: RelaySource;
  /** Gives up opening the stream; one that is open ends by `end()`. */
  readonly signal?: AbortSignal;
}

/** The relay as a page sees it. */
export interface Relay {
  /** Path that all URLs of the relay stand under. */
  readonly base: string;
  /** For who looks into the relay, where the site allows it. */
  readonly diagnostics: Diagnostics;
  /**
   * Opens a stream to publish. With `peers` this page sends it to viewers, with `relay` to a relay, signed by a key that is kept under
   * this name.
   * @throws RelayError `invalid-name`, `invalid-option`, `stream-exists`, `stream-limit`, `code-unavailable`
   */
  publish(name: string, options: StreamOptions, call?: PublishCall): Promise<Publisher>;
  /**
   * Takes a stream from elsewhere: from other viewers, from an origin, or both. One tab of the browser does so for all of them, and any
   * player plays it from `url(name)`. Resolves once it is known which tab that is, before there is media.
   * @throws RelayError `invalid-name`, `invalid-option`, `unsupported-browser`, `peers-unavailable`, `code-unavailable`
   */
  join(name: string, options: JoinOptions): Promise<Session>;
  /**
   * URL of the Multivariant Playlist of a stream; with `dvr`, of the one that lists the whole DVR window.
   * @throws RelayError `invalid-name`
   */
  url(name: string, options?: { readonly dvr?: boolean }): string;
  /** Every stream of the worker, those on disk included. */
  streams(): Promise<readonly StreamSummary[]>;
  /**
   * How one stream stands.
   * @throws RelayError `stream-not-found`, `invalid-name`
   */
  stats(name: string): Promise<StreamStats>;
  /** How the whole relay stands: what `stats.json` holds. */
  stats(): Promise<RelayStats>;
  /** Ends and forgets a stream. Resolves with whether there was one. */
  remove(name: string): Promise<boolean>;
  /**
   * Keeps a stream that is stored until it is removed: neither time nor the need for room ends it. Or lets it go again.
   * @throws RelayError `stream-not-found`, `store-unavailable` where nothing is kept on disk
   */
  pin(name: string, on: boolean): Promise<void>;
  /**
   * Gives a stream that is stored a title for people; its name, which its URLs hold, stays. An empty title is none.
   * @throws RelayError `stream-not-found`, `store-unavailable`, `invalid-option` over 120 characters
   */
  rename(name: string, title: string): Promise<void>;
  /**
   * What each stream keeps on disk from now on, in ms, 1 minute to 24 hours; until it is set, what the worker's options say. Stored with the streams, so that it
   * outlives the worker. The oldest media of whatever is longer goes at once, the live playlist's and that of pinned streams excepted; a longer
   * window fills as media comes.
   * @throws RelayError `invalid-option`, `store-unavailable` where nothing is kept on disk, `store-full` where the disk takes not even that
   */
  setDvrWindow(windowMs: number): Promise<void>;
  /** Lets go of the worker; publishers and sessions of this relay are closed. The worker and its streams stay. */
  close(): void;
}

/**
 * Registers the worker, waits until it controls this page, and opens the relay. Works on the first load, without a reload.
 * @throws RelayError `unsupported-browser`, `page-not-controlled`, `worker-unreachable`, `version-mismatch`, `invalid-option`
 * @example
 * ```ts
 * const relay = await openRelay({ worker: "/sw.js", base: "/live/" });
 * ```
 */
export async function openRelay(options: OpenRelayOptions = {}): Promise<Relay> {
  const { base = "/live/", signal } = options;
  // A frame that is sandboxed without an origin has the name, and throws when it is asked.
  if (globalThis.origin === "null") {
    throw new RelayError(
      "unsupported-browser",
      "a Service Worker needs an origin, and this page has none: a sandboxed frame needs allow-same-origin",
    );
  }
  if (!("serviceWorker" in navigator)) {
    throw new RelayError(
      "unsupported-browser",
      isSecureContext
        ? "this browser has no Service Worker (a private window may switch it off)"
        : "a Service Worker needs HTTPS or localhost, and this page has neither",
    );
  }
  const deadline = AbortSignal.timeout(OPEN_DEADLINE_MS);
  const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  const registration = await register(options, either);
  checkScope(registration.scope);
  await activated(registration, either);
  const link = new WorkerLink(portOf(() => registration.active));
  try {
    await underControl(link, either);
    const hello = await link.ask({ type: "hello" }, { signal: either });
    if (hello.base !== base) {
      throw new RelayError(
        "invalid-option",
        `base: the worker serves ${hello.base}, and openRelay() was given ${base}`,
      );
    }
    return new PageRelay(base, registration, link);
  } catch (error) {
    // An old worker that holds nothing live makes way for the one that waits, and the page is told to reload.
    if (registration.waiting !== null)
      await updateWorker(registration, registration.waiting, link).catch(() => undefined);
    link.close();
    throw error;
  }
}

async function register(options: OpenRelayOptions, signal: AbortSignal): Promise<ServiceWorkerRegistration> {
  const script = options.worker ?? "/sw.js";
  try {
    const registered = navigator.serviceWorker.register(script, {
      type: options.type ?? "module",
      updateViaCache: "none",
      ...(options.scope === undefined ? {} : { scope: options.scope }),
    });
    // A browser waits for the script for as long as a server that says nothing keeps it waiting.
    return await untilAborted(registered, signal);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RelayError("worker-unreachable", `${String(script)} could not be registered: ${reason}`, { cause });
  }
}

/** A page outside never comes under control, however long it waits. @throws RelayError `page-not-controlled` */
function checkScope(scope: string): void {
  // As the browser compares them: without the fragment, by what they begin with.
  const [page = ""] = location.href.split("#");
  if (page.startsWith(scope)) return;
  throw new RelayError("page-not-controlled", `expected a page under ${scope}, the worker's scope, got ${page}`);
}

async function activated(registration: ServiceWorkerRegistration, signal: AbortSignal): Promise<void> {
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  if (worker === null) throw new RelayError("worker-unreachable", "the worker was unregistered while it was installed");
  await until(worker, "statechange", signal, () => {
    if (worker.state === "redundant") {
      throw new RelayError("worker-unreachable", "the worker could not be installed: its script failed");
    }
    return registration.active !== null;
  });
}

/**
 * A page that was loaded before the worker, or past it (a hard reload with Shift), is not under control: its requests
 * would go to the network. The worker takes it when asked.
 */
async function underControl(link: WorkerLink, signal: AbortSignal): Promise<void> {
  const container = navigator.serviceWorker;
  if (container.controller !== null) return;
  const controlled = until(container, "controllerchange", signal, () => container.controller !== null);
  controlled.catch(() => undefined);
  await link.ask({ type: "claim" }, { signal });
  await controlled.catch((cause: unknown) => {
    throw new RelayError(
      "page-not-controlled",
      "the Service Worker does not control this page, as after a hard reload: reload it once without Shift",
      { cause },
    );
  });
}

/** Resolves once `done` holds, looked at now and at each event. */
function until(target: EventTarget, type: string, signal: AbortSignal, done: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void): void => {
      target.removeEventListener(type, look);
      signal.removeEventListener("abort", expired);
      outcome();
    };
    const look = (): void => {
      try {
        if (done()) settle(resolve);
      } catch (error) {
        settle(() => reject(error));
      }
    };
    const expired = (): void =>
      settle(() =>
        reject(new RelayError("worker-unreachable", `waited for "${type}" in vain`, { cause: signal.reason })),
      );
    target.addEventListener(type, look);
    signal.addEventListener("abort", expired);
    if (signal.aborted) expired();
    else look();
  });
}

class PageRelay implements Relay {
  readonly base: string;
  readonly diagnostics: Diagnostics;
  readonly #registration: ServiceWorkerRegistration;
  readonly #link: WorkerLink;
  readonly #clock: Clock = systemClock;
  readonly #publishers = new Set<Publisher>();
  readonly #sessions = new Set<Session>();
  readonly #closed = new AbortController();

  constructor(base: string, registration: ServiceWorkerRegistration, link: WorkerLink) {
    this.base = base;
    this.#registration = registration;
    this.#link = link;
    this.diagnostics = diagnosticsOver({ link, base, check: () => this.#check() });
    const { signal } = this.#closed;
    navigator.serviceWorker.addEventListener(
      "controllerchange",
      () => {
        for (const publisher of this.#publishers) publisher.workerChanged();
      },
      { signal },
    );
    registration.addEventListener(
      "updatefound",
      () => {
        const { installing } = registration;
        // It is installed already where this page was slow to hear of it.
        if (installing === null) this.#update();
        // The registration may not have heard of it yet: browsers tell the two apart.
        installing?.addEventListener("statechange", () => {
          if (installing.state === "installed") this.#update(installing);
        });
      },
      { signal },
    );
    this.#update();
  }

  async publish(name: string, options: StreamOptions, call: PublishCall = {}): Promise<Publisher> {
    this.#check();
    checkName(name, "stream");
    const epoch = newEpoch(this.#clock);
    // Who only plays needs none of it.
    const { Publisher } = await loadCode("publishing", import("./publisher.ts"));
    this.#check();
    const seeding = await this.#seed(name, options, { epoch, call });
    if (this.#closed.signal.aborted) seeding?.closed(); // or nobody would leave the room
    this.#check();
    const publisher: Publisher = new Publisher(name, options, {
      link: this.#link,
      clock: this.#clock,
      epoch,
      ...(seeding === undefined ? {} : { listener: seeding, seeding }),
      onClosed: () => {
        this.#publishers.delete(publisher);
        this.#update();
      },
    });
    this.#publishers.add(publisher);
    try {
      await publisher.open(call.signal);
    } catch (error) {
      publisher.close(RelayError.from(error));
      throw error;
    }
    return publisher;
  }

  async join(name: string, options: JoinOptions): Promise<Session> {
    this.#check();
    // Who publishes or plays what is here needs none of it.
    const { joinStream } = await loadCode("joining", import("./session/join.ts"));
    const session = await joinStream(name, options, {
      base: this.base,
      link: this.#link,
      newEpoch: () => newEpoch(this.#clock),
      onClosed: (closed) => this.#sessions.delete(closed),
    });
    this.#sessions.add(session);
    if (this.#closed.signal.aborted) await session.close();
    this.#check();
    return session;
  }

  url(name: string, { dvr = false }: { readonly dvr?: boolean } = {}): string {
    return `${this.base}${checkName(name, "stream")}/${dvr ? "dvr" : "main"}.m3u8`;
  }

  async streams(): Promise<readonly StreamSummary[]> {
    this.#check();
    return this.#link.ask({ type: "streams" });
  }

  stats(name: string): Promise<StreamStats>;
  stats(): Promise<RelayStats>;
  async stats(name?: string): Promise<StreamStats | RelayStats> {
    this.#check();
    if (name !== undefined) checkName(name, "stream");
    return this.#link.ask(name === undefined ? { type: "stats" } : { type: "stats", stream: name });
  }

  async remove(name: string): Promise<boolean> {
    this.#check();
    const { removed } = await this.#link.ask({ type: "remove", stream: checkName(name, "stream") });
    return removed;
  }

  async pin(name: string, on: boolean): Promise<void> {
    this.#check();
    await this.#link.ask({ type: "pin", stream: checkName(name, "stream"), on });
  }

  async rename(name: string, title: string): Promise<void> {
    this.#check();
    await this.#link.ask({ type: "rename", stream: checkName(name, "stream"), title });
  }

  async setDvrWindow(windowMs: number): Promise<void> {
    this.#check();
    await this.#link.ask({ type: "dvrWindow", windowMs });
  }

  close(): void {
    this.#closed.abort();
    for (const publisher of [...this.#publishers]) publisher.close();
    const leaving = [...this.#sessions].map((session) => session.close().catch(() => undefined));
    // A leader's last steps are answered over it.
    void Promise.all(leaving).then(() => this.#link.close());
  }

  async #seed(
    name: string,
    options: StreamOptions,
    { epoch, call: { peers, relay } }: { readonly epoch: string; readonly call: PublishCall },
  ): Promise<OutgoingSeeding | undefined> {
    if (peers === undefined && relay === undefined) return undefined;
    const { openSeeding } = await loadCode("sending to others", import("./session/seeding.ts"));
    return openSeeding({
      name,
      options,
      epoch,
      base: this.base,
      ...(peers === undefined ? {} : { peers }),
      ...(relay === undefined ? {} : { relay }),
    });
  }

  #check(): void {
    if (this.#closed.signal.aborted) throw new RelayError("closed", "the relay was closed");
  }

  /** At every moment at which the last live stream may have gone. */
  #update(waiting = this.#registration.waiting): void {
    if (this.#closed.signal.aborted || waiting === null) return;
    // It waits on, and is looked at again.
    updateWorker(this.#registration, waiting, this.#link, this.#closed.signal).catch(() => undefined);
  }
}

/** Grows with time, and differs between two pages that publish in the same millisecond. */
function newEpoch(clock: Clock): string {
  const [random = 0] = crypto.getRandomValues(new Uint16Array(1));
  return `${Math.floor(clock.wallMs()).toString(36)}${random.toString(36).padStart(4, "0")}`;
}
