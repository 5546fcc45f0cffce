import type { Bytes } from "../../model/bytes.ts";

/** Writes booleans with what each is expected to be: VP9's arithmetic coder. @see VP9 Bitstream & Decoding Process 9.2 */
export class BoolWriter {
  readonly #bytes: number[] = [];
  #range = 255;
  #low = 0;
  #bitsToByte = 24;

  constructor() {
    this.write(0); // the marker
  }

  /** One boolean; `zeroOf256` says how likely it is 0. */
  write(bit: number, zeroOf256 = 128): this {
    const split = 1 + (((this.#range - 1) * zeroOf256) >> 8);
    if (bit) this.#low = (this.#low + split) >>> 0;
    this.#range = bit ? this.#range - split : split;
    while (this.#range < 128) {
      this.#range <<= 1;
      if (this.#low & 0x8000_0000) this.#carry();
      this.#low = (this.#low << 1) >>> 0;
      this.#bitsToByte -= 1;
      if (this.#bitsToByte > 0) continue;
      this.#bytes.push(this.#low >>> 24);
      this.#low &= 0xff_ffff;
      this.#bitsToByte = 8;
    }
    return this;
  }

  /** A value of `count` bits, each as likely 0 as 1, or as `zerosOf256` says. */
  literal(value: number, count: number, zerosOf256: readonly number[] = []): this {
    for (let place = count - 1; place >= 0; place--) this.write((value >>> place) & 1, zerosOf256[count - 1 - place]);
    return this;
  }

  finish(): Bytes {
    this.literal(0, 32);
    // 9.2.2: the last byte of a frame must not look like the marker of a superframe's index.
    if (((this.#bytes.at(-1) ?? 0) & 0xe0) === 0xc0) this.#bytes.push(0);
    return Uint8Array.from(this.#bytes);
  }

  #carry(): void {
    let at = this.#bytes.length - 1;
    for (; at >= 0 && this.#bytes[at] === 255; at--) this.#bytes[at] = 0;
    if (at >= 0) this.#bytes[at] = (this.#bytes[at] ?? 0) + 1;
  }
}
