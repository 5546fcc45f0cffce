import { RelayError } from "./errors.ts";

/** A value of any kind, as a message may hold it: an object may have no text of its own, or throw when asked. */
function shown(value: unknown): string {
  return typeof value === "object" && value !== null ? "an object" : String(value).slice(0, 80);
}

/** What is wrong with an option. */
export function invalid(what: string, expected: string, got: unknown): RelayError {
  return new RelayError("invalid-option", `${what}: expected ${expected}, got ${shown(got)}`);
}

/** Returns `value` if it is a number from `min` to `max`. @throws RelayError `invalid-option` */
export function checkNumber(what: string, value: unknown, min: number, max: number): number {
  if (typeof value === "number" && value >= min && value <= max) return value;
  throw invalid(what, `a number from ${min} to ${max}`, value);
}

/** Returns `value` if it is a whole number from `min` on. @throws RelayError `invalid-option` */
export function checkWhole(what: string, value: unknown, min: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= min) return value as number;
  throw invalid(what, `a whole number of at least ${min}`, value);
}

/** Returns `value` if it is one of `allowed`. @throws RelayError `invalid-option` */
export function checkOneOf<T extends string>(what: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw invalid(what, allowed.join(", "), value);
}

/** Returns `value` if it is a string that `pattern` describes. @throws RelayError `invalid-option` */
export function checkText(what: string, value: unknown, pattern: RegExp, expected: string): string {
  if (typeof value === "string" && pattern.test(value)) return value;
  throw invalid(what, expected, value);
}

/** Returns `value` if it is an object. @throws RelayError `invalid-option` */
export function checkObject(what: string, value: unknown): object {
  if (typeof value === "object" && value !== null) return value;
  throw invalid(what, "an object", value);
}
