import type { Bytes } from "../model/bytes.ts";
import { checkWhole, malformed } from "./byte-reader.ts";

/** Writes big-endian fields in order into a buffer of its own, whose size is known before. */
export class ByteWriter {
  readonly #bytes: Bytes;
  readonly #view: DataView;
  #at = 0;

  constructor(sizeBytes: number) {
    this.#bytes = new Uint8Array(sizeBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  u8(what: string, value: number, min = 0, max = 0xff): void {
    this.#view.setUint8(this.#step(1), checkWhole(what, value, min, max));
  }

  u16(what: string, value: number, min = 0, max = 0xffff): void {
    this.#view.setUint16(this.#step(2), checkWhole(what, value, min, max));
  }

  u32(what: string, value: number, min = 0, max = 0xffff_ffff): void {
    this.#view.setUint32(this.#step(4), checkWhole(what, value, min, max));
  }

  u48(what: string, value: number, max = 2 ** 48 - 1): void {
    checkWhole(what, value, 0, max);
    const at = this.#step(6);
    this.#view.setUint16(at, Math.floor(value / 2 ** 32));
    this.#view.setUint32(at + 2, value % 2 ** 32);
  }

  bytes(bytes: Bytes): void {
    this.#bytes.set(bytes, this.#step(bytes.byteLength));
  }

  /** Bytes of which there must be exactly so many. */
  exactly(what: string, bytes: Bytes, sizeBytes: number): void {
    if (bytes.byteLength !== sizeBytes) throw malformed(what, `${sizeBytes} bytes`, bytes.byteLength);
    this.bytes(bytes);
  }

  /** Bytes to the end of the frame. */
  rest(what: string, bytes: Bytes, min: number, max: number): void {
    if (bytes.byteLength < min || bytes.byteLength > max) {
      throw malformed(what, `${min} to ${max} bytes`, bytes.byteLength);
    }
    this.bytes(bytes);
  }

  /** A length in one byte, and as many ASCII characters, which `pattern` describes. */
  text(what: string, value: string, pattern: RegExp, expected: string): void {
    if (!pattern.test(value)) throw malformed(what, expected, value);
    this.u8(`${what} length`, value.length);
    for (let index = 0; index < value.length; index++) this.u8(what, value.charCodeAt(index));
  }

  /** What was written; the caller's from now on. */
  done(): Bytes {
    if (this.#at !== this.#bytes.byteLength) throw malformed("written", `${this.#bytes.byteLength} bytes`, this.#at);
    return this.#bytes;
  }

  #step(sizeBytes: number): number {
    const at = this.#at;
    if (at + sizeBytes > this.#bytes.byteLength) throw malformed("written", `${this.#bytes.byteLength} bytes`, "more");
    this.#at += sizeBytes;
    return at;
  }
}
