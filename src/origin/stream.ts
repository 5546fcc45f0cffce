import { Waiters } from "../cache/waiters.ts";
import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { hasSamePlaylists, type StreamConfig } from "../model/options.ts";
import type { RenditionConfig } from "../model/rendition-options.ts";
import type { MediaSource, Persistence, StreamState, StreamStats, StreamSummary } from "../model/stats.ts";
import type { KeptStats } from "../model/storage.ts";
import type { RenditionReport } from "../playlist/manifest-types.ts";
import { isKnown, renderMultivariant } from "../playlist/multivariant.ts";
import type { ListKind } from "./answers.ts";
import type { Recorder } from "./archive.ts";
import { firstPlaylistDeadlineMs } from "./reload.ts";
import { Rendition, type RenditionContext, ringName } from "./rendition.ts";

export interface StreamContext {
  readonly name: string;
  readonly epoch: string;
  readonly config: StreamConfig;
  readonly clock: Clock;
  /** A producer that is silent for longer is waited for. */
  readonly waitingAfterMs: number;
  /** When its last part came, by the monotonic clock. Default: none has come. */
  readonly lastPartAtMs?: number;
  persistence(): Persistence;
  /** What the archive has of it. */
  kept(): KeptStats | undefined;
  /** The stream has ended. */
  ended(): void;
  /** What all renditions of this stream share, and where each starts. */
  rendition(options: RenditionConfig): Omit<RenditionContext, "reports" | "advanced" | "full" | "together">;
}

/** The Media Playlist of each rendition. */
const FILE = { live: "media.m3u8", dvr: "dvr.m3u8" } as const satisfies Record<ListKind, string>;
const ANY_STEP = 0;
/** Two tracks of one source are cut where their frames end, which is not the same for both. */
const CLOCK_SLACK_MS = 1;

/** One live broadcast, or what is left of it: its renditions and their common fate. */
export class Stream {
  /** As it was opened. */
  readonly name: string;
  #epoch: string;
  #config: StreamConfig;
  readonly #renditions = new Map<string, Rendition>();
  readonly #clock: Clock;
  /** Who waits for any rendition to come along; all of them look again at each step. */
  readonly #steps: Waiters;
  readonly #context: StreamContext;
  readonly #openedAtMs: number;
  #isClosed = false;
  readonly #sources: Record<MediaSource, number> = { page: 0, peer: 0, origin: 0 };

