import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { PIECE_SIZE_BYTES, type SignedHeader, type StreamCard } from "../model/part-header.ts";
import type { Proof } from "../swarm/swarm-types.ts";

/** Media is all zeros here (`SimStream`), so that the first byte tells what is not. */
const POLLUTED: Bytes = new Uint8Array(PIECE_SIZE_BYTES).fill(1);

/** What a polluter sends instead of these bytes. */
export const polluted = (bytes: Bytes): Bytes => POLLUTED.subarray(0, bytes.byteLength);

export const isPolluted = (bytes: Bytes): boolean => bytes[0] !== 0;

/** A header as a forger makes it: another part under the same position, with a signature that is nobody's. */
export const forged = (signed: SignedHeader): SignedHeader => ({
  ...signed,
  digest: signed.digest.map((byte) => byte ^ 0xff),
  signature: new Uint8Array(64).fill(1),
});

/** Answers at once, and finds everything that `polluted()` and `forged()` make. Keeps no state: one serves every peer of a world. */
export class SimProof implements Proof {
  readonly #card: StreamCard;

  constructor(card: StreamCard) {
    this.#card = card;
  }

  card(): StreamCard {
    return this.#card;
  }

  header(signed: SignedHeader): void {
    if (signed.signature[0] !== 0)
      throw new RelayError("unproven", "header: expected the stream's signature, got another");
  }

  piece({ header, pieces }: SignedHeader, index: number, bytes: Bytes): void {
    const isLast = index === pieces.length - 1;
    const expected = isLast ? header.sizeBytes - index * PIECE_SIZE_BYTES : PIECE_SIZE_BYTES;
    if (bytes.byteLength !== expected || isPolluted(bytes)) {
      throw new RelayError("unproven", `piece ${index}: expected ${expected} bytes of the part, got others`);
    }
  }

  init(): void {}
}
