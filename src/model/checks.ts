import { RelayError } from "./errors.ts";

/** A value of any kind, as a message may hold it: an object may have no text of its own, or throw when asked. */
function shown(value: unknown): string {
  return typeof value === "object" && value !== null ? "an object" : String(value).slice(0, 80);
}

/** Returns `value` if it is a number from `min` to `max`. @throws RelayError `invalid-option` */
export function checkNumber(what: string, value: unknown, min: number, max: number): number {
  if (typeof value === "number" && value >= min && value <= max) return value;
  throw new RelayError("invalid-option", `${what}: expected a number from ${min} to ${max}, got ${shown(value)}`);
}

/** Returns `value` if it is one of `allowed`. @throws RelayError `invalid-option` */
export function checkOneOf<T extends string>(what: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new RelayError("invalid-option", `${what}: expected ${allowed.join(", ")}, got ${shown(value)}`);
}

/** Returns `value` if it is a string that `pattern` describes. @throws RelayError `invalid-option` */
export function checkText(what: string, value: unknown, pattern: RegExp, expected: string): string {
  if (typeof value === "string" && pattern.test(value)) return value;
  throw new RelayError("invalid-option", `${what}: expected ${expected}, got ${shown(value)}`);
}
