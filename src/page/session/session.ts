import type { Clock } from "../../model/clock.ts";
import { RelayError, type RelayErrorCode } from "../../model/errors.ts";
import { type WatchedVideo, watchBuffer } from "./buffer-watch.ts";
import type { Leader } from "./leader.ts";
import { Leadership, type Locks } from "./leadership.ts";
import { NO_STATS, type SessionFailure, type SessionRole, type SessionStats } from "./session-stats.ts";
import { untilThere } from "./stream-ready.ts";
import { type Channel, TabChannel } from "./tab-channel.ts";

/** How often figures are taken, and told to the other tabs. */
const STATS_EVERY_MS = 1_000;
/** Somebody sends a stream that is joined, or will in a moment. */
const READY_DEADLINE_MS = 60_000;

/** Details of the events. */
export interface SessionEvents {
  /** Another tab leads, or this one does. */
  readonly role: { readonly role: SessionRole };
  /** Once a second, in each tab. */
  readonly stats: SessionStats;
  /** A connection to a peer, or the way to peers, failed; with why. In the leader's tab. */
  readonly failure: SessionFailure;
  /** A peer was caught lying. In the leader's tab. */
  readonly banned: { readonly peer: string; readonly reason: string };
  /** Nothing comes, and why; it is tried again. Without a code: it comes again. */
  readonly problem: { readonly code?: RelayErrorCode; readonly message: string };
  /** The source has ended the stream; what is kept of it stays. In the leader's tab. */
  readonly ended: Record<string, never>;
}

/** A stream that this browser takes from elsewhere, as one of its tabs sees it. Any player plays it from `relay.url(name)`. */
export interface Session {
  /** As it was joined. */
  readonly name: string;
  /** Which part this tab has now. */
  readonly role: SessionRole;
  /** As of the last second. */
  stats(): SessionStats;
  /**
   * Resolves once a player finds the stream at `relay.url(name)`; before that the playlist is not there (404), for as long as nobody sends it.
   * `deadlineMs` is 60,000 by default.
   * @throws RelayError `deadline`, `closed`; the reason of `signal` when it aborts
   */
  ready(options?: { readonly deadlineMs?: number; readonly signal?: AbortSignal }): Promise<void>;
  /**
   * Looks at a player, so that what it has left decides how long a part may be waited for. Every tab does so for its own; the least
   * counts. Without one, parts are waited for as at the live edge. Returns how to stop.
   */
  attach(video: HTMLVideoElement): () => void;
  /** The person's answer to whether this browser may send parts to other viewers; it is remembered. Heard where `consent` is `"ask"`. */
  setConsent(given: boolean): void;
  /** Leaves the stream. Another tab that watches it goes on; resolves when it may. */
  close(): Promise<void>;
  /** Hears of what `SessionEvents` lists, in `event.detail`. */
  addEventListener<Name extends keyof SessionEvents>(
    type: Name,
    listener: (event: CustomEvent<SessionEvents[Name]>) => void,
    options?: AddEventListenerOptions | boolean,
  ): void;
  /** Takes a listener back. */
  removeEventListener<Name extends keyof SessionEvents>(
    type: Name,
    listener: (event: CustomEvent<SessionEvents[Name]>) => void,
    options?: EventListenerOptions | boolean,
  ): void;
}

export interface TabSessionOptions {
  readonly name: string;
  /** One for each stream of each base: names the lock and the channel. */
  readonly id: string;
  readonly tab: string;
  readonly clock: Clock;
  readonly locks: Locks;
  readonly channel: Channel;
  /** What this tab does while it leads; a new one for each time. */
  readonly makeLeader: (session: TabSession) => Leader;
  /** Whether the worker has the stream; with `live`, one that goes on. */
  readonly isThere: (live: boolean) => Promise<boolean>;
  readonly onClosed: () => void;
}

/** The session of one tab: it leads or follows, and becomes the leader when that one goes. */
export class TabSession implements Session {
  readonly name: string;
  readonly #options: TabSessionOptions;
  readonly #events = new EventTarget();
  readonly #channel: TabChannel;
  readonly #leadership: Leadership;
  readonly #watches = new Set<() => void>();
  #role: SessionRole = "follower";
  #stats: SessionStats = NO_STATS;
  #leader: Leader | undefined;
  /** Stands by to lead. */
  #reserve: Leader | undefined;
  #endStandby: (() => void) | undefined;
  #hasFollowed = false;
  #problem: SessionStats["problem"];
  #cancelLook: (() => void) | undefined;
  #consent: boolean | undefined;
  /** What is there is an earlier stream of this name, unless this session has seen the end of it. */
  #hasEnded = false;
  readonly #closing = new AbortController();

