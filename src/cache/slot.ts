import { xxHash32 } from "js-xxhash";
import type { Bytes } from "../model/bytes.ts";
import type { PartId } from "../model/ids.ts";

/** One ring position. Replaced whole, never edited: readers hold views of `bytes`. */
export class Slot {
  /** Logical id; ids that differ by the capacity share a position. */
  readonly id: PartId;
  /** Generation of the stream that wrote it; grows each time a ring is used for another stream. */
  readonly generation: number;
  /** The bytes that were put, not a copy. */
  readonly bytes: Bytes;
  #hash: number | undefined;

  constructor(id: PartId, generation: number, bytes: Bytes) {
    this.id = id;
    this.generation = generation;
    this.bytes = bytes;
  }

  /** xxHash32 of the bytes. Computed when it is asked for first: a write costs nothing for it. */
  get hash(): number {
    this.#hash ??= xxHash32(this.bytes);
    return this.#hash;
  }
}

/** Whether two views hold the same bytes. Exact, where a hash would only be likely. */
export function sameBytes(a: Bytes, b: Bytes): boolean {
  if (a.byteLength !== b.byteLength) return false;
  for (let i = 0; i < a.byteLength; i++) if (a[i] !== b[i]) return false;
  return true;
}
