import type { Connection, Path } from "@moq/net";
import type { Clock } from "../../model/clock.ts";
import type { MoqRelayLimits } from "./relay-limits.ts";
import { RelaySession } from "./relay-session.ts";
import type { RelayedBroadcast } from "./relayed-broadcast.ts";

/**
 * How long a path stays away before it is offered again, by whoever took it over. Several versions tell what is there, not what
 * has happened: a path that is gone and back at once would seem never to have changed.
 */
const TAKE_OVER_MS = 50;

interface Source {
  readonly session: RelaySession;
  readonly broadcast: RelayedBroadcast;
}

/** Who is connected, and who publishes what: each path is offered to everybody but its publisher. */
export class MoqHub {
  readonly #limits: MoqRelayLimits;
  readonly #clock: Clock;
  readonly #sessions = new Set<RelaySession>();
  /** By path. The last one is offered; those before it take over when it leaves. */
  readonly #sources = new Map<Path.Valid, Source[]>();

  constructor({ limits, clock }: { limits: MoqRelayLimits; clock: Clock }) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get sessions(): ReadonlySet<RelaySession> {
    return this.#sessions;
  }

  /** Serves one session; resolves when it is over, however it ends. */
  async serve(established: Connection.Established, root: Path.Valid): Promise<void> {
    const session: RelaySession = new RelaySession({
      established,
      root,
      limits: this.#limits,
      clock: this.#clock,
      onPublished: (path, broadcast) => this.#published(path, { session, broadcast }),
      onUnpublished: (path) => this.#unpublished(path, session),
    });
    this.#sessions.add(session);
    for (const path of this.#sources.keys()) this.#offer(path, session);
    try {
      await session.run();
    } catch {
      // It broke the protocol or a limit: it is closed, and the others go on.
    } finally {
      this.#sessions.delete(session);
      session.close();
    }
  }

  close(): void {
    for (const session of this.#sessions) session.close();
  }

  #published(path: Path.Valid, source: Source): void {
    const sources = this.#sources.get(path) ?? [];
    this.#sources.set(path, [...sources, source]);
    this.#changed(path, sources.length > 0);
  }

  #unpublished(path: Path.Valid, session: RelaySession): void {
    const sources = this.#sources.get(path) ?? [];
    const left = sources.filter((source) => source.session !== session);
    if (left.length > 0) this.#sources.set(path, left);
    else this.#sources.delete(path);
    if (sources.at(-1)?.session === session) this.#changed(path, true);
  }

  #changed(path: Path.Valid, wasOffered: boolean): void {
    if (wasOffered) for (const session of this.#sessions) session.withdraw(path);
    if (!this.#sources.has(path)) return;
    const offer = (): void => {
      for (const session of this.#sessions) this.#offer(path, session);
    };
    if (wasOffered) this.#clock.after(TAKE_OVER_MS, offer);
    else offer();
  }

  #offer(path: Path.Valid, session: RelaySession): void {
    const broadcast = this.#sources.get(path)?.at(-1)?.broadcast;
    if (broadcast !== undefined && !session.published.has(path)) session.offer(path, broadcast);
  }
}
