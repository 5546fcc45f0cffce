import { RelayError } from "./errors.ts";

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
