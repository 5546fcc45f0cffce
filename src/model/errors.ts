/** What can go wrong, as codes a caller can branch on. Only the HTTP layer knows status codes. */
export type RelayErrorCode =
  // names and options
  | "invalid-name"
  | "invalid-option"
  // streams
  | "stream-not-found"
  | "rendition-not-found"
  | "stream-exists"
  | "stream-limit"
  | "stream-ended"
  // ingest
  | "malformed-init"
  | "malformed-part"
  | "track-mismatch"
  | "init-missing"
  | "part-too-long"
  | "part-too-large"
  | "timeline-jump"
  | "out-of-order"
  | "conflict"
  // requests
  | "malformed-path"
  | "malformed-directive"
  | "reload-without-msn"
  | "reload-too-far-ahead"
  | "range-not-satisfiable"
  | "method-not-allowed"
  | "media-not-found"
  | "waiter-limit"
  | "deadline"
  // page and worker
  | "unsupported-browser"
  | "page-not-controlled"
  | "version-mismatch"
  | "malformed-message"
  | "worker-unreachable"
  | "code-unavailable"
  | "closed"
  | "diagnostics-off"
  // capture
  | "source-denied"
  | "source-missing"
  | "source-lost"
  | "unsupported-media"
  | "encoder-failed"
  // store
  | "store-unavailable"
  | "store-newer"
  | "store-full"
  | "store-corrupt"
  // peers
  | "malformed-frame"
  | "unproven"
  | "stale"
  | "peers-unavailable"
  // origins that are followed
  | "origin-unreachable"
  | "origin-malformed"
  // relays of other protocols
  | "relay-unreachable"
  | "relay-malformed"
  | "internal";

/** The one error class. A message gives what was expected and what came. Survives postMessage as `{ code, message }`. */
export class RelayError extends Error {
  /** What went wrong, to branch on. */
  readonly code: RelayErrorCode;

  /** `options.cause` is what led to it. */
  constructor(code: RelayErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RelayError";
    this.code = code;
  }

  /** Anything that was thrown, as a RelayError: unforeseen ones become `internal` and keep their cause. */
  static from(thrown: unknown): RelayError {
    if (thrown instanceof RelayError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new RelayError("internal", message, { cause: thrown });
  }
}
