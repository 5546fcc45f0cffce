import type { RelayErrorCode } from "../model/errors.ts";

/** What pages, their sources and their peers run into, and no request to an origin: its handler need not carry these. */
type ElsewhereCode =
  | "unsupported-browser"
  | "page-not-controlled"
  | "version-mismatch"
  | "malformed-message"
  | "worker-unreachable"
  | "code-unavailable"
  | "diagnostics-off"
  | "source-denied"
  | "source-missing"
  | "source-lost"
  | "encoder-failed"
  | "malformed-frame"
  | "unproven"
  | "stale"
  | "peers-unavailable"
  | "origin-unreachable"
  | "origin-malformed"
  | "relay-unreachable"
  | "relay-malformed";

/** The table from code to HTTP status: a new code without a status does not compile, here or in `STATUS_ELSEWHERE`. */
export const STATUS: Partial<Record<RelayErrorCode, number>> = {
  "invalid-name": 404,
  "invalid-option": 400,
  "stream-not-found": 404,
  "rendition-not-found": 404,
  "stream-exists": 409,
  "stream-limit": 503,
  "stream-ended": 410,
  "malformed-init": 400,
  "malformed-part": 400,
  "track-mismatch": 400,
  "init-missing": 400,
  "part-too-long": 400,
  "part-too-large": 413,
  "timeline-jump": 400,
  "out-of-order": 409,
  conflict: 409,
  "malformed-path": 400,
  "malformed-directive": 400,
  "reload-without-msn": 400,
  "reload-too-far-ahead": 400,
  "range-not-satisfiable": 416,
  "method-not-allowed": 405,
  "media-not-found": 404,
  "waiter-limit": 503,
  deadline: 503,
  closed: 410,
  "unsupported-media": 415,
  "store-unavailable": 503,
  "store-newer": 503,
  "store-full": 507,
  "store-corrupt": 500,
  internal: 500,
} satisfies Record<Exclude<RelayErrorCode, ElsewhereCode>, number>;

/** The status of a failed request to an origin. */
export function statusOf(code: RelayErrorCode): number {
  return STATUS[code] ?? 500;
}

/** The same for servers that answer with what happened elsewhere. */
export const STATUS_ELSEWHERE: Partial<Record<RelayErrorCode, number>> = {
  "unsupported-browser": 501,
  "page-not-controlled": 409,
  "version-mismatch": 409,
  "malformed-message": 400,
  "worker-unreachable": 503,
  "code-unavailable": 503,
  "diagnostics-off": 403,
  "source-denied": 403,
  "source-missing": 404,
  "source-lost": 410,
  "encoder-failed": 500,
  "malformed-frame": 400,
  unproven: 403,
  stale: 409,
  "peers-unavailable": 503,
  "origin-unreachable": 502,
  "origin-malformed": 502,
  "relay-unreachable": 504,
  "relay-malformed": 502,
} satisfies Record<ElsewhereCode, number>;
