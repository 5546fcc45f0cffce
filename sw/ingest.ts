import {
  type AddedPart,
  type Playlists,
  RelayError,
  type Rendition,
  resolveStreamOptions,
  type Stream,
} from "eddy-hls/core";
import type { Ask, Kept, OpenAnswer, StepAnswer, StepNumber, TakeOverAnswer } from "../src/wire/messages.ts";

type Open = Extract<Ask, { type: "open" }>;
type StepAsk = Extract<Ask, { type: "step" }>;
type TakeOver = Extract<Ask, { type: "takeOver" }>;

/** Who sends a stream, and how far each of its renditions has come. */
interface Producer {
  readonly epoch: string;
  readonly session: number;
  /** Who names it may take over. */
  readonly key?: string;
  /** Undefined after a restart, until its page is heard. */
  clientId?: string;
  /** The page that was heard last before the restart: asked whether it is there, and nothing else. */
  readonly formerClientId?: string;
  /** The number of the step that is expected next, by rendition. */
  readonly expected: Map<string, number>;
  /** What it last noted, by rendition. */
  readonly marks: Map<string, string>;
  /** Every step below these is on disk. */
  kept: ReadonlyMap<string, number>;
}

/** A producer as it is found on disk. */
export interface StoredProducer {
  readonly epoch: string;
  readonly session: number;
  readonly expected: Readonly<Record<string, number>>;
  readonly key?: string;
  readonly marks?: Readonly<Record<string, string>>;
  /** Its page, as the browser names it for as long as it is open. */
  readonly clientId?: string;
}

/** How far a producer has come in one rendition. */
export interface ReachedStep {
  readonly epoch: string;
  readonly session: number;
  readonly expected: number;
  readonly key?: string;
  readonly mark?: string;
  readonly clientId: string;
}

/** What keeps streams on disk, as far as their producers are concerned. */
export interface ProducerStore {
  /** False once it has failed for good. */
  readonly available: boolean;
  /** The parts that were taken so far bring the rendition to this step: once they are on disk, it need not be sent again. */
  reached(stream: string, rendition: string, at: ReachedStep): void;
  /** Resolves when all that was handed over is on disk, or has failed. @throws RelayError `deadline` */
  flush(): Promise<void>;
  /** As `flush()`, but resolves at its deadline too: what was asked for has happened either way. */
  settle(): Promise<void>;
}

export interface IngestOptions {
  /** Whether the page with this client id is still there. */
  readonly clientExists: (clientId: string) => Promise<boolean>;
  /** Tells a producer's page what is on disk. */
  readonly tellKept?: (clientId: string, kept: Kept) => void;
  /** Default none: all of it is in memory. */
  readonly store?: ProducerStore;
  /** A producer that is silent for longer may be replaced although its page is open. Default 10,000. */
  readonly producerTimeoutMs?: number;
  /** A stream whose producer is silent for longer ends. Default 600,000. */
  readonly endAfterMs?: number;
}

/** Of a producer whose page is not known, as older workers left it: a live one sends a step by then. */
const UNKNOWN_PRODUCER_MS = 2_000;

/** A step that came too early: the producer goes back to the one that is expected. */
export class OutOfOrderError extends RelayError {
  readonly expected: number;

  constructor(expected: number, got: number) {
    super("out-of-order", `expected step ${expected}, got ${got}`);
    this.expected = expected;
  }
}

/** Takes what producer pages send, each step once and in order, and refuses what is wrong without losing the rest. */
export class Ingest {
  readonly #playlists: Playlists;
  readonly #clientExists: (clientId: string) => Promise<boolean>;
  readonly #tellKept: NonNullable<IngestOptions["tellKept"]>;
  readonly #store: ProducerStore | undefined;
  readonly #producerTimeoutMs: number;
  readonly #endAfterMs: number;
  readonly #producers = new Map<string, Producer>();

  constructor(playlists: Playlists, options: IngestOptions) {
    this.#playlists = playlists;
    this.#clientExists = options.clientExists;
    this.#tellKept = options.tellKept ?? (() => undefined);
    this.#store = options.store;
    this.#producerTimeoutMs = options.producerTimeoutMs ?? 10_000;
    this.#endAfterMs = options.endAfterMs ?? 600_000;
  }

