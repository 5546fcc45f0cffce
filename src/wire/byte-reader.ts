import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";

/** What came is no frame, header or card: it costs whoever sent it the connection. */
export function malformed(what: string, expected: string, got: unknown): RelayError {
  const shown = typeof got === "string" ? JSON.stringify(got.slice(0, 40)) : String(got);
  return new RelayError("malformed-frame", `${what}: expected ${expected}, got ${shown}`);
}

/** Returns `value` if it is a whole number from `min` to `max`. @throws RelayError `malformed-frame` */
export function checkWhole(what: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw malformed(what, `a whole number from ${min} to ${max}`, value);
}

const ascii = new TextDecoder("latin1");

/** Reads big-endian fields in order. What it returns as bytes are views of what it was given. */
export class ByteReader {
  readonly #bytes: Bytes;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.#bytes.byteLength - this.#at;
  }

  u8(what: string, min = 0, max = 0xff): number {
    return checkWhole(what, this.#view.getUint8(this.#step(what, 1)), min, max);
  }

  u16(what: string, min = 0, max = 0xffff): number {
    return checkWhole(what, this.#view.getUint16(this.#step(what, 2)), min, max);
  }

  u32(what: string, min = 0, max = 0xffff_ffff): number {
    return checkWhole(what, this.#view.getUint32(this.#step(what, 4)), min, max);
  }

  /** Six bytes, the widest whole number that needs no bigint. */
  u48(what: string, max = 2 ** 48 - 1): number {
    const at = this.#step(what, 6);
    return checkWhole(what, this.#view.getUint16(at) * 2 ** 32 + this.#view.getUint32(at + 2), 0, max);
  }

  bytes(what: string, sizeBytes: number): Bytes {
    const at = this.#step(what, sizeBytes);
    return this.#bytes.subarray(at, at + sizeBytes);
  }

  /** All that is left, if it is `min` to `max` bytes. */
  rest(what: string, min: number, max: number): Bytes {
    if (this.left < min || this.left > max) throw malformed(what, `${min} to ${max} bytes`, this.left);
    return this.bytes(what, this.left);
  }

  /** A length in one byte, and as many characters, which `pattern` describes. */
  text(what: string, pattern: RegExp, expected: string): string {
    const value = ascii.decode(this.bytes(what, this.u8(`${what} length`)));
    if (pattern.test(value)) return value;
    throw malformed(what, expected, value);
  }

  /** Nothing may follow what was understood. */
  end(what: string): void {
    if (this.left > 0) throw malformed(what, "its end", `${this.left} more bytes`);
  }

  #step(what: string, sizeBytes: number): number {
    if (sizeBytes > this.left) throw malformed(what, `${sizeBytes} bytes`, this.left);
    const at = this.#at;
    this.#at += sizeBytes;
    return at;
  }
}
