import { checkNumber, checkObject, checkText, invalid } from "./checks.ts";
import { RelayError } from "./errors.ts";

/** The value of an attribute: text, a number, or bytes, which are written as a hexadecimal sequence. */
export type AttributeValue = string | number | Uint8Array;

/**
 * A stretch of time with a meaning, such as an advertisement or a chapter: EXT-X-DATERANGE.
 * @see draft-pantos-hls-rfc8216bis-22, section 4.4.5.1
 */
export interface DateRangeOptions {
  /** Printable ASCII, at most 128 characters. Used again it may add attributes, and must not change any. */
  readonly id: string;
  /** ISO 8601 with a zone, or milliseconds since the Unix epoch. */
  readonly startDate: string | number;
  /** DURATION. Default: not known yet. */
  readonly durationMs?: number;
  /** PLANNED-DURATION: what it is expected to last. Default: not said. */
  readonly plannedDurationMs?: number;
  /** Ranges of a class share their attributes' meaning. */
  readonly class?: string;
  /** It ends where the next of its class starts; needs `class`, and no `durationMs`. */
  readonly endOnNext?: boolean;
  /** Names are `X-...` of `A-Z 0-9 -`, or SCTE35-CMD, SCTE35-OUT and SCTE35-IN with bytes. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

const PRINTABLE = /^[\x20\x21\x23-\x7e]{1,128}$/;
const PRINTABLE_VALUE = /^[\x20\x21\x23-\x7e]{0,1024}$/;
const CLIENT_ATTRIBUTE = /^X-[A-Z0-9-]{1,62}$/;
const SCTE35 = new Set(["SCTE35-CMD", "SCTE35-OUT", "SCTE35-IN"]);
/** A date without a zone would mean another moment to each reader (4.4.5.1). */
const ISO_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/;
/** Of one range, however many times it is added to. */
export const MAX_ATTRIBUTES = 32;
const MAX_ATTRIBUTE_BYTES = 512;
const MAX_DURATION_MS = 100 * 365 * 86_400_000;
/** The last millisecond that ISO 8601 writes with a year of four digits. */
export const MAX_DATE_MS = 253_402_300_799_999;

/** The start in milliseconds since the Unix epoch. @throws RelayError `invalid-option` */
export function startOfRange({ startDate }: DateRangeOptions): number {
  const startMs = typeof startDate === "string" && ISO_DATE.test(startDate) ? Date.parse(startDate) : startDate;
  return checkNumber("startDate", startMs, 0, MAX_DATE_MS);
}

/**
 * Reads a date range that may be anything; the copy holds nothing but what is known here.
 * @throws RelayError `invalid-option`
 * @see draft-pantos-hls-rfc8216bis-22, section 4.4.5.1
 */
export function checkDateRange(value: unknown): DateRangeOptions {
  const given = checkObject("dateRange", value) as DateRangeOptions;
  const id = checkText("id", given.id, PRINTABLE, "1 to 128 printable ASCII characters without quotes");
  const { durationMs, plannedDurationMs, endOnNext } = given;
  const name = given.class;
  if (name !== undefined) checkText("class", name, PRINTABLE, "1 to 128 printable ASCII characters without quotes");
  if (durationMs !== undefined) checkNumber("durationMs", durationMs, 0, MAX_DURATION_MS);
  if (plannedDurationMs !== undefined) checkNumber("plannedDurationMs", plannedDurationMs, 0, MAX_DURATION_MS);
  if (endOnNext === true && (name === undefined || durationMs !== undefined)) {
    throw new RelayError("invalid-option", `dateRange "${id}": endOnNext needs a class, and no durationMs`);
  }
  return {
    id,
    startDate: startOfRange(given),
    ...(name === undefined ? {} : { class: name }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(plannedDurationMs === undefined ? {} : { plannedDurationMs }),
    ...(endOnNext === true ? { endOnNext } : {}),
    ...(given.attributes === undefined ? {} : { attributes: checkAttributes(given.attributes) }),
  };
}

function checkAttributes(value: unknown): Readonly<Record<string, AttributeValue>> {
  const entries = Object.entries(checkObject("attributes", value));
  if (entries.length > MAX_ATTRIBUTES) throw invalid("attributes", `at most ${MAX_ATTRIBUTES}`, entries.length);
  for (const [name, attribute] of entries) checkAttribute(name, attribute);
  return Object.fromEntries(entries);
}

function checkAttribute(name: string, value: unknown): void {
  const isBytes = value instanceof Uint8Array && value.byteLength > 0 && value.byteLength <= MAX_ATTRIBUTE_BYTES;
  if (SCTE35.has(name)) {
    if (isBytes) return;
    throw invalid(name, `1 to ${MAX_ATTRIBUTE_BYTES} bytes`, value);
  }
  checkText("attribute", name, CLIENT_ATTRIBUTE, "a name X-... of A-Z 0-9 -");
  if (isBytes) return;
  if (typeof value === "number") checkNumber(name, value, -1e15, 1e15);
  else checkText(name, value, PRINTABLE_VALUE, "printable ASCII without quotes, a finite number, or bytes");
}
