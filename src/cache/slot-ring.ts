import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import type { PartId } from "../model/ids.ts";
import { Slot, sameBytes } from "./slot.ts";
import { type WaiterStats, Waiters, type WaitOptions } from "./waiters.ts";

/** Init segments one ring keeps; the oldest leaves first. Parts of older ones have long left the window. */
const MAX_INITS = 64;

/** What becomes of a put that must not overwrite. */
export type PutOutcome =
  | "inserted"
  /** The same bytes are there already. */
  | "present"
  /** Other bytes are there: they stay. */
  | "conflict"
  /** The id has left the ring, or never could enter it behind what is there: nothing happened. */
  | "stale";

export interface SlotRingOptions {
  /** Slots. */
  readonly capacity: number;
  /** Bytes it may hold; the oldest slots leave first. */
  readonly maxBytes: number;
  /** Id of the first part. Default 0. */
  readonly firstId?: PartId;
  readonly generation?: number;
  readonly clock?: Clock;
  /** Counts writes of all rings that share a budget, so that the oldest slot of any can be found. */
  readonly ledger?: Ledger;
}

/** What the rings of one cache share. */
export interface Ledger {
  /** Bytes in all rings. */
  sizeBytes: number;
  /** Makes room after a write, in whatever ring has the oldest slot. */
  afterWrite(): void;
  /** Grows by one with each write of any ring. */
  writes: number;
}

export interface SlotRingStats {
  /** Slots in use. */
  readonly count: number;
  readonly sizeBytes: number;
  readonly waiters: WaiterStats;
}

/**
 * The parts of one rendition: a fixed ring of slots, addressed by id. Synchronous, O(1) and zero-copy: a write keeps the bytes it
 * is given, which must not change afterwards, and a read returns that very view.
 */
export class SlotRing {
  readonly capacity: number;
  readonly maxBytes: number;
  readonly generation: number;
  readonly #slots: (Slot | undefined)[];
  /** The ledger's number of the write that filled each position. */
  readonly #writtenAt: Float64Array;
  readonly #ledger: Ledger;
  readonly #waiters: Waiters;
  readonly #inits = new Map<number, Bytes>();
  /** Every id below is gone; no slot lies below it. */
  #floor: PartId;
  /** Below this id everything that has not left the ring is published; at it, the first gap. */
  #nextId: PartId;
  /** One more than the highest id in the ring: above `#nextId` while `putContiguous` waits for a gap to be filled. */
  #aheadEnd: PartId;
  #sizeBytes = 0;
  #count = 0;
  #version = 0;
  #closed = false;

  constructor(options: SlotRingOptions) {
    const { capacity, maxBytes, firstId = 0, generation = 0, clock } = options;
    this.capacity = capacity;
    this.maxBytes = maxBytes;
    this.generation = generation;
    this.#ledger = options.ledger ?? { sizeBytes: 0, writes: 0, afterWrite: () => undefined };
    this.#slots = new Array<Slot | undefined>(capacity).fill(undefined);
    this.#writtenAt = new Float64Array(capacity);
    this.#waiters = new Waiters(clock === undefined ? {} : { clock });
    this.#floor = firstId;
    this.#nextId = firstId;
    this.#aheadEnd = firstId;
  }

  /** Bytes of all slots, init segments not counted. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Grows with each write that a reader can see. */
  get version(): number {
    return this.#version;
  }

  /** The last published id, whether or not its slot is still there; undefined before the first. */
  get lastId(): PartId | undefined {
    return this.#nextId > this.#floor ? this.#nextId - 1 : undefined;
  }

