import type { PartNotes, Persistence, Playlists } from "eddy-hls/core";
import type { DiagnosticAnswers, DiagnosticAsk } from "../src/wire/diagnostics.ts";
import type { FaultEnvelope } from "../src/wire/messages.ts";
import type { AskReaders } from "../src/wire/read-ask.ts";
import type { Ingest } from "./ingest.ts";
import type { LoadedRelay, MakeRelay } from "./load-relay.ts";

/**
 * What `dvr()` returns. A Service Worker loads nothing later on, so what a worker may do beyond serving what is live is passed in, and one
 * that is not given it does not carry its code.
 */
export interface Dvr {
  /** Tells it apart from its options. */
  readonly kind: "dvr";
  /**
   * Opens what is kept on disk of the relay under `base`, a database of each base, and makes a relay that goes on from it.
   * @internal
   */
  open<T extends LoadedRelay>(base: string, make: MakeRelay<T>): Promise<T>;
  /** @internal */
  readonly read: AskReaders["storage"];
}

/** What `diagnostics()` returns. */
export interface RelayDiagnostics {
  /** Tells it apart from its options. */
  readonly kind: "diagnostics";
  /** @internal */
  readonly read: AskReaders["diagnostic"];
  /**
   * See `PlaylistsContext.notes`.
   * @internal
   */
  notes(capacity: number): PartNotes;
  /** @internal */
  watch(context: DiagnosticsContext): RelayWatch;
}

export interface DiagnosticsContext {
  readonly base: string;
  /** Those that answer now. */
  readonly playlists: () => Playlists;
  readonly ingest: () => Ingest;
  /** Puts a relay that knows nothing in the place of this one. Returns where what was in it is kept. */
  readonly startAnew: () => Persistence;
  /** Tells a page something that it has not asked. False where it is gone. */
  readonly tell: (clientId: string, envelope: FaultEnvelope) => Promise<boolean>;
}

/** Looks into one relay. */
export interface RelayWatch {
  /** The answer in whose place this is given is written down while somebody looks. */
  follow(request: Request, answer: Promise<Response>): Promise<Response>;
  /** @throws RelayError `stream-not-found`, `rendition-not-found` */
  answer(ask: DiagnosticAsk): Promise<DiagnosticAnswers[DiagnosticAsk["type"]]>;
  /** What of an answer can be large, and is handed over. */
  transfersOf(ask: DiagnosticAsk, answer: unknown): ArrayBuffer[];
}
