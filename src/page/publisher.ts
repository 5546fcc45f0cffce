import type { Bytes } from "../model/bytes.ts";
import { type Clock, systemClock } from "../model/clock.ts";
import type { DateRangeOptions } from "../model/date-range.ts";
import { RelayError } from "../model/errors.ts";
import type { PartPosition } from "../model/ids.ts";
import type { MediaKey } from "../model/media-key.ts";
import { resolveStreamOptions, type StreamConfig, type StreamOptions } from "../model/options.ts";
import type { MediaSource } from "../model/stats.ts";
import type { FaultOrder } from "../wire/diagnostics.ts";
import type { Step, StepAnswer, TakeOverAnswer } from "../wire/messages.ts";
import { LostParts } from "./lost-parts.ts";
import type { SessionStats } from "./session/session-stats.ts";
import { StepDelivery } from "./step-delivery.ts";
import type { WorkerLink } from "./worker-link.ts";

/** How often the end of a stream is told to workers that are terminated before they have it. */
const MAX_END_ASKS = 4;

/** One part of a rendition. */
export interface PublishedPart {
  /** One or more moof+mdat, or a WebVTT file. They belong to the publisher from now on, and must not change. */
  readonly bytes: Bytes;
  /** In ms; at most the part target. */
  readonly durationMs: number;
  /** Whether it starts with a key frame. Default: what its samples say. */
  readonly independent?: boolean;
  /** Wall clock of its first sample, in ms since the Unix epoch. Default: now, less its duration. */
  readonly programDateTimeMs?: number;
}

/** A part of a stream that is made elsewhere. */
export interface RelayedPart extends PublishedPart {
  readonly source?: MediaSource;
  /** Others are there already, and follow at once. */
  readonly more?: boolean;
  /** What a page that takes the stream over wants to know of it. At most 256 characters. */
  readonly mark?: string;
}

/** Hears what the worker has taken, in order. */
export interface PublishListener {
  taken(rendition: string, step: Step, answer: StepAnswer): void;
  ended(): void;
  closed(): void;
}

/** What a publishing page sends to viewers. */
export interface Seeding {
  /** SHA-256 of the public key, as 43 characters of base64url. */
  readonly fingerprint: string;
  /** As of now. `bytes.page` is one copy of what was published, `copies.sent` how many of it went out. */
  stats(): SessionStats;
}

export interface PublisherContext {
  readonly link: WorkerLink;
  readonly clock?: Clock;
  readonly epoch: string;
  readonly onClosed?: () => void;
  readonly listener?: PublishListener;
  readonly seeding?: Seeding;
  /** A page that names this may take the stream over. */
  readonly key?: string;
  /** Goes on in this session, which another page has left. */
  readonly session?: NonNullable<TakeOverAnswer["session"]>;
}

/**
 * Publishes one stream. Every step is sent to the worker, acknowledged by it, and sent again until it is. A worker that was
 * terminated meanwhile is told what it has not on disk, or, where it keeps nothing there, the last segments: so players go on
 * where they were.
 */
export class Publisher {
  /** As it was published. */
  readonly name: string;
  /** The stream's options, checked and complete. */
  readonly config: StreamConfig;
  /** What it sends to viewers; undefined where it was published without peers and relay. */
  readonly seeding: Seeding | undefined;
  readonly #delivery: StepDelivery;
  readonly #clock: Clock;
  readonly #epoch: string;
  readonly #onClosed: () => void;
  readonly #listener: PublishListener | undefined;
  readonly #lost = new LostParts();
  readonly #stopFaults: () => void;
  #closed: RelayError | undefined;

