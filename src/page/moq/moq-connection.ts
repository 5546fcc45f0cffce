import { type Broadcast, Connection, type Group, Path } from "@moq/net";
import type { Bytes } from "../../model/bytes.ts";
import { systemClock } from "../../model/clock.ts";
import { RelayError } from "../../model/errors.ts";
import { untilAborted } from "../../model/on-abort.ts";
import type {
  MoqBroadcast,
  MoqGroup,
  MoqOutlet,
  MoqSession,
  MoqTrack,
  SubscribeOptions,
} from "../../moq/moq-session.ts";
import { NetOutlet } from "./moq-outlet.ts";
import type { MoqRelay } from "./moq-source.ts";

/** WebTransport is tried alone for so long, since it is better where it works; then a WebSocket beside it. */
const HEAD_START_MS = 200;
/** Late objects of older groups are still wanted: a player at the live edge may be a few parts behind. */
const LATENCY_MAX_MS = 10_000;
/**
 * In moq-lite, `@moq/net` 0.3.4 does not see what is published while it answers that it is asked for announcements; it looks at all
 * there is when something is published, be it the same.
 */
const PUBLISH_AGAIN_MS = 200;
/** FETCH came with this version of moq-lite; of moq-transport the package has none. */
const FETCH_SINCE = 5;

/**
 * Opens a session by WebTransport or by WebSocket, whichever answers first.
 * @throws RelayError `relay-unreachable`; the signal's reason
 */
export async function connectMoq(
  { url, token, certificateHashes = [], webSocket, discovery }: MoqRelay,
  signal: AbortSignal,
): Promise<MoqSession> {
  // Whoever issues tokens may never answer, and then neither another try nor the end of the session would come.
  const said = typeof token === "function" ? await untilAborted(Promise.resolve(token()), signal) : token;
  const withToken = (address: string): URL => {
    const full = new URL(address);
    // As moq-dev's relays take it, and others that speak to browsers, which send no headers with these.
    if (said !== undefined) full.searchParams.set("jwt", said);
    return full;
  };
  let established: Connection.Established;
  try {
    established = await Connection.connect(withToken(url), {
      signal,
      webtransport: { serverCertificateHashes: certificateHashes.map((value) => ({ value })) },
      websocket: { delay: HEAD_START_MS, ...(webSocket === undefined ? {} : { url: withToken(webSocket) }) },
      ...(discovery === undefined ? {} : { discovery }),
    });
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    throw new RelayError("relay-unreachable", `${shown(url)}: ${reasonOf(thrown)}`, { cause: thrown });
  }
  return new NetSession(established);
}

/** A session of `@moq/net`, as the rest of the library knows it. */
class NetSession implements MoqSession {
  readonly relay: string;
  readonly version: string;
  readonly transport: MoqSession["transport"];
  readonly canFetch: boolean;
  readonly closed: Promise<void>;
  readonly #established: Connection.Established;

  constructor(established: Connection.Established) {
    this.#established = established;
    const { url, version, transport, closed } = established;
    this.relay = shown(url);
    this.version = version;
    this.transport = transport;
    this.canFetch = Number(/^moq-lite-(\d+)/.exec(version)?.[1] ?? 0) >= FETCH_SINCE;
    this.closed = Promise.resolve(closed).catch(() => undefined);
  }

  async watch(name: string, signal: AbortSignal): Promise<MoqBroadcast> {
    const path = Path.from(name);
    if (!this.#established.discovery) {
      const consumer = this.#established.consume(path);
      return new NetBroadcast(consumer, { closed: this.closed, close: () => consumer.close() });
    }
    const handle = this.#established.announcedBroadcast(path);
    try {
      const consumer = await this.#announced(handle.active, signal);
      // The publisher is gone, or another one has taken the name: both are another broadcast.
      const closed = new Promise<void>((resolve) => {
        const forget = handle.active.subscribe((now) => {
          if (now === consumer) return;
          forget();
          resolve();
        });
        void this.closed.then(resolve);
      });
      return new NetBroadcast(consumer, { closed, close: () => handle.close() });
    } catch (thrown) {
      handle.close();
      throw thrown;
    }
  }

  publish(name: string, outlet: MoqOutlet): void {
    if (!(outlet instanceof NetOutlet)) throw new RelayError("internal", "expected an outlet of this module");
    const broadcast = outlet.broadcast();
    const publish = (): void => {
      if (broadcast.closed.peek() === undefined) this.#established.publish(Path.from(name), broadcast);
    };
    publish();
    systemClock.after(PUBLISH_AGAIN_MS, publish);
  }

  close(): void {
    this.#established.close();
  }

  #announced(
    active: {
      peek(): Broadcast.Consumer | undefined;
      subscribe(fn: (value: Broadcast.Consumer | undefined) => void): () => void;
    },
    signal: AbortSignal,
  ): Promise<Broadcast.Consumer> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void): void => {
        forget();
        signal.removeEventListener("abort", abort);
        outcome();
      };
      const look = (now: Broadcast.Consumer | undefined): void => {
        if (now !== undefined) settle(() => resolve(now));
      };
      const abort = (): void => settle(() => reject(signal.reason));
      const forget = active.subscribe(look);
      signal.addEventListener("abort", abort, { once: true });
      void this.closed.then(() =>
        settle(() => reject(new RelayError("relay-unreachable", "the session with the relay has ended"))),
      );
      if (signal.aborted) abort();
      else look(active.peek());
    });
  }
}

/** A broadcast of `@moq/net`, as the rest of the library knows it. */
export class NetBroadcast implements MoqBroadcast {
  readonly closed: Promise<void>;
  readonly close: () => void;
  readonly #consumer: Broadcast.Consumer;

  constructor(consumer: Broadcast.Consumer, { closed, close }: { closed: Promise<void>; close: () => void }) {
    this.#consumer = consumer;
    this.closed = closed;
    this.close = close;
  }

  subscribe(track: string, { priority, from }: SubscribeOptions): MoqTrack {
    const subscriber = this.#consumer.subscribe(track, {
      priority,
      latencyMax: LATENCY_MAX_MS,
      ...(from === undefined ? {} : { startGroup: from }),
    });
    return {
      next: async () => {
        const group = await subscriber.recvGroup();
        return group === undefined ? undefined : groupOf(group);
      },
      close: () => subscriber.close(),
    };
  }

  async fetch(track: string, group: number): Promise<MoqGroup> {
    return groupOf(await this.#consumer.fetchGroup(track, group));
  }
}

function groupOf(group: Group.Consumer): MoqGroup {
  return {
    sequence: group.sequence,
    next: async () => {
      const frame = await group.readFrameSequence();
      return frame === undefined ? undefined : { index: frame.sequence, bytes: frame.payload as Bytes };
    },
    close: () => group.close(),
  };
}

/** For figures and messages: tokens stand in the query, and with some relays in the path. */
export function shown(url: string | URL): string {
  const { origin, pathname } = new URL(url);
  const path = pathname.replaceAll(/[^/]{40,}/g, "…");
  return `${origin}${path === "/" ? "" : path}`;
}

function reasonOf(thrown: unknown): string {
  const reasons = thrown instanceof AggregateError ? thrown.errors : [thrown];
  return reasons
    .map((one) => (one instanceof Error ? one.message : String(one)))
    .join("; ")
    .slice(0, 300);
}
