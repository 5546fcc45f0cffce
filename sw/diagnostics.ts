import { type Playlists, RelayError, RequestRecorder, systemClock } from "eddy-hls/core";
import type { DiagnosticAnswers, DiagnosticAsk } from "../src/wire/diagnostics.ts";
import { type FaultEnvelope, WIRE_VERSION } from "../src/wire/messages.ts";
import type { Ingest } from "./ingest.ts";

export interface DiagnosticsContext {
  readonly base: string;
  /** Those that answer now. */
  readonly playlists: () => Playlists;
  readonly ingest: () => Ingest;
  /** Puts a relay that knows nothing in the place of this one. Returns where what was in it is kept. */
  readonly startAnew: () => "memory" | "disk";
  /** Tells a page something that it has not asked. False where it is gone. */
  readonly tell: (clientId: string, envelope: FaultEnvelope) => Promise<boolean>;
}

/** Lets pages look into the relay of a worker, and break it, where the site allows that. */
export class Diagnostics {
  readonly #context: DiagnosticsContext;
  #recorder: RequestRecorder;

  constructor(context: DiagnosticsContext) {
    this.#context = context;
    this.#recorder = this.#newRecorder();
  }

  /** The answer in whose place this is given is written down while somebody looks. */
  follow(request: Request, answer: Promise<Response>): Promise<Response> {
    return this.#recorder.follow(request, answer);
  }

  /** @throws RelayError `stream-not-found`, `rendition-not-found` */
  async answer(ask: DiagnosticAsk): Promise<DiagnosticAnswers[DiagnosticAsk["type"]]> {
    const playlists = this.#context.playlists();
    switch (ask.type) {
      case "inspect": {
        const streams = ask.stream === undefined ? [...playlists.streams] : [playlists.get(ask.stream)];
        return streams.map((stream) => stream.inspect(ask.newest));
      }
      case "trace":
        return this.#recorder.trace(ask.cursor, ask.worker);
      case "hash": {
        const hash = playlists.get(ask.stream).rendition(ask.rendition).hashOf(ask.id);
        return hash === undefined ? {} : { hash: hash.toString(16).padStart(16, "0") };
      }
      case "restart":
        return this.#restart();
      case "fault": {
        const { stream, fault } = ask;
        const { clientId, epoch } = this.#context.ingest().producerOf(stream);
        if (await this.#context.tell(clientId, { eddy: WIRE_VERSION, fault: { stream, epoch, fault } })) return {};
        throw new RelayError("stream-not-found", `the page that fed "${stream}" is gone`);
      }
    }
  }

  #restart(): DiagnosticAnswers["restart"] {
    const { streams, sizeBytes } = this.#context.playlists().stats;
    const brokenOff = this.#recorder.cut(new RelayError("closed", "the worker's relay was restarted"));
    // Answers that nobody wrote down cannot be broken off: they say what there is.
    this.#context.playlists().drain();
    const persistence = this.#context.startAnew();
    this.#recorder = this.#newRecorder();
    return { streams: streams.length, droppedBytes: sizeBytes, brokenOff, persistence };
  }

  #newRecorder(): RequestRecorder {
    const { base, playlists } = this.#context;
    return new RequestRecorder({ clock: systemClock, base, worker: crypto.randomUUID(), playlists });
  }
}

/** What can be large is handed over, and not copied. */
export function transfersOf(ask: DiagnosticAsk, answer: unknown): ArrayBuffer[] {
  if (ask.type !== "inspect") return [];
  return (answer as DiagnosticAnswers["inspect"]).flatMap(({ renditions }) =>
    renditions.flatMap(({ slots: { msns, parts, durationsMs, sizesBytes, takenAtMs, flags, sources } }) =>
      [msns, parts, durationsMs, sizesBytes, takenAtMs, flags, sources].map(({ buffer }) => buffer),
    ),
  );
}
