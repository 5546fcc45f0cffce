import { RelayError } from "../model/errors.ts";
import { checkName } from "../model/ids.ts";

/** What came in a message, before anything of it is believed. */
export type Fields = Record<string, unknown>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

export function malformed(what: string, expected: string, got: unknown): RelayError {
  return new RelayError("malformed-message", `${what}: expected ${expected}, got ${shapeOf(got)}`);
}

function shapeOf(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (isFields(value)) return value.constructor?.name ?? "object";
  return String(value);
}

export function count(fields: Fields, key: string): number {
  const value = fields[key];
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw malformed(key, "a whole number", value);
}

export function milliseconds(fields: Fields, key: string): number {
  const value = fields[key];
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw malformed(key, "milliseconds", value);
}

export function text(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value === "string" && value.length <= 64) return value;
  throw malformed(key, "a short string", value);
}

const EPOCH = /^[0-9a-z]{1,16}$/;

export function epochOf(fields: Fields): string {
  const value = text(fields, "epoch");
  if (EPOCH.test(value)) return value;
  throw malformed("epoch", "1 to 16 of 0-9 a-z", value);
}

export function stepNumbers(value: unknown): readonly { readonly rendition: string; readonly number: number }[] {
  if (!Array.isArray(value) || value.length > 64) throw malformed("expected", "at most 64 numbers", value);
  // An array that comes in a message may have holes, which `map` leaves out.
  return Array.from(value, (one: unknown) => {
    if (!isFields(one)) throw malformed("expected", "an object", one);
    return { rendition: checkName(one.rendition, "rendition"), number: count(one, "number") };
  });
}
