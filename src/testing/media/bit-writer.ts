import type { Bytes } from "../../model/bytes.ts";

/** Writes bits, the highest first. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #byte = 0;
  #free = 8;

  /** The lowest `count` bits of a value, 32 at most. */
  bits(value: number, count: number): this {
    for (let place = count - 1; place >= 0; place--) {
      this.#byte = (this.#byte << 1) | ((value >>> place) & 1);
      this.#free -= 1;
      if (this.#free > 0) continue;
      this.#bytes.push(this.#byte);
      this.#byte = 0;
      this.#free = 8;
    }
    return this;
  }

  /** ue(v) of ITU-T H.264 9.1. */
  unsigned(value: number): this {
    const bits = 32 - Math.clz32(value + 1);
    return this.bits(0, bits - 1).bits(value + 1, bits);
  }

  /** se(v) of ITU-T H.264 9.1.1. */
  signed(value: number): this {
    return this.unsigned(value > 0 ? 2 * value - 1 : -2 * value);
  }

  /** What was written, filled up with zeros. */
  finish(): Bytes {
    if (this.#free < 8) this.bits(0, this.#free);
    return Uint8Array.from(this.#bytes);
  }
}