  /** Takes up a producer of a stream that was restored: it goes on with the step behind the last that is on disk. */
  restore(stream: string, { epoch, session, expected, key, marks = {}, clientId }: StoredProducer): void {
    const kept = new Map(Object.entries(expected));
    this.#producers.set(stream, {
      epoch,
      session,
      ...(key === undefined ? {} : { key }),
      ...(clientId === undefined ? {} : { formerClientId: clientId }),
      expected: new Map(kept),
      marks: new Map(Object.entries(marks)),
      kept,
    });
  }

  /** Every step below these numbers is on disk: the producer's page hears so, if it is still in that session. */
  kept(stream: string, epoch: string, session: number, numbers: ReadonlyMap<string, number>): void {
    const producer = this.#producers.get(stream);
    if (producer?.epoch !== epoch || producer.session !== session) return;
    producer.kept = numbers;
    if (producer.clientId === undefined) return;
    this.#tellKept(producer.clientId, { stream, epoch, session, expected: stepNumbers(numbers) });
  }

  /**
   * Ends the streams whose producers have stayed away for too long. Asked whenever the worker has something to do: a timer would
   * keep it alive.
   */
  endAbandoned(): void {
    for (const stream of this.#playlists.streams) {
      if (!stream.ended && stream.silentMs > this.#endAfterMs) stream.end();
    }
  }

  /**
   * Opens a stream for a producer, or finds the one that it opened before.
   * @throws RelayError `stream-exists` while another producer is live, `stream-limit`, `invalid-option`
   */
  async open(ask: Open, clientId: string): Promise<OpenAnswer> {
    const known = this.#producers.get(ask.stream);
    const stream = this.#playlists.find(ask.stream);
    if (stream !== undefined && known?.epoch === ask.epoch) {
      if (known.session === ask.session || known.session === ask.session - 1) {
        known.clientId = clientId;
        return this.#answerOpen(known, stream);
      }
      // A worker without a disk went on with what is found here, or the page has no more of what is missing.
      this.#playlists.remove(ask.stream);
    }
    // A page that holds the same key is the same producer, whose source has changed.
    const isOurs = ask.key !== undefined && known?.key === ask.key;
    if (
      stream !== undefined &&
      known !== undefined &&
      !stream.ended &&
      !isOurs &&
      (await this.#isLive(stream, known))
    ) {
      throw new RelayError("stream-exists", `"${ask.stream}" is being published by another page: end it there first`);
    }
    // While we asked, another page may have been faster.
    if (this.#producers.get(ask.stream) !== known) return this.open(ask, clientId);
    const opened = this.#playlists.open(ask.stream, {
      options: ask.options,
      epoch: ask.epoch,
      starts: new Map(ask.starts.map((start) => [start.id, start])),
    });
    const producer: Producer = {
      epoch: ask.epoch,
      session: ask.session,
      ...(ask.key === undefined ? {} : { key: ask.key }),
      clientId,
      expected: new Map(ask.options.renditions.map(({ id }) => [id, 0])),
      marks: new Map(),
      kept: new Map(),
    };
    this.#producers.set(ask.stream, producer);
    this.#forgetRemoved();
    return this.#answerOpen(producer, opened);
  }

  /** Gives the session of a page that has left to another page with its key. Nothing changes where there is none to give. */
  takeOver({ stream: name, key, options }: TakeOver, clientId: string): TakeOverAnswer {
    const producer = this.#producers.get(name);
    const stream = this.#playlists.find(name);
    if (stream === undefined || producer === undefined || producer.key !== key || stream.epoch !== producer.epoch)
      return {};
    const { config } = stream;
    // How short a segment may be is no part of a playlist, and what is read off an origin's varies.
    if (!stream.canResume({ ...resolveStreamOptions(options), segmentMinMs: config.segmentMinMs })) return {};
    producer.clientId = clientId;
    const marks = [...producer.marks].map(([rendition, mark]) => ({ rendition, mark }));
    return { session: { ...this.#answerOpen(producer, stream), epoch: producer.epoch, marks, options: config } };
  }

  /**
   * Applies one step, if it is the one that is expected. One that is refused for what it holds is done with, too: the
   * next one is expected.
   * @throws RelayError `stream-not-found` when this worker does not know the session, `stream-exists` when another page has taken it
   * over, `out-of-order`, and what the media is refused for
   */
  step(ask: StepAsk, clientId: string): StepAnswer {
    const producer = this.#producers.get(ask.stream);
    const stream = this.#playlists.find(ask.stream);
    if (stream?.epoch !== ask.epoch || producer?.epoch !== ask.epoch || producer.session !== ask.session) {
      throw new RelayError("stream-not-found", `this worker does not hold "${ask.stream}" of session ${ask.session}`);
    }
    if (producer.key !== undefined && producer.clientId !== undefined && producer.clientId !== clientId) {
      throw new RelayError("stream-exists", `"${ask.stream}" was taken over by another page`);
    }
    // After a restart that lost nothing there is no reason for the page to open again.
    producer.clientId = clientId;
    const rendition = stream.rendition(ask.rendition);
    const expected = producer.expected.get(ask.rendition) ?? 0;
    if (ask.number < expected) return lastOf(rendition);
    if (ask.number > expected) throw new OutOfOrderError(expected, ask.number);
    producer.expected.set(ask.rendition, expected + 1);
    try {
      const answer = apply(stream, rendition, ask);
      // What comes between parts is pending until the next one, and is sent again if the worker is gone by then.
      if (ask.step.kind === "part" || ask.step.kind === "gap") {
        const { epoch, session, key } = producer;
        const { mark } = ask.step;
        if (mark !== undefined) producer.marks.set(ask.rendition, mark);
        this.#store?.reached(ask.stream, ask.rendition, {
          epoch,
          session,
          expected: expected + 1,
          ...(key === undefined ? {} : { key }),
          ...(mark === undefined ? {} : { mark }),
          clientId,
        });
      }
      return answer;
    } catch (thrown) {
      const error = RelayError.from(thrown);
      rendition.refuse(error);
      throw error;
    }
  }

  /**
   * Ends a stream; one that is not there any more has ended. Resolves when the disk has all of it, or has failed.
   * @throws RelayError `out-of-order` while steps are missing that the producer has sent
   */
  async end({ stream: name, epoch, session, expected }: Extract<Ask, { type: "end" }>): Promise<void> {
    const stream = this.#playlists.find(name);
    if (stream?.epoch !== epoch) return;
    const producer = this.#producers.get(name);
    if (producer?.session !== session)
      throw new RelayError("out-of-order", `"${name}" is in session ${producer?.session}, got the end of ${session}`);
    for (const { rendition, number } of expected) {
      const reached = producer.expected.get(rendition) ?? 0;
      if (number > reached) throw new OutOfOrderError(reached, number);
    }
    stream.end();
    await this.#store?.settle();
  }

  /**
   * The page that feeds a stream, and the epoch it does so in.
   * @throws RelayError `stream-not-found` where nobody does, or a worker that began anew has not heard of it yet
   */
  producerOf(name: string): { readonly clientId: string; readonly epoch: string } {
    const producer = this.#producers.get(name);
    const { clientId, epoch } = producer ?? {};
    const stream = this.#playlists.find(name);
    if (stream === undefined || stream.ended || clientId === undefined || epoch === undefined)
      throw new RelayError("stream-not-found", `no page of this browser feeds "${name}" now`);
    return { clientId, epoch };
  }

  /** Forgets a stream at once, and resolves when the disk has, too: it would come back with the next worker otherwise. */
  async remove(name: string): Promise<boolean> {
    this.#producers.delete(name);
    const removed = this.#playlists.remove(name);
    if (removed) await this.#store?.flush();
    return removed;
  }

  async #isLive(stream: Stream, { formerClientId, clientId = formerClientId }: Producer): Promise<boolean> {
    const { idleMs } = stream;
    if (idleMs !== undefined && idleMs > this.#producerTimeoutMs) return false;
    if (clientId === undefined) return stream.silentMs < UNKNOWN_PRODUCER_MS;
    return this.#clientExists(clientId);
  }

  #answerOpen(producer: Producer, stream: Stream): OpenAnswer {
    return {
      session: producer.session,
      expected: [...stream.renditions.keys()].map((rendition) => ({
        rendition,
        number: producer.expected.get(rendition) ?? 0,
      })),
      starts: [...stream.renditions].map(([id, { next }]) => ({ id, ...next })),
      persistence: this.#store?.available === true ? "disk" : "memory",
      kept: stepNumbers(producer.kept),
    };
  }

  /** Streams that gave up their place leave nothing behind here. */
  #forgetRemoved(): void {
    for (const name of this.#producers.keys()) {
      if (this.#playlists.find(name) === undefined) this.#producers.delete(name);
    }
  }
}

function stepNumbers(numbers: ReadonlyMap<string, number>): readonly StepNumber[] {
  return [...numbers].map(([rendition, number]) => ({ rendition, number }));
}

function lastOf(rendition: Rendition): StepAnswer {
  const { position } = rendition;
  return position === undefined ? {} : { position };
}

function apply(stream: Stream, rendition: Rendition, { step }: StepAsk): StepAnswer {
  switch (step.kind) {
    case "init":
      rendition.setInit(step.bytes);
      return {};
    case "part":
      stream.received(step.bytes.byteLength, step.source);
      return answerPart(rendition, rendition.addPart(step));
    case "gap":
      return answerPart(rendition, rendition.addGap(step.durationMs));
    case "discontinuity":
      rendition.discontinuity();
      return {};
    case "key":
      rendition.setKeys(step.keys);
      return {};
    case "dateRange":
      rendition.addDateRange(step.range);
      return {};
    case "none":
      return {};
  }
}

function answerPart(rendition: Rendition, added: AddedPart): StepAnswer {
  const { position, segmentStart } = added;
  if (segmentStart === undefined) return { position };
  return { position, segmentStart: { id: rendition.options.id, ...segmentStart } };
}
