import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import type { StreamConfig, StreamOptions } from "../model/options.ts";
import { AskError, type Kept, type OpenAnswer, type Step, type StepAnswer } from "../wire/messages.ts";
import { readStep } from "../wire/read-step.ts";
import { DiskWatch } from "./disk-watch.ts";
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

export interface StepDeliveryContext {
  readonly name: string;
  /** As the publisher was given them, for a worker that knows nothing of the stream; and complete. */
  readonly options: StreamOptions;
  readonly config: StreamConfig;
  readonly epoch: string;
  /** A page that names this may take the stream over. */
  readonly key: string | undefined;
  readonly link: WorkerLink;
  readonly clock: Clock;
  /** The worker has it; each is told once, in order. */
  taken(rendition: string, step: Step, answer: StepAnswer): void;
  /** Nothing more can be delivered. */
  failed(error: RelayError): void;
}

/** Brings the steps of one stream to the worker, whichever serves, in the order in which they were given: what `Publisher` promises. */
export class StepDelivery {
  readonly #context: StepDeliveryContext;
  readonly #journals = new Map<string, StepJournal>();
  readonly #disk: DiskWatch;
  readonly #unlisten: () => void;
  #session = 0;
  #opening: Promise<void> | undefined;
  #cancelResend: (() => void) | undefined;
  #lastAnswerMs: number;
  #closed: RelayError | undefined;
  #reopened = 0;

  constructor(context: StepDeliveryContext) {
    this.#context = context;
    const { link, clock, config } = context;
    this.#lastAnswerMs = clock.now();
    this.#disk = new DiskWatch({ clock, journals: this.#journals, ask: () => void this.reopen() });
    this.#unlisten = link.onKept((kept) => this.#kept(kept));
    // A playlist needs three target durations to be worth joining (rule 30).
    const keepMs = 3 * config.targetDurationMs;
    for (const { id } of config.renditions) this.#journals.set(id, new StepJournal(id, keepMs));
  }

