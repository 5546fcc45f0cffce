import type { Bytes } from "../model/bytes.ts";
import type { PartId } from "../model/ids.ts";
import type { StoredSlot } from "./slot.ts";

/**
 * The positions of a ring: which ids are there, which one is oldest, how many bytes they hold. Knows nothing of who may read
 * what. Ids that differ by the capacity share a position; the owner drops what is below the floor before it stores.
 */
export class SlotTable {
  readonly capacity: number;
  #slots: (StoredSlot | undefined)[];
  /** Ids below have left, or never were. */
  #floorId: PartId;
  /** Lowest id that is there; says nothing while `#count` is 0. */
  #oldestId: PartId;
  #count = 0;
  #sizeBytes = 0;
  #evicted = 0;

  constructor(capacity: number, firstId: PartId) {
    this.capacity = capacity;
    this.#slots = new Array<StoredSlot | undefined>(capacity).fill(undefined);
    this.#floorId = firstId;
    this.#oldestId = firstId;
  }

  get floorId(): PartId {
    return this.#floorId;
  }

  get oldestId(): PartId {
    return this.#oldestId;
  }

  get count(): number {
    return this.#count;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Parts that were dropped. */
  get evicted(): number {
    return this.#evicted;
  }

  get(id: PartId): StoredSlot | undefined {
    const slot = this.#slots[id % this.capacity];
    // After a wrap this position holds a newer id: a stale read must miss, not alias.
    return slot !== undefined && slot.id === id ? slot : undefined;
  }

  /** What `bytes` are to the table if the id is taken, or has left; undefined if it is free. */
  compare(id: PartId, bytes: Bytes): "present" | "conflict" | undefined {
    if (id < this.#floorId) return "present";
    const slot = this.get(id);
    if (slot === undefined) return undefined;
    return sameBytes(slot.bytes, bytes) ? "present" : "conflict";
  }

  /** Keeps a slot, in place of one of the same id. Returns that one. */
  store(slot: StoredSlot): StoredSlot | undefined {
    const position = slot.id % this.capacity;
    // Whatever shared the position has left with the floor, so a former slot has this very id.
    const former = this.#slots[position];
    this.#slots[position] = slot;
    this.#sizeBytes += slot.bytes.byteLength - (former === undefined ? 0 : former.bytes.byteLength);
    if (former !== undefined) return former;
    if (this.#count === 0 || slot.id < this.#oldestId) this.#oldestId = slot.id;
    this.#count += 1;
    return undefined;
  }

  /** Nothing below `id` comes back; what is there below has been dropped. */
  raiseFloor(id: PartId): void {
    if (id > this.#floorId) this.#floorId = id;
  }

  /** Drops the oldest id and all below it for good. There must be one. Returns the bytes it had. */
  dropOldest(): number {
    const id = this.#oldestId;
    const position = id % this.capacity;
    const freedBytes = this.#slots[position]?.bytes.byteLength ?? 0;
    this.#slots[position] = undefined;
    this.#sizeBytes -= freedBytes;
    this.#evicted += 1;
    this.#count -= 1;
    this.#floorId = id + 1;
    if (this.#count > 0) {
      let oldestId = id + 1;
      while (this.get(oldestId) === undefined) oldestId += 1;
      this.#oldestId = oldestId;
    }
    return freedBytes;
  }

  clear(): void {
    this.#slots = [];
    this.#count = 0;
    this.#sizeBytes = 0;
  }
}

/** Byte for byte, since equal hashes would prove nothing; four at a time where both views begin at a word. */
function sameBytes(left: Bytes, right: Bytes): boolean {
  const sizeBytes = left.byteLength;
  if (left === right) return true;
  if (sizeBytes !== right.byteLength) return false;
  const wordCount = (left.byteOffset | right.byteOffset) % 4 === 0 ? sizeBytes >> 2 : 0;
  const leftWords = new Int32Array(left.buffer, wordCount === 0 ? 0 : left.byteOffset, wordCount);
  const rightWords = new Int32Array(right.buffer, wordCount === 0 ? 0 : right.byteOffset, wordCount);
  for (let index = 0; index < wordCount; index += 1) if (leftWords[index] !== rightWords[index]) return false;
  for (let index = wordCount * 4; index < sizeBytes; index += 1) if (left[index] !== right[index]) return false;
  return true;
}