  /**
   * Use `relay.publish()`.
   * @internal
   */
  constructor(name: string, options: StreamOptions, context: PublisherContext) {
    const { link, clock = systemClock, epoch, listener, key, session } = context;
    this.name = name;
    this.config = resolveStreamOptions(options);
    this.seeding = context.seeding;
    this.#clock = clock;
    this.#epoch = epoch;
    this.#onClosed = context.onClosed ?? (() => undefined);
    this.#listener = listener;
    this.#delivery = new StepDelivery({
      name,
      options,
      config: this.config,
      epoch,
      key,
      link,
      clock,
      taken: (rendition, step, answer) => listener?.taken(rendition, step, answer),
      failed: (error) => this.close(error),
    });
    this.#stopFaults = link.onFault((order) => this.#fault(order));
    if (session !== undefined) this.#delivery.follow(session);
  }

  /** SHA-256 of the key that signs what viewers get, as 43 characters of base64url; the watch link carries it. Undefined without peers and relay. */
  get fingerprint(): string | undefined {
    return this.seeding?.fingerprint;
  }

  /** Steps that the worker has not acknowledged yet. */
  get pending(): number {
    return this.#delivery.pending;
  }

  /** How often a worker had to be told the last segments again. */
  get reopened(): number {
    return this.#delivery.reopened;
  }

  /** Why nothing more can be published; undefined while it can. */
  get closed(): RelayError | undefined {
    return this.#closed;
  }

  /**
   * The init segment that a session which was taken over is in, so that a worker that forgets all of it can be told.
   * @internal
   */
  rememberInit(rendition: string, bytes: Bytes): void {
    this.#delivery.rememberInit(rendition, bytes);
  }

  /**
   * @throws RelayError as the worker says: `stream-exists`, `stream-limit`, `invalid-option`
   * @internal
   */
  async open(signal?: AbortSignal): Promise<void> {
    await this.#delivery.open(signal);
  }

  /**
   * Sets the init segment (ftyp+moov) of the parts that follow. Resolves when the worker has it.
   * @throws RelayError `malformed-init`; the one in effect stays
   */
  async init(rendition: string, bytes: Bytes): Promise<void> {
    await this.#delivery.step(rendition, { kind: "init", bytes });
  }

  /**
   * Publishes one part. Resolves with its position when the worker has stored it, and its disk is not too far behind: waiting for
   * that is the back-pressure.
   * @throws RelayError `init-missing`, `malformed-part`, `track-mismatch`, `part-too-long`, `timeline-jump`: this part is left
   * out, what is live goes on; `worker-unreachable`, `closed`: no more can be published
   */
  async part(rendition: string, part: PublishedPart): Promise<PartPosition> {
    const { bytes, durationMs, independent = false, source, more, mark }: RelayedPart = part;
    if (this.#lost.takes(rendition, independent)) {
      const { position } = await this.#delivery.step(rendition, {
        kind: "gap",
        durationMs,
        ...(mark === undefined ? {} : { mark }),
      });
      if (position !== undefined) return position;
    }
    // Said once and here: a worker that is told again later must not read its own clock for it.
    const programDateTimeMs = part.programDateTimeMs ?? this.#clock.wallMs() - durationMs;
    const answer = await this.#delivery.step(rendition, {
      kind: "part",
      bytes,
      durationMs,
      independent,
      programDateTimeMs,
      ...(more === true ? { more } : {}),
      ...(source === undefined ? {} : { source }),
      ...(mark === undefined ? {} : { mark }),
    });
    if (answer.position === undefined) throw new RelayError("internal", "the worker gave a part no position");
    return answer.position;
  }

  /**
   * Marks media that is missing, at most one part target long; the playlist says GAP. A refusal is in the stats too, so that the promise may be left alone.
   * @throws RelayError `part-too-long`, `closed`
   */
  gap(rendition: string, gap: { readonly durationMs: number; readonly mark?: string }): Promise<void> {
    const { durationMs, mark } = gap;
    return this.#aside(
      this.#delivery.step(rendition, { kind: "gap", durationMs, ...(mark === undefined ? {} : { mark }) }),
    );
  }

  /**
   * What follows has a new timeline: timestamps, or with a new init segment also codec and size, may change. The promise may be left alone.
   * @throws RelayError `closed`
   */
  discontinuity(rendition: string): Promise<void> {
    return this.#aside(this.#delivery.step(rendition, { kind: "discontinuity" }));
  }

  /**
   * What follows is encrypted so, by one key or one for each system; `{ method: "NONE" }` ends it. The next part opens a segment, and
   * should start with a key frame. Only the URI of a key is ever known here.
   * @throws RelayError `invalid-option`
   */
  key(rendition: string, key: MediaKey | readonly MediaKey[]): Promise<void> {
    return this.#aside(
      this.#delivery.step(rendition, { kind: "key", keys: Array.isArray(key) ? key : [key as MediaKey] }),
    );
  }

  /**
   * Lists a date range in every rendition, until it has ended before the window. With an id that is known it adds attributes.
   * @throws RelayError `invalid-option`; `conflict` for an id with another value than before; `stream-limit` for too many
   */
  dateRange(range: DateRangeOptions): Promise<void> {
    return this.#aside(
      Promise.all(this.#delivery.renditions.map((id) => this.#delivery.step(id, { kind: "dateRange", range }))),
    );
  }

  /** Ends the stream: playlists say ENDLIST, and the window stays readable. Resolves when the worker knows. */
  async end(): Promise<void> {
    if (this.#closed !== undefined) return;
    try {
      for (let asks = 1; ; asks++) {
        // What was published comes first, if it comes at all.
        await this.#delivery.drained();
        try {
          await this.#delivery.end();
          this.#listener?.ended();
          return;
        } catch (error) {
          // A worker that started anew may lack the last parts, or have missed the question.
          const { code } = RelayError.from(error);
          if (asks >= MAX_END_ASKS || (code !== "out-of-order" && code !== "worker-unreachable")) throw error;
          await this.#delivery.open();
        }
      }
    } finally {
      this.close();
    }
  }

  /** What is to go wrong here on purpose; what goes wrong elsewhere is nothing to a publisher. */
  #fault({ stream, epoch, fault }: FaultOrder): void {
    if (stream !== this.name || epoch !== this.#epoch) return;
    if (fault.kind === "gap") this.#lost.lose(this.#delivery.renditions);
    if (fault.kind === "discontinuity") for (const id of this.#delivery.renditions) void this.discontinuity(id);
  }

  /** Stops publishing without a word: the stream stays as it is. What is not acknowledged is rejected with `closed`. */
  close(error = new RelayError("closed", `"${this.name}": the publisher was closed`)): void {
    if (this.#closed !== undefined) return;
    this.#closed = error;
    this.#stopFaults();
    this.#delivery.close(error);
    this.#listener?.closed();
    this.#onClosed();
  }

  /**
   * Another worker took over: whether it has our stream is for it to say.
   * @internal
   */
  workerChanged(): void {
    if (this.#closed === undefined) void this.#delivery.reopen();
  }

  /** A caller may leave these alone; a refusal is then still in the stats. */
  #aside(step: Promise<unknown>): Promise<void> {
    const settled = step.then(() => undefined);
    settled.catch(() => undefined);
    return settled;
  }
}
