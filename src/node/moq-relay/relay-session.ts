import { type Connection, Path } from "@moq/net";
import type { Clock } from "../../model/clock.ts";
import { TokenBucket } from "../../model/token-bucket.ts";
import type { MoqRelayLimits } from "./relay-limits.ts";
import { OfferedBroadcast, RelayedBroadcast } from "./relayed-broadcast.ts";

/**
 * In moq-lite, `@moq/net` 0.3.4 does not see what is published while it answers that it is asked for announcements; it looks at all
 * there is when something is published, be it the same.
 */
const PUBLISH_AGAIN_MS = 200;

/** What a session does for the others. Paths are whole: the root of the session's URL, and its own path below it. */
interface RelaySessionOptions {
  readonly established: Connection.Established;
  /** The path of the URL: what the session names and sees lies below it. */
  readonly root: Path.Valid;
  readonly limits: MoqRelayLimits;
  readonly clock: Clock;
  readonly onPublished: (path: Path.Valid, broadcast: RelayedBroadcast) => void;
  readonly onUnpublished: (path: Path.Valid) => void;
}

/** One client: what it publishes, and what it is offered of the others. */
export class RelaySession {
  readonly #options: RelaySessionOptions;
  readonly #published = new Map<Path.Valid, RelayedBroadcast>();
  readonly #offered = new Map<Path.Valid, OfferedBroadcast>();
  readonly #rate: TokenBucket;

  constructor(options: RelaySessionOptions) {
    this.#options = options;
    const perSecond = options.limits.maxBytesPerSecond;
    this.#rate = new TokenBucket({ perSecond, burst: 2 * perSecond, clock: options.clock });
  }

  get version(): string {
    return this.#options.established.version;
  }

  get transport(): "webtransport" | "websocket" {
    return this.#options.established.transport;
  }

  get published(): ReadonlyMap<Path.Valid, RelayedBroadcast> {
    return this.#published;
  }

  get offered(): ReadonlyMap<Path.Valid, OfferedBroadcast> {
    return this.#offered;
  }

  /** Hears what the client announces, until it leaves or breaks a limit. */
  async run(): Promise<void> {
    const { established, root, limits } = this.#options;
    const announced = established.announced();
    try {
      for (;;) {
        const event = await Promise.race([announced.next(), established.closed.then(() => undefined)]);
        if (event === undefined) break;
        const path = Path.join(root, event.path);
        this.#unpublish(path);
        if (!event.active) continue;
        if (this.#published.size >= limits.maxBroadcastsPerSession)
          throw new Error("too many broadcasts of one session");
        this.#publish(path, event.path);
      }
      // A version without discovery ends the announcements at once: the session goes on.
      await established.closed;
    } finally {
      announced.close();
      this.close();
    }
  }

  /** Offers it to the client, if its root lets it see that path. */
  offer(path: Path.Valid, source: RelayedBroadcast): void {
    const { established, root, limits } = this.#options;
    const relative = Path.stripPrefix(root, path);
    if (relative === null || this.#offered.has(path)) return;
    const offered = new OfferedBroadcast(source, { mayRead: () => this.#reading < limits.maxSubscriptionsPerSession });
    this.#offered.set(path, offered);
    void offered.closed.then(() => {
      if (this.#offered.get(path) === offered) this.#offered.delete(path);
    });
    const publish = (): void => {
      if (this.#offered.get(path) !== offered) return;
      try {
        established.publish(relative, offered);
      } catch {
        offered.close(); // it is leaving
      }
    };
    publish();
    this.#options.clock.after(PUBLISH_AGAIN_MS, publish);
  }

  withdraw(path: Path.Valid): void {
    this.#offered.get(path)?.close();
    this.#offered.delete(path);
  }

  /** Idempotent. */
  close(): void {
    for (const path of [...this.#published.keys()]) this.#unpublish(path);
    for (const path of [...this.#offered.keys()]) this.withdraw(path);
    this.#options.established.close();
  }

  get #reading(): number {
    let count = 0;
    for (const { reading } of this.#offered.values()) for (const times of reading.values()) count += times;
    return count;
  }

  #publish(path: Path.Valid, relative: Path.Valid): void {
    const { established, limits, clock } = this.#options;
    const take = (bytes: number): boolean => {
      if (this.#rate.take(bytes)) return true;
      this.close(); // it would fill what it cannot send, and others wait behind
      return false;
    };
    const broadcast = new RelayedBroadcast({ consumer: established.consume(relative), limits, clock, take });
    this.#published.set(path, broadcast);
    this.#options.onPublished(path, broadcast);
  }

  #unpublish(path: Path.Valid): void {
    const broadcast = this.#published.get(path);
    if (broadcast === undefined) return;
    this.#published.delete(path);
    broadcast.close();
    this.#options.onUnpublished(path);
  }
}