  constructor(options: TabSessionOptions) {
    const { name, id, clock, locks, channel, tab } = options;
    this.name = name;
    this.#options = options;
    this.#channel = new TabChannel({
      channel,
      clock,
      tab,
      stats: (stats) => this.#hear(stats),
      hello: () => this.#tell(),
      buffer: () => (this.#leader ?? this.#reserve)?.bufferChanged(),
      consent: (given) => (this.#leader ?? this.#reserve)?.setConsent(given),
    });
    this.#leadership = new Leadership({
      name: id,
      locks,
      clock,
      lead: (signal) => this.#lead(signal),
      follow: () => {
        this.#hasFollowed = true;
        this.setRole("follower");
        this.#standBy();
      },
    });
  }

  /** Resolves once it is known who leads. */
  async start(): Promise<void> {
    await this.#leadership.start();
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  get role(): SessionRole {
    return this.#role;
  }

  stats(): SessionStats {
    return this.#stats;
  }

  /** Whether another tab has led while this one was there. */
  get hasFollowed(): boolean {
    return this.#hasFollowed;
  }

  /** The least that any tab's player has; undefined where none plays. */
  get bufferAheadMs(): number | undefined {
    return this.#channel.bufferAheadMs;
  }

  ready(options: { readonly deadlineMs?: number; readonly signal?: AbortSignal } = {}): Promise<void> {
    const { deadlineMs = READY_DEADLINE_MS, signal } = options;
    const { clock, isThere } = this.#options;
    const closing = this.#closing.signal;
    return untilThere({
      clock,
      isThere: () => isThere(!this.#hasEnded),
      deadlineMs,
      signal: signal === undefined ? closing : AbortSignal.any([signal, closing]),
    });
  }

  attach(video: WatchedVideo): () => void {
    const stop = watchBuffer(video, this.#options.clock, (aheadMs) => {
      if (aheadMs === undefined) this.#channel.forgetBuffer();
      else this.#channel.tellBuffer(aheadMs);
    });
    const forget = (): void => {
      stop();
      this.#channel.forgetBuffer();
      this.#watches.delete(forget);
    };
    this.#watches.add(forget);
    return forget;
  }

  setConsent(given: boolean): void {
    this.#consent = given;
    (this.#leader ?? this.#reserve)?.setConsent(given);
    if (this.#leader === undefined) this.#channel.tellConsent(given);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#closing.abort(new RelayError("closed", `"${this.name}": the session was closed`));
    for (const forget of [...this.#watches]) forget();
    await this.#leadership.close();
    this.#endStandby?.();
    await this.#reserve?.discard().catch(() => undefined);
    this.#channel.close();
    this.#options.onClosed();
  }

  setRole(role: SessionRole): void {
    if (role === this.#role) return;
    this.#role = role;
    this.#stats = { ...this.#stats, role };
    this.dispatch("role", { role });
  }

  setProblem(error: RelayError | undefined): void {
    if (error?.code === this.#problem?.code && error?.message === this.#problem?.message) return;
    this.#problem = error === undefined ? undefined : { code: error.code, message: error.message };
    this.dispatch("problem", error === undefined ? { message: "" } : { code: error.code, message: error.message });
  }

  dispatch<Name extends keyof SessionEvents>(type: Name, detail: SessionEvents[Name]): void {
    if (type === "ended") this.#hasEnded = true;
    this.#events.dispatchEvent(new CustomEvent(type, { detail }));
  }

  addEventListener<Name extends keyof SessionEvents>(
    type: Name,
    listener: (event: CustomEvent<SessionEvents[Name]>) => void,
    options?: AddEventListenerOptions | boolean,
  ): void {
    this.#events.addEventListener(type, listener as EventListener, options);
  }

  removeEventListener<Name extends keyof SessionEvents>(
    type: Name,
    listener: (event: CustomEvent<SessionEvents[Name]>) => void,
    options?: EventListenerOptions | boolean,
  ): void {
    this.#events.removeEventListener(type, listener as EventListener, options);
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const leader = this.#reserve ?? this.#options.makeLeader(this);
    this.#reserve = undefined;
    this.#endStandby?.();
    this.#leader = leader;
    if (this.#consent !== undefined) leader.setConsent(this.#consent);
    leader.bufferChanged();
    this.#look(leader);
    try {
      await leader.run(signal);
    } catch (thrown) {
      this.setProblem(RelayError.from(thrown));
      throw thrown;
    } finally {
      this.#cancelLook?.();
      this.#leader = undefined;
    }
  }

  /** One of the tabs that follow gets ready to lead: the one whose turn it will be, since both locks are given in the same order. */
  #standBy(): void {
    if (this.#endStandby !== undefined || this.#isClosed) return;
    const aborter = new AbortController();
    const { locks, id, makeLeader } = this.#options;
    const ended = new Promise<void>((resolve) => {
      aborter.signal.addEventListener("abort", () => resolve());
    });
    this.#endStandby = () => {
      this.#endStandby = undefined;
      aborter.abort();
    };
    const stand = async (): Promise<void> => {
      const leader = makeLeader(this);
      this.#reserve = leader;
      // Without it, this tab leads a little later.
      await leader.prepare().catch(() => leader.discard());
      await ended;
    };
    locks.request(`${id} standby`, { signal: aborter.signal }, stand).catch(() => undefined);
  }

  #look(leader: Leader): void {
    leader.look();
    const { problem: _, ...stats } = leader.stats.now;
    this.#stats = { ...stats, role: this.#role, ...(this.#problem === undefined ? {} : { problem: this.#problem }) };
    this.#tell();
    this.dispatch("stats", this.#stats);
    this.#cancelLook = this.#options.clock.after(STATS_EVERY_MS, () => this.#look(leader));
  }

  #tell(): void {
    if (this.#leader !== undefined) this.#channel.tellStats(this.#stats);
  }

  #hear(stats: SessionStats): void {
    if (this.#leader !== undefined) return;
    this.#stats = { ...stats, role: stats.role === "local" ? "local" : this.#role };
    this.dispatch("stats", this.#stats);
  }
}