  /**
   * @throws RelayError `stream-limit`; no ring is left taken
   * @internal
   */
  constructor(context: StreamContext) {
    this.name = context.name;
    this.#context = context;
    this.#openedAtMs = context.lastPartAtMs ?? context.clock.now();
    this.#epoch = context.epoch;
    this.#config = context.config;
    this.#clock = context.clock;
    this.#steps = new Waiters({ clock: context.clock });
    try {
      for (const options of context.config.renditions) {
        this.#renditions.set(options.id, this.#rendition(context, options));
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Of the producer that writes now. */
  get epoch(): string {
    return this.#epoch;
  }

  /** Its options, checked and complete. */
  get config(): StreamConfig {
    return this.#config;
  }

  /** No more comes; what is listed stays readable. */
  get ended(): boolean {
    for (const rendition of this.#renditions.values()) if (!rendition.ended) return false;
    return true;
  }

  /** By their ids, in the order in which they were declared. */
  get renditions(): ReadonlyMap<string, Rendition> {
    return this.#renditions;
  }

  /** Milliseconds since the last part of any rendition; undefined before the first. */
  get idleMs(): number | undefined {
    let lastAtMs: number | undefined;
    for (const { lastPartAtMs } of this.#renditions.values()) {
      if (lastPartAtMs !== undefined && (lastAtMs === undefined || lastPartAtMs > lastAtMs)) lastAtMs = lastPartAtMs;
    }
    return lastAtMs === undefined ? undefined : this.#clock.now() - lastAtMs;
  }

  /** Milliseconds since the last part of any rendition, or since it was opened. */
  get silentMs(): number {
    return this.idleMs ?? this.#clock.now() - this.#openedAtMs;
  }

  /**
   * Tells these recorders all that is taken from now on.
   * @internal
   */
  recordTo(recorderOf: (rendition: string) => Recorder): void {
    for (const [id, rendition] of this.#renditions) rendition.recordTo(recorderOf(id));
  }

  /** A rendition; undefined where there is none of this id. */
  find(id: string): Rendition | undefined {
    return this.#renditions.get(id);
  }

  /** A rendition. @throws RelayError `rendition-not-found` */
  rendition(id: string): Rendition {
    const rendition = this.#renditions.get(id);
    if (rendition !== undefined) return rendition;
    const known = [...this.#renditions.keys()].join(", ");
    throw new RelayError("rendition-not-found", `"${this.name}" has the renditions ${known}: got "${id}"`);
  }

  /**
   * Whether a producer with these options may go on in these playlists: what a playlist fixes is the same (rules 5, 9 and 13).
   * What a rendition is encoded with may differ.
   * @internal
   */
  canResume(config: StreamConfig): boolean {
    return !this.ended && hasSamePlaylists(config, this.#config);
  }

  /**
   * Another producer goes on here. @throws RelayError `stream-ended`
   * @internal
   */
  resume(epoch: string, config: StreamConfig): void {
    for (const options of config.renditions) this.rendition(options.id).resume(epoch, options);
    this.#epoch = epoch;
    this.#config = config;
  }

  /** Counts bytes by where they came from. */
  received(sizeBytes: number, source: MediaSource = "page"): void {
    this.#sources[source] += sizeBytes;
  }

  /**
   * The Multivariant Playlist, or that of the DVR window. It is held until every rendition is known, by its options or by its init segment; one that is
   * late is left out after the deadline.
   * @throws RelayError `deadline` when no variant is known by then; `closed` when it is removed meanwhile; `waiter-limit`
   * @internal
   */
  async multivariant(list: ListKind, signal?: AbortSignal): Promise<Bytes> {
    const deadlineMs = firstPlaylistDeadlineMs(this.config.targetDurationMs);
    await this.#until(() => this.ended || this.#every(({ listed }) => isKnown(listed)), deadlineMs, signal);
    if (this.#isClosed) throw new RelayError("closed", `"${this.name}" was removed`);
    const renditions = [...this.#renditions.values()];
    if (!renditions.some(({ listed }) => listed.kind === "variant" && isKnown(listed))) {
      throw new RelayError("deadline", `"${this.name}": no variant has had an init segment within ${deadlineMs} ms`);
    }
    return renderMultivariant(
      renditions.map(({ listed }) => listed),
      {
        sessionKeys: [...new Set(renditions.flatMap(({ sessionKeys }) => sessionKeys.match(/.*\n/g) ?? []))].join(""),
        file: FILE[list],
        independentSegments: this.#every(({ dependentSegments }) => dependentSegments === 0),
      },
    );
  }

  /** No more parts: every playlist says ENDLIST, and every waiter is answered at once (rule 57). Idempotent. */
  end(): void {
    if (this.ended) return;
    for (const rendition of this.#renditions.values()) rendition.end();
    this.#context.ended();
  }

  /** @internal */
  close(): void {
    this.#isClosed = true;
    for (const rendition of this.#renditions.values()) rendition.close();
    this.#steps.close();
  }

  /** Answers every blocked request now. Returns how many there were. */
  drain(): number {
    let drained = this.#steps.drain();
    for (const rendition of this.#renditions.values()) drained += rendition.drain();
    return drained;
  }

  /** One line of what it is. */
  get summary(): StreamSummary {
    let windowMs = 0;
    let dvrWindowMs = 0;
    let sizeBytes = 0;
    for (const rendition of this.#renditions.values()) {
      windowMs = Math.max(windowMs, rendition.windowMs);
      dvrWindowMs = Math.max(dvrWindowMs, rendition.dvrWindowMs);
      sizeBytes += rendition.sizeBytes;
    }
    const kept = this.#context.kept();
    return {
      name: this.name,
      state: this.#state,
      renditions: [...this.#renditions.keys()],
      windowMs,
      dvrWindowMs,
      sizeBytes,
      ...(kept === undefined ? {} : { kept }),
    };
  }

  /** How it stands. */
  get stats(): StreamStats {
    const { idleMs } = this;
    return {
      ...this.summary,
      epoch: this.epoch,
      type: this.config.type,
      partTargetMs: this.config.partTargetMs,
      targetDurationMs: this.config.targetDurationMs,
      ...(idleMs === undefined ? {} : { idleMs }),
      renditionStats: [...this.#renditions.values()].map((rendition) => rendition.stats),
      sources: { ...this.#sources },
      persistence: this.#context.persistence(),
    };
  }

  get #state(): StreamState {
    if (this.ended) return "ended";
    return this.silentMs > this.#context.waitingAfterMs ? "waiting" : "live";
  }

  #rendition(context: StreamContext, options: RenditionConfig): Rendition {
    const its = context.rendition(options);
    try {
      const rendition: Rendition = new Rendition({
        ...its,
        reports: (list) => this.#reportsFor(options.id, list),
        advanced: () => this.#steps.wakeThrough(ANY_STEP),
        full: () => this.end(),
        together: (deadlineMs, signal) =>
          this.#isAhead(rendition) ? this.#until(() => !this.#isAhead(rendition), deadlineMs, signal) : undefined,
      });
      return rendition;
    } catch (error) {
      // One that was made halfway closes nothing itself.
      const ring = ringName(its.stream, options.id);
      its.chunks.close(ring);
      its.m3u8s.close(ring);
      throw error;
    }
  }

  /** Rule 43: one for each other rendition that has a part to report. */
  #reportsFor(id: string, list: ListKind): readonly RenditionReport[] {
    const reports: RenditionReport[] = [];
    for (const [otherId, { reportPosition }] of this.#renditions) {
      if (otherId === id || reportPosition === undefined) continue;
      reports.push({
        uri: `../${otherId}/${FILE[list]}`,
        lastMsn: reportPosition.msn,
        lastPart: reportPosition.part,
      });
    }
    return reports;
  }

  /**
   * Whether a healthy rendition is more than a part behind this one (rule 44). One that has had nothing new for two parts, or
   * lags by more than three, is late: nobody waits for it.
   */
  #isAhead({ endWallMs, options }: Rendition): boolean {
    if (endWallMs === undefined) return false;
    const { partTargetMs } = this.config;
    const nowMs = this.#clock.now();
    for (const other of this.#renditions.values()) {
      if (other.options.id === options.id || other.ended) continue;
      if (other.endWallMs === undefined || other.lastPartAtMs === undefined) continue;
      const behindMs = endWallMs - other.endWallMs;
      const isLate = behindMs > 3 * partTargetMs || nowMs - other.lastPartAtMs > 2 * partTargetMs;
      if (behindMs > partTargetMs + CLOCK_SLACK_MS && !isLate) return true;
    }
    return false;
  }

  #every(holds: (rendition: Rendition) => boolean): boolean {
    for (const rendition of this.#renditions.values()) if (!holds(rendition)) return false;
    return true;
  }

  /** Resolves once `done` holds, looked at after each step; or at the deadline, the signal, or a drain. */
  async #until(done: () => boolean, deadlineMs: number, signal: AbortSignal | undefined): Promise<void> {
    const endMs = this.#clock.now() + deadlineMs;
    while (!done()) {
      const outcome = await this.#steps.wait(ANY_STEP, { deadlineMs: endMs - this.#clock.now(), signal });
      if (outcome !== "woken") return;
    }
  }
}
