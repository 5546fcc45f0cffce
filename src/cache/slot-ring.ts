import type { Bytes } from "../model/bytes.ts";
import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import type { PartId } from "../model/ids.ts";
import { ByteBudget } from "./byte-budget.ts";
import { InitSegments, MAX_INITS } from "./init-segments.ts";
import { type Slot, StoredSlot } from "./slot.ts";
import { SlotTable } from "./slot-table.ts";
import { type WaiterStats, Waiters } from "./waiters.ts";

/** How much a ring holds, and where it begins. */
export interface SlotRingOptions {
  /** Parts the ring holds at most. */
  readonly capacity: number;
  /** Bytes the ring holds at most; the oldest parts leave first. Default: those of `budget`, or no limit. */
  readonly maxBytes?: number;
  /** Id of the first part; lower ids count as gone. Default 0. */
  readonly firstId?: PartId;
  /** Stamped on every slot. Default 0. */
  readonly generation?: number;
  /** Default the host's own. */
  readonly clock?: Clock;
  /** Requests that may wait for parts at once. Default 1024. */
  readonly maxWaiters?: number;
  /** Nothing leaves to make room, and the owner asks `hasRoom()` before each write. Default false. */
  readonly pinned?: boolean;
  /**
   * Shared with other rings. Default: one of its own.
   * @internal
   */
  readonly budget?: ByteBudget;
}

/** How long a part is waited for. */
export interface WaitForOptions {
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
  /** In ms. Default 18000: three target durations of 6 s. */
  readonly deadlineMs?: number;
}

/** What became of a write. `present`: nothing to do, the id has these bytes or has had its time. `conflict`: it has other bytes, which stay. */
export type PutOutcome = "inserted" | "present" | "conflict";

/** How full the ring is. */
export interface SlotRingStats {
  /** Parts that can be read. */
  readonly count: number;
  /** Parts that wait for a missing one before them. */
  readonly heldBack: number;
  /** Bytes of all parts, held back or not. */
  readonly sizeBytes: number;
  /** Parts the ring holds at most. */
  readonly capacity: number;
  /** Parts that left to make room. */
  readonly evicted: number;
  /** Init segments that are kept. */
  readonly inits: number;
  /** Who waits for parts. */
  readonly waiters: WaiterStats;
}

const DEFAULT_WAIT_MS = 18_000;

/**
 * The parts of one rendition, by id. Reads and writes are synchronous and copy nothing: a write keeps the view it is given,
 * whose bytes must never change afterwards, and a read returns that view.
 *
 * The ring is a handle of one generation. Once closed it stays so: reads miss, writes throw `closed`, and a stream that takes
 * the place has a ring of its own.
 *
 * An id leaves for good, to make room by count or by bytes, and everything below it with it.
 */
export class SlotRing {
  /** Stamped on every slot. */
  readonly generation: number;
  /** Parts the ring holds at most. */
  readonly capacity: number;
  /** Nothing leaves to make room. */
  readonly pinned: boolean;
  readonly #maxBytes: number;
  readonly #budget: ByteBudget;
  readonly #waiters: Waiters;
  readonly #inits = new InitSegments();
  readonly #table: SlotTable;
  /** Ids below can be read where they are there; ids from here on are held back. */
  #nextId: PartId;
  /** One more than the highest id that was written. */
  #headId: PartId;
  /** Highest id that can be read; -1 while there is none. */
  #lastId: PartId = -1;
  #heldBack = 0;
  #version = 0;
  #closed = false;