  /** Ids of the renditions. */
  get renditions(): readonly string[] {
    return [...this.#journals.keys()];
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

  /** Goes on in a session that another page has left. */
  follow({ session, expected, starts, persistence }: OpenAnswer): void {
    this.#session = session;
    for (const { rendition, number } of expected) {
      const journal = this.#journals.get(rendition);
      const start = starts.find(({ id }) => id === rendition);
      if (journal === undefined || start === undefined) continue;
      journal.follow(number, start);
      journal.persistIn(persistence);
    }
  }

  /** The init segment that such a session is in, so that a worker that forgets all of it can be told. */
  rememberInit(rendition: string, bytes: Bytes): void {
    this.#journal(rendition).rememberInit(bytes);
  }

  /**
   * Opens the stream, or goes on in it: the worker says what it has, and is sent what it has not.
   * @throws RelayError as the worker says: `stream-exists`, `stream-limit`, `invalid-option`
   */
  open(signal?: AbortSignal): Promise<void> {
    this.#opening ??= this.#openOnce(signal).finally(() => {
      this.#opening = undefined;
      if (this.#closed === undefined) this.#watch();
    });
    return this.#opening;
  }

  /** Opens once more; many steps may find out at the same time that the worker is a new one. */
  async reopen(): Promise<void> {
    try {
      await this.open();
    } catch (thrown) {
      const error = RelayError.from(thrown);
      // A worker that is slow to start is asked again by the next step that finds it empty.
      if (error.code !== "worker-unreachable") this.#context.failed(error);
    }
  }

  /**
   * Resolves when the worker has taken it, and its disk is not too far behind.
   * @throws RelayError as the worker says, or `worker-unreachable` where too many are on their way
   */
  async step(rendition: string, step: Step): Promise<StepAnswer> {
    if (this.#closed !== undefined) throw this.#closed;
    // Before it has a number: one that the worker cannot read would hold up all that follow.
    readStep(step);
    const journal = this.#journal(rendition);
    const unsettled = journal.pending + journal.heldBack;
    if (unsettled >= MAX_PENDING_STEPS || journal.pendingBytes >= MAX_PENDING_BYTES) {
      throw new RelayError(
        "worker-unreachable",
        `"${this.#context.name}": expected at most ${MAX_PENDING_STEPS} steps on their way: wait for part() before the next`,
      );
    }
    if (this.pending === 0) this.#lastAnswerMs = this.#context.clock.now();
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

  /** Resolves when everything is acknowledged, refused or given up. */
  async drained(): Promise<void> {
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

  /** Ends the stream. @throws RelayError `out-of-order` where the worker lacks a step */
  async end(): Promise<void> {
    const { link, name: stream, epoch } = this.#context;
    const expected = [...this.#journals].map(([rendition, { next }]) => ({ rendition, number: next }));
    await link.ask({ type: "end", stream, epoch, session: this.#session, expected });
  }

  /** What is not acknowledged is rejected with that. */
  close(error: RelayError): void {
    this.#closed = error;
    this.#cancelResend?.();
    this.#disk.close();
    this.#unlisten();
    for (const journal of this.#journals.values()) journal.fail(error);
  }

  #journal(rendition: string): StepJournal {
    const journal = this.#journals.get(rendition);
    if (journal !== undefined) return journal;
    const known = this.renditions.join(", ");
    throw new RelayError(
      "rendition-not-found",
      `"${this.#context.name}" has the renditions ${known}: got "${rendition}"`,
    );
  }

  #send(rendition: string, number: number, step: Step): void {
    const { link, clock, name: stream, epoch } = this.#context;
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
    link
      .ask(
        { type: "step", stream, epoch, session, rendition, number, step: sent },
        { transfer, deadlineMs: RESEND_AFTER_MS },
      )
      .then(
        (answer) => {
          if (session !== this.#session) return;
          this.#lastAnswerMs = clock.now();
          const step = this.#journal(rendition).acknowledge(number, answer);
          if (step !== undefined) this.#context.taken(rendition, step, answer);
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
        void this.reopen();
        return;
      case "stream-exists": // taken over
        this.#context.failed(error);
        return;
      case "out-of-order":
        if (error instanceof AskError && error.expected !== undefined) this.#goBack(rendition, error.expected, number);
        return;
      default:
        this.#lastAnswerMs = this.#context.clock.now();
        this.#journal(rendition).refuse(number, error);
    }
  }

  /** The worker expects an earlier step than the one it got. */
  #goBack(rendition: string, expected: number, got: number): void {
    const journal = this.#journal(rendition);
    // It had that one: it was terminated since, and other renditions lack steps too.
    if (expected < journal.first || journal.get(expected)?.acknowledged === true) void this.reopen();
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
    if (stream !== this.#context.name || epoch !== this.#context.epoch || session !== this.#session) return;
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
    const { name, clock } = this.#context;
    this.#cancelResend = clock.after(RESEND_AFTER_MS, () => {
      this.#cancelResend = undefined;
      if (this.#closed !== undefined || this.pending === 0) return;
      const silentMs = clock.now() - this.#lastAnswerMs;
      if (silentMs > LOST_AFTER_MS) {
        const message = `"${name}": the worker acknowledged nothing for ${Math.round(silentMs)} ms`;
        this.#context.failed(new RelayError("worker-unreachable", message));
        return;
      }
      if (silentMs >= RESEND_AFTER_MS && this.#opening === undefined) {
        for (const id of this.#journals.keys()) this.#resend(id, 0);
      }
      this.#watch();
    });
  }

  async #openOnce(signal?: AbortSignal): Promise<void> {
    const { link, name: stream, epoch, options, key } = this.#context;
    const session = this.#session + 1;
    const starts = [...this.#journals.values()].map((journal) => journal.start);
    const answer = await link.ask(
      { type: "open", stream, epoch, session, options, starts, ...(key === undefined ? {} : { key }) },
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
}

function keptOf({ kept }: OpenAnswer, rendition: string): number {
  return kept.find((one) => one.rendition === rendition)?.number ?? 0;
}
