import { type AddedPart, type Playlists, RelayError, type Rendition, type Stream } from "eddy-hls/core";
import type { Ask, OpenAnswer, StepAnswer } from "../src/wire/messages.ts";

type Open = Extract<Ask, { type: "open" }>;
type StepAsk = Extract<Ask, { type: "step" }>;

/** Who sends a stream, and how far each of its renditions has come. */
interface Producer {
  readonly epoch: string;
  readonly session: number;
  clientId: string;
  /** The number of the step that is expected next, by rendition. */
  readonly expected: Map<string, number>;
}

export interface IngestOptions {
  /** Whether the page with this client id is still there. */
  readonly clientExists: (clientId: string) => Promise<boolean>;
  /** A producer that is silent for longer may be replaced although its page is open. Default 10,000. */
  readonly producerTimeoutMs?: number;
}

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
  readonly #producerTimeoutMs: number;
  readonly #producers = new Map<string, Producer>();

  constructor(playlists: Playlists, options: IngestOptions) {
    this.#playlists = playlists;
    this.#clientExists = options.clientExists;
    this.#producerTimeoutMs = options.producerTimeoutMs ?? 10_000;
  }

  /**
   * Opens a stream for a producer, or finds the one that it opened before.
   * @throws RelayError `stream-exists` while another producer is live, `stream-limit`, `invalid-option`
   */
  async open(ask: Open, clientId: string): Promise<OpenAnswer> {
    const known = this.#producers.get(ask.stream);
    const stream = this.#playlists.find(ask.stream);
    if (stream !== undefined && known?.epoch === ask.epoch) {
      known.clientId = clientId;
      return answerOpen(known, stream);
    }
    if (stream !== undefined && known !== undefined && !stream.ended && (await this.#isLive(stream, known))) {
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
      clientId,
      expected: new Map(ask.options.renditions.map(({ id }) => [id, 0])),
    };
    this.#producers.set(ask.stream, producer);
    this.#forgetRemoved();
    return answerOpen(producer, opened);
  }

  /**
   * Applies one step, if it is the one that is expected. One that is refused for what it holds is done with, too: the
   * next one is expected.
   * @throws RelayError `stream-not-found` when this worker does not know the session, `out-of-order`, and what the media is
   * refused for
   */
  step(ask: StepAsk): StepAnswer {
    const producer = this.#producers.get(ask.stream);
    const stream = this.#playlists.find(ask.stream);
    if (stream?.epoch !== ask.epoch || producer?.epoch !== ask.epoch || producer.session !== ask.session) {
      throw new RelayError("stream-not-found", `this worker does not hold "${ask.stream}" of session ${ask.session}`);
    }
    const rendition = stream.rendition(ask.rendition);
    const expected = producer.expected.get(ask.rendition) ?? 0;
    if (ask.number < expected) return lastOf(rendition);
    if (ask.number > expected) throw new OutOfOrderError(expected, ask.number);
    producer.expected.set(ask.rendition, expected + 1);
    try {
      return apply(stream, rendition, ask);
    } catch (thrown) {
      const error = RelayError.from(thrown);
      rendition.refuse(error);
      throw error;
    }
  }

  /** Ends a stream; one that is not there any more has ended. */
  end(name: string, epoch: string): void {
    const stream = this.#playlists.find(name);
    if (stream?.epoch === epoch) stream.end();
  }

  remove(name: string): boolean {
    this.#producers.delete(name);
    return this.#playlists.remove(name);
  }

  async #isLive(stream: Stream, producer: Producer): Promise<boolean> {
    const { idleMs } = stream;
    if (idleMs !== undefined && idleMs > this.#producerTimeoutMs) return false;
    return this.#clientExists(producer.clientId);
  }

  /** Streams that gave up their place leave nothing behind here. */
  #forgetRemoved(): void {
    for (const name of this.#producers.keys()) {
      if (this.#playlists.find(name) === undefined) this.#producers.delete(name);
    }
  }
}

function answerOpen(producer: Producer, stream: Stream): OpenAnswer {
  return {
    session: producer.session,
    expected: [...producer.expected].map(([rendition, number]) => ({ rendition, number })),
    starts: [...stream.renditions].map(([id, { next }]) => ({ id, ...next })),
  };
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
      stream.received(step.bytes.byteLength);
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
  }
}

function answerPart(rendition: Rendition, added: AddedPart): StepAnswer {
  const { position, segmentStart } = added;
  if (segmentStart === undefined) return { position };
  return { position, segmentStart: { id: rendition.options.id, ...segmentStart } };
}