  /** @throws RelayError `invalid-option` */
  constructor(options: SlotRingOptions) {
    const { capacity, firstId = 0, generation = 0, clock = systemClock, maxWaiters = 1024 } = options;
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new RelayError(
        "invalid-option",
        `capacity: expected a whole number of at least 1, got ${String(capacity)}`,
      );
    }
    checkId(firstId);
    this.generation = generation;
    this.capacity = capacity;
    this.pinned = options.pinned === true;
    this.#budget = options.budget ?? new ByteBudget(options.maxBytes ?? Number.POSITIVE_INFINITY);
    this.#maxBytes = Math.min(options.maxBytes ?? Number.POSITIVE_INFINITY, this.#budget.maxBytes);
    this.#waiters = new Waiters({ clock, maxWaiters });
    this.#table = new SlotTable(capacity, firstId);
    this.#nextId = firstId;
    this.#headId = firstId;
    this.#budget.join(this);
  }

  /** The part, when it can be read; undefined where it has left or has not come. */
  get(id: PartId): Slot | undefined {
    return id < this.#nextId ? this.#table.get(id) : undefined;
  }

  /** The part of the highest id; undefined while there is none. */
  get last(): Slot | undefined {
    return this.#lastId < 0 ? undefined : this.get(this.#lastId);
  }

  /** Its id; undefined while there is none. */
  get lastId(): PartId | undefined {
    return this.#lastId < 0 ? undefined : this.#lastId;
  }

  /** Id that `append()` gives next. */
  get nextId(): PartId {
    return this.#nextId;
  }

  /** The lowest id that can be read. Who lists parts reads it after a write: all below are gone. */
  get oldestId(): PartId | undefined {
    return this.#table.count > this.#heldBack ? this.#table.oldestId : undefined;
  }

  /** Ids below have left, if they ever were there; an id above may still be one that never came. */
  get floorId(): PartId {
    return this.#table.floorId;
  }

  /** @internal */
  get oldestSequence(): number | undefined {
    const { count, oldestId } = this.#table;
    return count === 0 || this.pinned ? undefined : this.#table.get(oldestId)?.sequence;
  }

  /** Grows with every part that becomes readable or is replaced. */
  get version(): number {
    return this.#version;
  }

  /** Bytes of all parts; init segments are not counted. */
  get sizeBytes(): number {
    return this.#table.sizeBytes;
  }

  /** Reads miss, writes throw. */
  get closed(): boolean {
    return this.#closed;
  }

  /** How full it is. */
  get stats(): SlotRingStats {
    return {
      count: this.#table.count - this.#heldBack,
      heldBack: this.#heldBack,
      sizeBytes: this.#table.sizeBytes,
      capacity: this.capacity,
      evicted: this.#table.evicted,
      inits: this.#inits.count,
      waiters: this.#waiters.stats,
    };
  }

  /** Parts that are waited for now, and by how many. */
  pendingWaits(): Iterable<{ readonly key: PartId; readonly waiting: number }> {
    return this.#waiters.pending();
  }

  /** Whether `parts` more of `sizeBytes` together fit into a pinned ring without anything leaving. */
  hasRoom(parts: number, sizeBytes: number): boolean {
    const usedIds = this.#nextId - this.#table.floorId;
    if (usedIds + parts > this.capacity || this.#table.sizeBytes + sizeBytes > this.#maxBytes) return false;
    return this.#budget.hasRoomForPinned(sizeBytes);
  }

  /** Whether one more init segment fits without one leaving. */
  get hasRoomForInit(): boolean {
    return this.#inits.count < MAX_INITS;
  }

  /** The views of the ids from `from` up to but without `toExclusive`; undefined unless all of them can be read. */
  range(from: PartId, toExclusive: PartId): readonly Bytes[] | undefined {
    if (!(toExclusive - from <= this.capacity)) return undefined;
    const views: Bytes[] = [];
    for (let id = from; id < toExclusive; id += 1) {
      const slot = this.get(id);
      if (slot === undefined) return undefined;
      views.push(slot.bytes);
    }
    return views;
  }

  /**
   * Writes the next part and returns its id. Keeps `bytes` as they are.
   * @throws RelayError `closed`, `part-too-large`; what is there stays
   */
  append(bytes: Bytes): PartId {
    const id = this.#nextId;
    this.put(id, bytes);
    return id;
  }

  /**
   * Writes a part under its id, in place of one that is there, and makes it readable at once; ids left out before it stay
   * gaps that may yet be filled. The id is the owner's word: one far ahead pushes out all that is behind by the capacity.
   * @throws RelayError `closed`, `part-too-large`, `invalid-option`; `out-of-order` for an id that has left; what is there stays
   */
  put(id: PartId, bytes: Bytes): void {
    this.#checkWrite(id, bytes);
    if (id < this.#table.floorId) {
      throw new RelayError(
        "out-of-order",
        `expected a part id of at least ${this.#table.floorId}, got ${id}, which has left`,
      );
    }
    this.#store(id, bytes);
    this.#publish(id);
    this.#makeRoom();
  }

  /**
   * Like `put()`, but what is there stays. An id that has left is `present`: it had its time and does not come back.
   * @throws RelayError `closed`, `part-too-large`, `invalid-option`
   */
  putIfAbsent(id: PartId, bytes: Bytes): PutOutcome {
    this.#checkWrite(id, bytes);
    const found = this.#table.compare(id, bytes);
    if (found !== undefined) return found;
    this.#store(id, bytes);
    this.#publish(id);
    this.#makeRoom();
    return "inserted";
  }

  /**
   * Takes parts in any order and makes them readable in order: a part ahead of a missing one is held back until that comes, or
   * until its place is needed; then reading goes on behind the gap. What is there stays, as with `putIfAbsent()`.
   * @throws RelayError `closed`, `part-too-large`, `invalid-option`; `out-of-order` for an id so far ahead of all others that
   * nothing would stay: a stream that goes on there needs a ring of its own
   */
  putContiguous(id: PartId, bytes: Bytes): PutOutcome {
    this.#checkWrite(id, bytes);
    const found = this.#table.compare(id, bytes);
    if (found !== undefined) return found;
    if (id >= this.#headId + this.capacity) {
      throw new RelayError(
        "out-of-order",
        `expected a part id below ${this.#headId + this.capacity}, which the ring can reach, got ${id}`,
      );
    }
    this.#store(id, bytes);
    if (id < this.#nextId) this.#publish(id);
    else this.#resume();
    this.#makeRoom();
    return "inserted";
  }

  /**
   * Gives up the next id, because its part will never come (rule 25): who waits for it learns so at once. Returns the id.
   * @throws RelayError `closed`
   */
  skip(): PartId {
    this.#checkOpen();
    const id = this.#nextId;
    this.#advanceHead(id);
    this.#nextId = id + 1;
    this.#waiters.wake(id);
    this.#resume();
    return id;
  }

  /**
   * The part, when it can be read. Undefined when it does not come before the deadline, has left, or nobody waits any more.
   * @throws RelayError `waiter-limit`
   */
  async waitFor(id: PartId, { signal, deadlineMs = DEFAULT_WAIT_MS }: WaitForOptions = {}): Promise<Slot | undefined> {
    const slot = this.get(id);
    if (slot !== undefined || !(id >= this.#table.floorId)) return slot;
    await this.#waiters.wait(id, { signal, deadlineMs });
    return this.get(id);
  }

  /** Answers everybody who waits now, with undefined. Returns how many there were. */
  stopWaiting(): number {
    return this.#waiters.drain();
  }

  /**
   * Keeps an init segment as it is; the newest 64 stay.
   * @throws RelayError `closed`, `part-too-large`
   */
  setInit(index: number, bytes: Bytes): void {
    this.#checkOpen();
    this.#inits.set(index, bytes);
  }

  /** An init segment; undefined where it is kept no more, or never was. */
  init(index: number): Bytes | undefined {
    return this.#inits.get(index);
  }

  /**
   * Drops the oldest part and returns the bytes it had; 0 when there is none.
   * @internal
   */
  evictOldest(): number {
    if (this.#table.count === 0) return 0;
    const freedBytes = this.#dropOldest();
    this.#resume();
    return freedBytes;
  }

  /** Frees everything. Readers keep the views they hold; who waits is answered with undefined. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#budget.add(-this.#table.sizeBytes);
    this.#budget.leave(this);
    this.#table.clear();
    this.#lastId = -1;
    this.#heldBack = 0;
    this.#inits.clear();
    this.#waiters.close();
  }

  #checkOpen(): void {
    if (!this.#closed) return;
    throw new RelayError("closed", `expected an open ring, got generation ${this.generation}, which was closed`);
  }

  #checkWrite(id: PartId, bytes: Bytes): void {
    this.#checkOpen();
    checkId(id);
    if (bytes.byteLength <= this.#maxBytes) return;
    throw new RelayError(
      "part-too-large",
      `part ${id}: expected at most ${this.#maxBytes} bytes, got ${bytes.byteLength}`,
    );
  }

  #store(id: PartId, bytes: Bytes): void {
    this.#advanceHead(id);
    const former = this.#table.store(new StoredSlot(id, this.generation, bytes, this.#budget.nextSequence()));
    this.#budget.add(bytes.byteLength - (former === undefined ? 0 : former.bytes.byteLength));
    if (former === undefined && id >= this.#nextId) this.#heldBack += 1;
  }

  #advanceHead(id: PartId): void {
    if (id < this.#headId) return;
    this.#headId = id + 1;
    const floorId = this.#headId - this.capacity;
    while (this.#table.count > 0 && this.#table.oldestId < floorId) this.#dropOldest();
    this.#table.raiseFloor(floorId);
  }

  /** Makes a stored id readable, with all before it and those that waited for it alone. */
  #publish(id: PartId): void {
    if (id < this.#nextId) {
      this.#announce(id);
      return;
    }
    let next = Math.max(this.#nextId, this.#table.floorId);
    this.#nextId = id + 1;
    for (; next <= id; next += 1) {
      if (this.#table.get(next) === undefined) continue;
      this.#heldBack -= 1;
      this.#announce(next);
    }
    this.#resume();
  }

  /** Goes on to the next gap that may still be filled. */
  #resume(): void {
    if (this.#nextId < this.#table.floorId) this.#nextId = this.#table.floorId;
    while (this.#heldBack > 0 && this.#table.get(this.#nextId) !== undefined) {
      this.#heldBack -= 1;
      this.#nextId += 1;
      this.#announce(this.#nextId - 1);
    }
    this.#waiters.wakeThrough(this.#table.floorId - 1);
  }

  #announce(id: PartId): void {
    this.#version += 1;
    if (id > this.#lastId) this.#lastId = id;
    this.#waiters.wake(id);
  }

  #makeRoom(): void {
    if (this.#table.sizeBytes > this.#maxBytes) {
      while (this.#table.sizeBytes > this.#maxBytes) this.#dropOldest();
      this.#resume();
    }
    this.#budget.enforce();
  }

  #dropOldest(): number {
    const wasHeldBack = this.#table.oldestId >= this.#nextId;
    const freedBytes = this.#table.dropOldest();
    this.#budget.add(-freedBytes);
    if (wasHeldBack) this.#heldBack -= 1;
    if (this.#table.count === this.#heldBack) this.#lastId = -1;
    return freedBytes;
  }
}

function checkId(id: PartId): void {
  if (Number.isSafeInteger(id) && id >= 0) return;
  throw new RelayError("invalid-option", `part id: expected a whole number of at least 0, got ${String(id)}`);
}
