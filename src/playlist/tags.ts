import { MAX_DATE_MS } from "../model/date-range.ts";
import { RelayError } from "../model/errors.ts";

/** Rendered time: whole tens of microseconds, so that five decimals add up without error. */
export type Ticks = number;

const TICKS_PER_MS = 100;
const TICKS_PER_SECOND = 100_000;
/** Printable ASCII but the quotation mark (4.2: a quoted-string holds no line break and no quote). */
const QUOTABLE = /^[\x20\x21\x23-\x7e]*$/;

/** The nearest tick. */
export function ticksOf(durationMs: number): Ticks {
  return Math.round(durationMs * TICKS_PER_MS);
}

/** The first tick not before `durationMs`; float noise below a nanosecond does not count as a tick. */
export function ticksFrom(durationMs: number): Ticks {
  return Math.ceil(durationMs * TICKS_PER_MS - 1e-4);
}

export function msOf(ticks: Ticks): number {
  return ticks / TICKS_PER_MS;
}

/**
 * What the next part adds to a segment that holds `durationMs` so far, rendered as `ticks`: by the rounded media time, so that
 * the sum of parts follows it and equals the EXTINF.
 */
export function partTicks(
  segment: { readonly startMs: number; readonly durationMs: number; readonly ticks: Ticks },
  durationMs: number,
  partTarget: Ticks,
): Ticks {
  const endTicks = ticksOf(segment.startMs + segment.durationMs + durationMs) - ticksOf(segment.startMs);
  return Math.min(endTicks - segment.ticks, partTarget);
}

/** A decimal-floating-point in seconds, five decimals. */
export function seconds(ticks: Ticks): string {
  return (ticks / TICKS_PER_SECOND).toFixed(5);
}

/** A quoted-string. @throws RelayError `invalid-option` when `value` cannot stand in one */
export function quoted(what: string, value: string): string {
  if (QUOTABLE.test(value)) return `"${value}"`;
  throw new RelayError(
    "invalid-option",
    `${what}: expected printable ASCII without quotes, got ${JSON.stringify(value).slice(0, 80)}`,
  );
}

/** A quoted-string of any language, for a text that is encoded as UTF-8. @throws RelayError `invalid-option` */
export function quotedText(what: string, value: string): string {
  if (!/["\p{Cc}\u2028\u2029]/u.test(value)) return `"${value}"`;
  throw new RelayError(
    "invalid-option",
    `${what}: expected no quotes or line breaks, got ${JSON.stringify(value).slice(0, 80)}`,
  );
}

/** Returns `wallMs` if it can be written as a date. @throws RelayError `invalid-option` */
export function checkDate(what: string, wallMs: number): number {
  if (wallMs >= 0 && wallMs <= MAX_DATE_MS) return wallMs;
  throw new RelayError(
    "invalid-option",
    `${what}: expected milliseconds since 1970 up to the year 9999, got ${String(wallMs)}`,
  );
}

/** ISO 8601 with milliseconds and zone. */
export function dateTime(wallMs: number): string {
  return new Date(Math.round(wallMs)).toISOString();
}

/** EXT-X-PROGRAM-DATE-TIME with milliseconds and zone (rule 34). */
export function programDateTime(wallMs: number): string {
  return `#EXT-X-PROGRAM-DATE-TIME:${dateTime(wallMs)}\n`;
}
