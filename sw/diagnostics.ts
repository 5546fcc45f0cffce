import { inspectStream, PartNotes, RelayError, RequestRecorder, systemClock } from "eddy-hls/core";
import { type DiagnosticAnswers, type DiagnosticAsk, readDiagnostic } from "../src/wire/diagnostics.ts";
import { WIRE_VERSION } from "../src/wire/messages.ts";
import type { DiagnosticsContext, RelayDiagnostics, RelayWatch } from "./features.ts";

/**
 * Lets the site's pages look into the relay and break it on purpose: `relay.diagnostics`. Nothing is recorded while no page looks.
 * @example
 * ```ts
 * serveRelay(self, { diagnostics: diagnostics() });
 * ```
 */
export function diagnostics(): RelayDiagnostics {
  return {
    kind: "diagnostics",
    read: readDiagnostic,
    notes: (capacity) => new PartNotes(capacity),
    watch: (context) => new Diagnostics(context),
  };
}

class Diagnostics implements RelayWatch {
  readonly #context: DiagnosticsContext;
  #recorder: RequestRecorder;

  constructor(context: DiagnosticsContext) {
    this.#context = context;
    this.#recorder = this.#newRecorder();
  }

  follow(request: Request, answer: Promise<Response>): Promise<Response> {
    return this.#recorder.follow(request, answer);
  }

  async answer(ask: DiagnosticAsk): Promise<DiagnosticAnswers[DiagnosticAsk["type"]]> {
    const playlists = this.#context.playlists();
    switch (ask.type) {
      case "inspect": {
        const streams = ask.stream === undefined ? [...playlists.streams] : [playlists.get(ask.stream)];
        return streams.map((stream) => inspectStream(stream, ask.newest));
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

  /** What can be large is handed over, and not copied. */
  transfersOf(ask: DiagnosticAsk, answer: unknown): ArrayBuffer[] {
    if (ask.type !== "inspect") return [];
    return (answer as DiagnosticAnswers["inspect"]).flatMap(({ renditions }) =>
      renditions.flatMap(({ slots: { msns, parts, durationsMs, sizesBytes, takenAtMs, flags, sources } }) =>
        [msns, parts, durationsMs, sizesBytes, takenAtMs, flags, sources].map(({ buffer }) => buffer as ArrayBuffer),
      ),
    );
  }
}
