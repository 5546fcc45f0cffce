import type { Bytes } from "../model/bytes.ts";
import { type Clock, systemClock } from "../model/clock.ts";
import type { DateRangeOptions } from "../model/date-range.ts";
import { RelayError } from "../model/errors.ts";
import type { PartPosition } from "../model/ids.ts";
import type { MediaKey } from "../model/media-key.ts";
import { resolveStreamOptions, type StreamConfig, type StreamOptions } from "../model/options.ts";
import type { MediaSource } from "../model/stats.ts";
import type { FaultOrder } from "../wire/diagnostics.ts";
import {
  AskError,
  type Kept,
  type OpenAnswer,
  type Step,
  type StepAnswer,
  type TakeOverAnswer,
} from "../wire/messages.ts";
import { readStep } from "../wire/read-step.ts";
import { DiskWatch } from "./disk-watch.ts";
import { LostParts } from "./lost-parts.ts";
import type { SessionStats } from "./session/session-stats.ts";
import { StepJournal } from "./step-journal.ts";
import type { WorkerLink } from "./worker-link.ts";

/** Steps of one rendition that may wait for their acknowledgement at once. */
const MAX_PENDING_STEPS = 256;
/** Bytes of one rendition that may wait at once. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;
/** A step that is not acknowledged by then is sent again. */
const RESEND_AFTER_MS = 2_000;
/** A worker that acknowledges nothing for this long is lost, and the publisher with it. */
const LOST_AFTER_MS = 30_000;
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
  readonly #link: WorkerLink;
  readonly #clock: Clock;
  readonly #options: StreamOptions;
  readonly #epoch: string;
  readonly #journals = new Map<string, StepJournal>();
  readonly #onClosed: () => void;
  readonly #listener: PublishListener | undefined;
  /** What it sends to viewers; undefined where it was published without peers and relay. */
  readonly seeding: Seeding | undefined;
  readonly #key: string | undefined;
  readonly #unlisten: () => void;
  #session = 0;
  #opening: Promise<void> | undefined;
  #cancelResend: (() => void) | undefined;
  #lastAnswerMs: number;
  readonly #disk: DiskWatch;
  readonly #lost = new LostParts();
  readonly #stopFaults: () => void;
  #closed: RelayError | undefined;
  #reopened = 0;

  /**
   * Use `relay.publish()`.
   * @internal
   */
  constructor(name: string, options: StreamOptions, context: PublisherContext) {
    this.name = name;
    this.config = resolveStreamOptions(options);
    this.#options = options;
    this.#link = context.link;
    this.#clock = context.clock ?? systemClock;
    this.#epoch = context.epoch;
    this.#onClosed = context.onClosed ?? (() => undefined);
    this.#listener = context.listener;
    this.seeding = context.seeding;
    this.#key = context.key;
    this.#lastAnswerMs = this.#clock.now();
    this.#unlisten = this.#link.onKept((kept) => this.#kept(kept));
    this.#stopFaults = this.#link.onFault((order) => this.#fault(order));
    this.#disk = new DiskWatch({ clock: this.#clock, journals: this.#journals, ask: () => void this.#reopen() });
    // A playlist needs three target durations to be worth joining (rule 30).
    const keepMs = 3 * this.config.targetDurationMs;
    for (const { id } of this.config.renditions) this.#journals.set(id, new StepJournal(id, keepMs));
    if (context.session !== undefined) this.#follow(context.session);
  }

  #follow({ session, expected, starts, persistence }: OpenAnswer): void {
    this.#session = session;
    for (const { rendition, number } of expected) {
      const journal = this.#journals.get(rendition);
      const start = starts.find(({ id }) => id === rendition);
      if (journal === undefined || start === undefined) continue;
      journal.follow(number, start);
      journal.persistIn(persistence);
    }
  }

  /** SHA-256 of the key that signs what viewers get, as 43 characters of base64url; the watch link carries it. Undefined without peers and relay. */
  get fingerprint(): string | undefined {
    return this.seeding?.fingerprint;
  }

  /** Steps that the worker has not acknowledged yet. */
  get pending(): number {
    let pending = 0;
    for (const journal of this.#journals.values()) pending += journal.pending;
    return pending;
  }

  /** How often a worker had to be told the last segments again. */
  get reopened(): number {
    return this.#reopened;
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
    this.#journal(rendition).rememberInit(bytes);
  }

  /**
   * @throws RelayError as the worker says: `stream-exists`, `stream-limit`, `invalid-option`
   * @internal
   */
  async open(signal?: AbortSignal): Promise<void> {
    await this.#open(signal);
  }

  /**
   * Sets the init segment (ftyp+moov) of the parts that follow. Resolves when the worker has it.
   * @throws RelayError `malformed-init`; the one in effect stays
   */
  async init(rendition: string, bytes: Bytes): Promise<void> {
    await this.#step(rendition, { kind: "init", bytes });
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
      const { position } = await this.#step(rendition, {
        kind: "gap",
        durationMs,
        ...(mark === undefined ? {} : { mark }),
      });
      if (position !== undefined) return position;
    }
    // Said once and here: a worker that is told again later must not read its own clock for it.
    const programDateTimeMs = part.programDateTimeMs ?? this.#clock.wallMs() - durationMs;
    const answer = await this.#step(rendition, {
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
    return this.#aside(this.#step(rendition, { kind: "gap", durationMs, ...(mark === undefined ? {} : { mark }) }));
  }

  /**
   * What follows has a new timeline: timestamps, or with a new init segment also codec and size, may change. The promise may be left alone.
   * @throws RelayError `closed`
   */
  discontinuity(rendition: string): Promise<void> {
    return this.#aside(this.#step(rendition, { kind: "discontinuity" }));
  }

  /**
   * What follows is encrypted so, by one key or one for each system; `{ method: "NONE" }` ends it. The next part opens a segment, and
   * should start with a key frame. Only the URI of a key is ever known here.
   * @throws RelayError `invalid-option`
   */
  key(rendition: string, key: MediaKey | readonly MediaKey[]): Promise<void> {
    return this.#aside(this.#step(rendition, { kind: "key", keys: Array.isArray(key) ? key : [key as MediaKey] }));
  }

  /**
   * Lists a date range in every rendition, until it has ended before the window. With an id that is known it adds attributes.
   * @throws RelayError `invalid-option`; `conflict` for an id with another value than before; `stream-limit` for too many
   */
  dateRange(range: DateRangeOptions): Promise<void> {
    return this.#aside(
      Promise.all([...this.#journals.keys()].map((id) => this.#step(id, { kind: "dateRange", range }))),
    );
  }

  /** Ends the stream: playlists say ENDLIST, and the window stays readable. Resolves when the worker knows. */
  async end(): Promise<void> {
    if (this.#closed !== undefined) return;
    try {
      for (let asks = 1; ; asks++) {
        // What was published comes first, if it comes at all.
        await this.#drained();
        try {
          await this.#askEnd();
          this.#listener?.ended();
          return;
        } catch (error) {
          // A worker that started anew may lack the last parts, or have missed the question.
          const { code } = RelayError.from(error);
          if (asks >= MAX_END_ASKS || (code !== "out-of-order" && code !== "worker-unreachable")) throw error;
          await this.#open();
        }
      }
    } finally {
      this.close();
    }
  }

  async #askEnd(): Promise<void> {
    const expected = [...this.#journals].map(([rendition, { next }]) => ({ rendition, number: next }));
    await this.#link.ask({ type: "end", stream: this.name, epoch: this.#epoch, session: this.#session, expected });
  }

  /** What is to go wrong here on purpose; what goes wrong elsewhere is nothing to a publisher. */
  #fault({ stream, epoch, fault }: FaultOrder): void {
    if (stream !== this.name || epoch !== this.#epoch) return;
    if (fault.kind === "gap") this.#lost.lose(this.#journals.keys());
    if (fault.kind === "discontinuity") for (const id of this.#journals.keys()) void this.discontinuity(id);
  }

  /** Stops publishing without a word: the stream stays as it is. What is not acknowledged is rejected with `closed`. */
  close(error = new RelayError("closed", `"${this.name}": the publisher was closed`)): void {
    if (this.#closed !== undefined) return;
    this.#closed = error;
    this.#cancelResend?.();
    this.#disk.close();
    this.#unlisten();
    this.#stopFaults();
    for (const journal of this.#journals.values()) journal.fail(error);
    this.#listener?.closed();
    this.#onClosed();
  }

  /**
   * Another worker took over: whether it has our stream is for it to say.
   * @internal
   */
  workerChanged(): void {
    if (this.#closed === undefined) void this.#reopen();
  }

  /** A caller may leave these alone; a refusal is then still in the stats. */
  #aside(step: Promise<unknown>): Promise<void> {
    const settled = step.then(() => undefined);
    settled.catch(() => undefined);
    return settled;
  }

  #journal(rendition: string): StepJournal {
    const journal = this.#journals.get(rendition);
    if (journal !== undefined) return journal;
    const known = [...this.#journals.keys()].join(", ");
    throw new RelayError("rendition-not-found", `"${this.name}" has the renditions ${known}: got "${rendition}"`);
  }

  async #step(rendition: string, step: Step): Promise<StepAnswer> {
    if (this.#closed !== undefined) throw this.#closed;
    // Before it has a number: one that the worker cannot read would hold up all that follow.
    readStep(step);
    const journal = this.#journal(rendition);
    const unsettled = journal.pending + journal.heldBack;
    if (unsettled >= MAX_PENDING_STEPS || journal.pendingBytes >= MAX_PENDING_BYTES) {
      throw new RelayError(
        "worker-unreachable",
        `"${this.name}": expected at most ${MAX_PENDING_STEPS} steps on their way: wait for part() before the next`,
      );
    }
    if (this.pending === 0) this.#lastAnswerMs = this.#clock.now();
    return new Promise((resolve, reject) => {
      const number = journal.add({
        step,
        acknowledged: false,
        settle: (answer, error) => (answer === undefined ? reject(error) : resolve(answer)),
      });
      // While a worker is told what came before, this one waits its turn in the journal.
      if (this.#opening === undefined) this.#send(rendition, number, step);
      this.#watch();
    });
  }

  #send(rendition: string, number: number, step: Step): void {
    const session = this.#session;
    const transfer: Transferable[] = [];
    let sent: Step = step;
    // Cloned by the message, since the journal keeps the original to send it again: no slower than to transfer a copy
    // (docs/performance-browser.md). But a clone is of the whole buffer, so of one that holds more only the bytes go.
    if ((step.kind === "part" || step.kind === "init") && step.bytes.byteLength < step.bytes.buffer.byteLength) {
      const bytes = step.bytes.slice();
      transfer.push(bytes.buffer);
      sent = { ...step, bytes };
    }
    this.#link
      .ask(
        { type: "step", stream: this.name, epoch: this.#epoch, session, rendition, number, step: sent },
        { transfer, deadlineMs: RESEND_AFTER_MS },
      )
      .then(
        (answer) => {
          if (session !== this.#session) return;
          this.#lastAnswerMs = this.#clock.now();
          const step = this.#journal(rendition).acknowledge(number, answer);
          if (step !== undefined) this.#listener?.taken(rendition, step, answer);
          this.#disk.acknowledged();
        },
        (error: unknown) => {
          if (session === this.#session) this.#refused(rendition, number, RelayError.from(error));
        },
      );
  }

  #refused(rendition: string, number: number, error: RelayError): void {
    if (this.#closed !== undefined) return;
    switch (error.code) {
      case "worker-unreachable": // no answer yet: the watch sends it again
      case "closed":
        return;
      case "stream-not-found":
        void this.#reopen();
        return;
      case "stream-exists": // taken over
        this.close(error);
        return;
      case "out-of-order":
        if (error instanceof AskError && error.expected !== undefined) this.#goBack(rendition, error.expected, number);
        return;
      default:
        this.#lastAnswerMs = this.#clock.now();
        this.#journal(rendition).refuse(number, error);
    }
  }

  /** The worker expects an earlier step than the one it got. */
  #goBack(rendition: string, expected: number, got: number): void {
    const journal = this.#journal(rendition);
    // It had that one: it was terminated since, and other renditions lack steps too.
    if (expected < journal.first || journal.get(expected)?.acknowledged === true) void this.#reopen();
    // A message was lost: everything from the one that is expected goes out again.
    else this.#resend(rendition, expected, got);
  }

  /** Sends what is not acknowledged. */
  #resend(rendition: string, first: number, through = Number.POSITIVE_INFINITY): void {
    for (const [number, entry] of this.#journal(rendition).from(first)) {
      if (number <= through && !entry.acknowledged) this.#send(rendition, number, entry.step);
    }
  }

  #kept({ stream, epoch, session, expected }: Kept): void {
    if (stream !== this.name || epoch !== this.#epoch || session !== this.#session) return;
    this.#disk.kept();
    for (const { rendition, number } of expected) {
      const journal = this.#journals.get(rendition);
      journal?.persistIn("disk");
      journal?.keep(number);
    }
  }

  /** Looks after what is not acknowledged for as long as there is any. */
  #watch(): void {
    if (this.#cancelResend !== undefined) return;
    this.#cancelResend = this.#clock.after(RESEND_AFTER_MS, () => {
      this.#cancelResend = undefined;
      if (this.#closed !== undefined || this.pending === 0) return;
      const silentMs = this.#clock.now() - this.#lastAnswerMs;
      if (silentMs > LOST_AFTER_MS) {
        this.close(
          new RelayError(
            "worker-unreachable",
            `"${this.name}": the worker acknowledged nothing for ${Math.round(silentMs)} ms`,
          ),
        );
        return;
      }
      if (silentMs >= RESEND_AFTER_MS && this.#opening === undefined) {
        for (const id of this.#journals.keys()) this.#resend(id, 0);
      }
      this.#watch();
    });
  }

  /** Opens once more; many steps may find out at the same time that the worker is a new one. */
  async #reopen(): Promise<void> {
    try {
      await this.#open();
    } catch (thrown) {
      const error = RelayError.from(thrown);
      // A worker that is slow to start is asked again by the next step that finds it empty.
      if (error.code !== "worker-unreachable") this.close(error);
    }
  }

  #open(signal?: AbortSignal): Promise<void> {
    this.#opening ??= this.#openOnce(signal).finally(() => {
      this.#opening = undefined;
      if (this.#closed === undefined) this.#watch();
    });
    return this.#opening;
  }

  async #openOnce(signal?: AbortSignal): Promise<void> {
    const session = this.#session + 1;
    const answer = await this.#link.ask(
      {
        type: "open",
        stream: this.name,
        epoch: this.#epoch,
        session,
        options: this.#options,
        starts: [...this.#journals.values()].map((journal) => journal.start),
        ...(this.#key === undefined ? {} : { key: this.#key }),
      },
      signal === undefined ? {} : { signal },
    );
    if (answer.session === session) {
      // It knows nothing of us: numbers start again, with what the journal holds.
      if (this.#session > 0) this.#reopened += 1;
      this.#session = session;
      for (const start of answer.starts) this.#journals.get(start.id)?.startAt(start);
      for (const journal of this.#journals.values()) journal.restart();
    } else if (answer.expected.some(({ rendition, number }) => number < (this.#journals.get(rendition)?.first ?? 0))) {
      // It lacks what nobody has any more: by this number it learns that its session is over.
      this.#session += 1;
      return this.#openOnce(signal);
    }
    for (const { rendition, number } of answer.expected) {
      const journal = this.#journals.get(rendition);
      journal?.persistIn(answer.persistence);
      if (journal !== undefined && answer.session !== session) journal.keep(keptOf(answer, rendition));
      // What it acknowledged and had not on disk is lost with the worker that had it, and goes out again too.
      for (const [at, { step }] of journal?.from(number) ?? []) this.#send(rendition, at, step);
    }
  }

  /** Resolves when everything is acknowledged, refused or given up. */
  async #drained(): Promise<void> {
    const waiting: Promise<unknown>[] = [];
    for (const journal of this.#journals.values()) {
      for (const [, entry] of journal.from(0)) {
        if (entry.acknowledged) continue;
        const { settle } = entry;
        waiting.push(
          new Promise<void>((resolve) => {
            entry.settle = (answer, error) => {
              settle(answer, error);
              resolve();
            };
          }),
        );
      }
    }
    await Promise.all(waiting);
  }
}

function keptOf({ kept }: OpenAnswer, rendition: string): number {
  return kept.find((one) => one.rendition === rendition)?.number ?? 0;
}
