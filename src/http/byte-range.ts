import { RelayError } from "../model/errors.ts";

/** A range of a resource, in bytes: `start` to `end`, `end` excluded. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a Range header against a resource of `sizeBytes`. Undefined, and so the whole resource, where there is none, or
 * one that we may ignore: another unit, several ranges, a form that is no range (RFC 9110 14.2).
 * @throws RelayError `range-not-satisfiable`
 * @see RFC 9110 14.1.2; a last position of 2^53-1 asks for all there is (RFC 8216bis 4.4.5.3, rule 62)
 */
export function parseByteRange(header: string | null, sizeBytes: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  if (match === null) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const suffix = Number(last);
    if (suffix === 0) throw unsatisfiable(header, sizeBytes);
    return { start: Math.max(0, sizeBytes - suffix), end: sizeBytes };
  }
  const start = Number(first);
  const end = last === "" ? sizeBytes : Math.min(sizeBytes, Number(last) + 1);
  if (last !== "" && Number(last) < start) return undefined;
  if (start >= sizeBytes) throw unsatisfiable(header, sizeBytes);
  return { start, end };
}

/** A range of a resource that still grows: from `start` on, up to `end` (excluded), or for as long as it grows. */
export interface OpenRange {
  readonly start: number;
  readonly end?: number;
}

/** The last position that stands for "all there will be" (RFC 8673, RFC 8216bis 4.4.5.3). */
export const LAST_POSITION = Number.MAX_SAFE_INTEGER;

/**
 * Reads a Range header against a resource that still grows. Undefined, and so all of it as it comes, where there is none or
 * one that we may ignore: the last bytes of something without an end are among those.
 */
export function parseOpenRange(header: string | null): OpenRange | undefined {
  const match = /^bytes=(\d{1,16})-(\d{0,16})$/.exec(header?.trim() ?? "");
  if (match === null) return undefined;
  const start = Number(match[1]);
  const last = match[2] === "" ? LAST_POSITION : Number(match[2]);
  if (start > LAST_POSITION || last < start) return undefined;
  return last >= LAST_POSITION ? { start } : { start, end: last + 1 };
}

function unsatisfiable(header: string | null, sizeBytes: number): RelayError {
  return new RelayError("range-not-satisfiable", `expected a range within ${sizeBytes} bytes, got ${header}`);
}
