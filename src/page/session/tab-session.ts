import type { Clock } from "../../model/clock.ts";
import { RelayError } from "../../model/errors.ts";
import { type WatchedVideo, watchBuffer } from "./buffer-watch.ts";
import type { Leader } from "./leader.ts";
import { Leadership, type Locks } from "./leadership.ts";
import type { Session, SessionEvents } from "./session.ts";
import { NO_STATS, type SessionRole, type SessionStats } from "./session-stats.ts";
import { untilThere } from "./stream-ready.ts";
import { type Channel, TabChannel } from "./tab-channel.ts";

/** How often figures are taken, and told to the other tabs. */
const STATS_EVERY_MS = 1_000;
/** Somebody sends a stream that is joined, or will in a moment. */
const READY_DEADLINE_MS = 60_000;

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
  /** Remembers the person's answer for all tabs. Throws where nothing can be stored. */
  readonly storeConsent: (given: boolean) => void;
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
  /** What each player of this tab has that plays. */
  readonly #aheadMs = new Map<object, number>();
  #role: SessionRole = "follower";
  #stats: SessionStats = NO_STATS;
  #leader: Leader | undefined;
  /** Stands by to lead. */
  #reserve: Leader | undefined;
  #endStandby: (() => void) | undefined;
  #hasFollowed = false;
  #problem: SessionStats["problem"];
  #cancelLook: (() => void) | undefined;
  /** The person's answer, where it cannot be stored: what is stored may have been changed elsewhere since. */
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
      consent: (given) => {
        if (this.#consent !== undefined) this.#consent = given;
        (this.#leader ?? this.#reserve)?.setConsent(given);
      },
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

  /**
   * Resolves once it is known who leads.
   * @throws RelayError `unsupported-browser`; the session is closed then
   */
  async start(): Promise<void> {
    try {
      await this.#leadership.start();
    } catch (cause) {
      await this.close();
      const { message } = RelayError.from(cause);
      throw new RelayError("unsupported-browser", `expected a Web Lock, this browser gives none: ${message}`, {
        cause,
      });
    }
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
    const watched = {};
    const tell = (aheadMs: number | undefined): void => {
      if (aheadMs === undefined) this.#aheadMs.delete(watched);
      else this.#aheadMs.set(watched, aheadMs);
      if (this.#aheadMs.size === 0) this.#channel.forgetBuffer();
      else this.#channel.tellBuffer(Math.min(...this.#aheadMs.values()));
    };
    const stop = watchBuffer(video, this.#options.clock, tell);
    const forget = (): void => {
      stop();
      tell(undefined);
      this.#watches.delete(forget);
    };
    this.#watches.add(forget);
    return forget;
  }

  setConsent(given: boolean): void {
    try {
      this.#options.storeConsent(given);
      this.#consent = undefined;
    } catch {
      this.#consent = given;
    }
    (this.#leader ?? this.#reserve)?.setConsent(given);
    this.#channel.tellConsent(given);
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
      // Without it, this tab leads a little later, and by another one.
      await leader.prepare().catch(async () => {
        if (this.#reserve !== leader) return; // its turn has come meanwhile
        this.#reserve = undefined;
        await leader.discard();
      });
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