  /** The last published slot. */
  get last(): Slot | undefined {
    return this.get(this.#nextId - 1);
  }

  /** The first id that has not left the ring; undefined while there is none. */
  get oldestId(): PartId | undefined {
    return this.#count > 0 ? this.#floor : undefined;
  }

  /** Stores the next part and returns its id. @throws RelayError `part-too-large`, `closed`; nothing changes */
  append(bytes: Bytes): PartId {
    const id = this.#nextId;
    this.put(id, bytes);
    return id;
  }

  /**
   * Stores a part under its id and publishes it, with whatever gap lies before it. What was there is replaced; an id that has left
   * the ring is not stored again.
   * @throws RelayError `part-too-large`, `closed`; nothing changes
   */
  put(id: PartId, bytes: Bytes): void {
    if (!this.#store(id, bytes)) return;
    if (id >= this.#nextId) this.#publish(id + 1);
    else this.#version += 1;
    this.#waiters.wake(id);
    this.#ledger.afterWrite();
  }

  /** Stores a part unless its id is taken. @throws RelayError `part-too-large`, `closed` */
  putIfAbsent(id: PartId, bytes: Bytes): PutOutcome {
    if (id < this.#floor) return "stale";
    const there = this.#slots[this.#position(id)];
    if (there?.id === id) return sameBytes(there.bytes, bytes) ? "present" : "conflict";
    this.put(id, bytes);
    return "inserted";
  }

  /**
   * Stores a part that may come out of order: it can be read once every part before it is there. A gap that has left the
   * ring, because parts a whole ring ahead came, is given up, and publishing resumes after it.
   * @throws RelayError `part-too-large`, `closed`; nothing changes
   */
  putContiguous(id: PartId, bytes: Bytes): PutOutcome {
    if (id < this.#floor) return "stale";
    const there = this.#slots[this.#position(id)];
    if (there?.id === id) return sameBytes(there.bytes, bytes) ? "present" : "conflict";
    this.#store(id, bytes);
    if (id < this.#nextId) {
      // It fills a hole in what is published already.
      this.#version += 1;
      this.#waiters.wake(id);
    } else {
      if (this.#floor > this.#nextId) this.#publish(this.#floor);
      let end = this.#nextId;
      while (end < this.#aheadEnd && this.#slots[this.#position(end)]?.id === end) end += 1;
      if (end > this.#nextId) this.#publish(end);
    }
    this.#ledger.afterWrite();
    return "inserted";
  }

  /** The slot of this id; undefined when it is not there yet, not published yet, or gone. Allocates nothing. */
  get(id: PartId): Slot | undefined {
    if (id >= this.#nextId) return undefined;
    const slot = this.#slots[this.#position(id)];
    // After a wrap this position holds a newer id: a stale read must miss, not alias.
    return slot?.id === id ? slot : undefined;
  }

  /** The bytes of `from` up to, not including, `to`: all of them, or undefined when one is missing. */
  range(from: PartId, to: PartId): readonly Bytes[] | undefined {
    if (from < this.#floor || to > this.#nextId || to < from) return undefined;
    const views: Bytes[] = [];
    for (let id = from; id < to; id++) {
      const slot = this.get(id);
      if (slot === undefined) return undefined;
      views.push(slot.bytes);
    }
    return views;
  }

  /**
   * Resolves with the slot of this id when it is written, at once if it is there; with undefined when it has gone, at the deadline,
   * on abort, or when the ring is closed.
   * @throws RelayError `waiter-limit`
   */
  async waitFor(id: PartId, options: WaitOptions): Promise<Slot | undefined> {
    const slot = this.get(id);
    if (slot !== undefined || id < this.#floor || this.#closed) return slot;
    await this.#waiters.wait(id, options);
    return this.get(id);
  }

  /** Ends every wait with what there is; returns how many there were. */
  stopWaiting(): number {
    return this.#waiters.drain();
  }

  /** Keeps an init segment under its index. @throws RelayError `closed` */
  setInit(index: number, bytes: Bytes): void {
    this.#checkOpen();
    this.#inits.set(index, bytes);
    if (this.#inits.size <= MAX_INITS) return;
    for (const oldest of this.#inits.keys()) {
      this.#inits.delete(oldest);
      break;
    }
  }

  init(index: number): Bytes | undefined {
    return this.#inits.get(index);
  }

  /** Lets go of the oldest slot; returns its bytes' size. The newest one stays. */
  evictOldest(): number {
    while (this.#floor < this.#aheadEnd - 1) {
      const freed = this.#drop(this.#floor);
      this.#floor += 1;
      if (freed > 0) {
        this.#skipHoles();
        return freed;
      }
    }
    return 0;
  }

  /** The ledger's number of the write that filled the oldest slot; undefined when nothing may leave. */
  get oldestWrite(): number | undefined {
    return this.#count > 1 ? this.#writtenAt[this.#position(this.#floor)] : undefined;
  }

  /** Empties it for good: reads miss, writes throw `closed`, waits end. Views that readers hold stay as they are. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiters.close();
    this.#slots.fill(undefined);
    this.#inits.clear();
    this.#ledger.sizeBytes -= this.#sizeBytes;
    this.#sizeBytes = 0;
    this.#count = 0;
    this.#floor = this.#aheadEnd;
    this.#nextId = this.#aheadEnd;
  }

  get stats(): SlotRingStats {
    return { count: this.#count, sizeBytes: this.#sizeBytes, waiters: this.#waiters.stats };
  }

  #position(id: PartId): number {
    return id % this.capacity;
  }

  #checkOpen(): void {
    if (this.#closed) throw new RelayError("closed", "this ring was given to another stream");
  }

  /** Puts the bytes into their position; false when the id has left the ring. */
  #store(id: PartId, bytes: Bytes): boolean {
    this.#checkOpen();
    if (!Number.isSafeInteger(id) || id < 0) {
      throw new RelayError("invalid-option", `part id: expected a whole number, got ${String(id)}`);
    }
    if (bytes.byteLength > this.maxBytes) {
      throw new RelayError(
        "part-too-large",
        `part ${id}: expected at most ${this.maxBytes} bytes, got ${bytes.byteLength}`,
      );
    }
    if (id < this.#floor) return false;
    this.#makeWay(id);
    this.#drop(id);
    const position = this.#position(id);
    this.#slots[position] = new Slot(id, this.generation, bytes);
    this.#writtenAt[position] = this.#ledger.writes;
    this.#ledger.writes += 1;
    this.#count += 1;
    this.#sizeBytes += bytes.byteLength;
    this.#ledger.sizeBytes += bytes.byteLength;
    if (id >= this.#aheadEnd) this.#aheadEnd = id + 1;
    while (this.#sizeBytes > this.maxBytes && this.evictOldest() > 0);
    this.#skipHoles();
    return true;
  }

  /** Everything a whole ring behind `id` leaves. At most `capacity` steps, however far ahead `id` lies. */
  #makeWay(id: PartId): void {
    const floor = id - this.capacity + 1;
    if (floor <= this.#floor) return;
    const end = Math.min(floor, this.#aheadEnd);
    for (let gone = this.#floor; gone < end; gone++) this.#drop(gone);
    this.#floor = floor;
  }

  #drop(id: PartId): number {
    const position = this.#position(id);
    const slot = this.#slots[position];
    if (slot?.id !== id) return 0;
    this.#slots[position] = undefined;
    this.#count -= 1;
    this.#sizeBytes -= slot.bytes.byteLength;
    this.#ledger.sizeBytes -= slot.bytes.byteLength;
    return Math.max(1, slot.bytes.byteLength);
  }

  /** Holes at the old end are as good as gone: the floor stands on a slot, unless what is to come stands there. */
  #skipHoles(): void {
    while (this.#floor < this.#nextId && this.#slots[this.#position(this.#floor)]?.id !== this.#floor) this.#floor += 1;
  }

  #publish(end: PartId): void {
    const from = this.#nextId;
    this.#nextId = end;
    this.#version += 1;
    this.#skipHoles();
    // The one before the end is the one that was written; those behind it came ahead of their turn.
    for (let id = Math.max(from, end - this.capacity); id < end; id++) this.#waiters.wake(id);
  }
}
