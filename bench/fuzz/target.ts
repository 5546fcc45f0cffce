import type { Bytes } from "../../src/model/bytes.ts";
import type { RelayErrorCode } from "../../src/model/errors.ts";
import type { Random } from "./mutate.ts";

/** One decoder, and what must hold of all that it takes. */
export interface Target {
  readonly name: string;
  /** What it begins with. The first ones should be taken. */
  readonly seeds: readonly Bytes[];
  /** What it may throw, as it says itself. Everything else is a finding. None: it takes whatever comes. */
  readonly refuses: readonly RelayErrorCode[];
  /** A whole command or session, and no decoder alone: it may take longer, and a run of the tests does fewer of it. */
  readonly isWhole?: boolean;
  /** Makes an input more likely to get past the door. */
  readonly prepare?: (bytes: Bytes, random: Random, other: Bytes) => Bytes;
  /** Says what it saw, in few words. Throws a RelayError of `refuses`, or what is a finding. */
  run(bytes: Bytes, random: Random): string | Promise<string>;
}

const UTF8 = { encoder: new TextEncoder(), decoder: new TextDecoder() };

export const textOf = (bytes: Bytes): string => UTF8.decoder.decode(bytes);
export const bytesOf = (text: string): Bytes => UTF8.encoder.encode(text);

export function expectSame(what: string, got: Bytes, expected: Bytes): void {
  if (Buffer.compare(got, expected) !== 0) throw new Error(`${what}: written otherwise than it was read`);
}

/** Two values that hold the same, as far as JSON can tell them apart. */
export function expectEqual(what: string, got: unknown, expected: unknown): void {
  const [one, other] = [got, expected].map((value) => JSON.stringify(value));
  if (one !== other) throw new Error(`${what}: ${one?.slice(0, 200)}, and ${other?.slice(0, 200)} was expected`);
}

/** What a decoder returns must not keep more than its input, nor reach beyond it. */
export function expectViews(value: unknown, input: Bytes): void {
  if (value instanceof Uint8Array) {
    const inside =
      value.byteOffset >= input.byteOffset &&
      value.byteOffset + value.byteLength <= input.byteOffset + input.byteLength;
    if (value.buffer !== input.buffer || !inside) throw new Error("a view reaches beyond the input");
  } else if (typeof value === "object" && value !== null) {
    for (const field of Object.values(value)) expectViews(field, input);
  }
}

/** Lists have no holes: `map()` and `every()` pass over them, and who reads the list finds undefined there. */
export function expectDense(what: string, value: unknown): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  const fields = Object.entries(value);
  if (Array.isArray(value) && fields.length !== value.length) throw new Error(`${what}: a list with holes`);
  for (const [key, field] of fields) expectDense(`${what}.${key.slice(0, 20)}`, field);
}

/** Everything in a value that is a number is one that can be counted with. */
export function expectFinite(what: string, value: unknown): void {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new Error(`${what}: ${value}`);
  } else if (value instanceof Map) {
    for (const [key, field] of value) expectFinite(`${what}.${String(key).slice(0, 20)}`, field);
  } else if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
    for (const [key, field] of Object.entries(value)) expectFinite(`${what}.${key.slice(0, 20)}`, field);
  }
}
