import type { Bytes } from "../model/bytes.ts";
import type { PartId } from "../model/ids.ts";
import { hashOf } from "./hash.ts";

/** One ring position. Replaced whole, never edited: readers hold views of `bytes`. */
export interface Slot {
  /** Logical id; ids that differ by the capacity share a position. */
  readonly id: PartId;
  /** Generation of the ring that wrote it; it grows when a stream takes the place of another. */
  readonly generation: number;
  /** The view that was put, over the same buffer. A view keeps its whole buffer in memory. */
  readonly bytes: Bytes;
  /**
   * xxHash64 of `bytes` with seed 0. Computed when it is first read and kept: it costs nothing where nobody asks. Tells parts
   * apart; proves nothing against somebody who forges them.
   */
  readonly hash: bigint;
}

/** A slot as its ring keeps it. */
export class StoredSlot implements Slot {
  readonly id: PartId;
  readonly generation: number;
  readonly bytes: Bytes;
  /** Order of the write among all rings that share a budget. */
  readonly sequence: number;
  /** Undefined until it is asked for. */
  #hash: bigint | undefined = undefined;

  constructor(id: PartId, generation: number, bytes: Bytes, sequence: number) {
    this.id = id;
    this.generation = generation;
    this.bytes = bytes;
    this.sequence = sequence;
  }

  get hash(): bigint {
    this.#hash ??= hashOf(this.bytes);
    return this.#hash;
  }
}
