import { backoffMs } from "../follow/backoff.ts";
import type { Clock } from "../model/clock.ts";
import { delay } from "../model/delay.ts";
import { RelayError } from "../model/errors.ts";
import { onAbort } from "../model/on-abort.ts";
import type { MoqTransport } from "./moq-session.ts";

/** How long a relay may take to answer. */
const CONNECT_DEADLINE_MS = 5_000;
/** A session that lasted this long was a good one: what ends it is not held against the relay. */
const GOOD_AFTER_MS = 5_000;

/** A relay that is restarted is back in a second or two: so many tries wait equally long before they wait longer. */
const TRIES_PER_STEP = 2;

/** How this browser stands with the relays. */
export interface RelayLinkStats {
  readonly state: "connecting" | "open" | "waiting";
  /** The relay that is, or was last, connected to; without a token. */
  readonly relay: string;
  readonly transport?: MoqTransport;
  readonly version?: string;
  /** How long the last connection took to be made. */
  readonly connectMs?: number;
  /** Sessions that were opened. */
  readonly sessions: number;
  readonly lastError?: string;
}

/** What is kept open, whatever is spoken over it. */
export interface LinkedSession {
  /** Without a token. */
  readonly relay: string;
  readonly version: string;
  readonly transport: MoqTransport;
  /** Resolves when the session is over, whoever ended it. */
  readonly closed: Promise<void>;
  close(): void;
}

export interface RelayLinkOptions<S extends LinkedSession> {
  /** The first is preferred, the others are tried when it fails. At least one. */
  readonly relays: readonly ((signal: AbortSignal) => Promise<S>)[];
  readonly clock: Clock;
  readonly random: () => number;
  /** Why there is no session; undefined once there is one. */
  readonly trouble: (error: RelayError | undefined) => void;
}

/** Keeps one session with one of several relays, for as long as it is run. */
export class RelayLink<S extends LinkedSession> {
  readonly #options: RelayLinkOptions<S>;
  #stats: RelayLinkStats = { state: "connecting", relay: "", sessions: 0 };

  constructor(options: RelayLinkOptions<S>) {
    this.#options = options;
  }

  get stats(): RelayLinkStats {
    return this.#stats;
  }

  /**
   * Hands each session to `use`, and opens the next one when that has ended. What `use` throws is told as trouble.
   * Resolves when `signal` aborts.
   */
  async run(signal: AbortSignal, use: (session: S, signal: AbortSignal) => Promise<void>): Promise<void> {
    const { relays, clock, random, trouble } = this.#options;
    let failures = 0;
    for (let turn = 0; !signal.aborted; turn++) {
      const connect = relays[turn % relays.length];
      if (connect === undefined) return;
      const startedAtMs = clock.now();
      let openedAtMs: number | undefined;
      try {
        const session = await this.#open(connect, signal);
        openedAtMs = clock.now();
        trouble(undefined);
        await used(session, signal, use);
        if (signal.aborted) return;
        throw new RelayError("relay-unreachable", "the session with the relay has ended");
      } catch (thrown) {
        if (signal.aborted) return;
        const error = RelayError.from(thrown);
        this.#stats = { ...this.#stats, state: "waiting", lastError: `${error.code}: ${error.message}` };
        trouble(error);
      }
      const wasGood = openedAtMs !== undefined && clock.now() - openedAtMs > GOOD_AFTER_MS;
      failures = wasGood ? 0 : failures + 1;
      // The one that served well is asked again first: it may only have been restarted.
      if (wasGood) turn -= 1;
      // While there are others that were not asked yet, nobody is waited for.
      const isRoundOver = failures % relays.length === 0;
      const rounds = Math.ceil(failures / relays.length / TRIES_PER_STEP);
      const waitMs = isRoundOver ? backoffMs(Math.max(1, rounds), random) : 0;
      const spentMs = openedAtMs === undefined ? clock.now() - startedAtMs : 0;
      await delay(clock, Math.max(0, waitMs - spentMs), signal).catch(() => undefined);
    }
  }

  async #open(connect: (signal: AbortSignal) => Promise<S>, signal: AbortSignal): Promise<S> {
    const { clock } = this.#options;
    const late = new AbortController();
    const cancel = clock.after(CONNECT_DEADLINE_MS, () =>
      late.abort(new RelayError("relay-unreachable", `the relay did not answer within ${CONNECT_DEADLINE_MS} ms`)),
    );
    const atMs = clock.now();
    this.#stats = { ...this.#stats, state: "connecting" };
    try {
      const session = await connect(AbortSignal.any([signal, late.signal]));
      const { relay, transport, version } = session;
      const connectMs = Math.round(clock.now() - atMs);
      this.#stats = { state: "open", relay, transport, version, connectMs, sessions: this.#stats.sessions + 1 };
      return session;
    } finally {
      cancel();
    }
  }
}

/** Until `use` has had enough, or the session ends. */
async function used<S extends LinkedSession>(
  session: S,
  signal: AbortSignal,
  use: (session: S, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const end = (): void => over.abort(new RelayError("relay-unreachable", "the session with the relay has ended"));
  const forget = onAbort(signal, end);
  session.closed.then(end, end);
  const ended = new Promise<void>((resolve) => onAbort(over.signal, resolve));
  try {
    await Promise.race([use(session, over.signal), ended]);
  } finally {
    forget();
    end();
    session.close();
  }
}
