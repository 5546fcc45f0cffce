/** A ring, as the budget it shares with others sees it. */
export interface BudgetedRing {
  /** Write sequence of the part that leaves next; undefined while the ring is empty. */
  readonly oldestSequence: number | undefined;
  /** Gives nothing up: its owner asks for room before each write. */
  readonly pinned: boolean;
  readonly sizeBytes: number;
  /** Drops that part and returns the bytes it had. */
  evictOldest(): number;
}

/** The bytes that several rings may hold together. Whichever ring has the part written longest ago gives it up first. */
export class ByteBudget {
  readonly maxBytes: number;
  readonly #rings = new Set<BudgetedRing>();
  #sizeBytes = 0;
  #sequence = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  join(ring: BudgetedRing): void {
    this.#rings.add(ring);
  }

  leave(ring: BudgetedRing): void {
    this.#rings.delete(ring);
  }

  /** Orders writes over all rings. */
  nextSequence(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  /** Whether a pinned ring may take this much more: the others can make room, pinned ones cannot. */
  hasRoomForPinned(sizeBytes: number): boolean {
    let pinnedBytes = sizeBytes;
    for (const ring of this.#rings) if (ring.pinned) pinnedBytes += ring.sizeBytes;
    return pinnedBytes <= this.maxBytes;
  }

  add(deltaBytes: number): void {
    this.#sizeBytes += deltaBytes;
  }

  /** Costs one comparison while the budget holds, and a look at each ring for each part that must go. */
  enforce(): void {
    while (this.#sizeBytes > this.maxBytes) {
      const ring = this.#ringOfOldest();
      if (ring === undefined) return;
      ring.evictOldest();
    }
  }

  #ringOfOldest(): BudgetedRing | undefined {
    let found: BudgetedRing | undefined;
    let oldest = Number.POSITIVE_INFINITY;
    for (const ring of this.#rings) {
      const sequence = ring.oldestSequence;
      if (sequence === undefined || sequence >= oldest) continue;
      oldest = sequence;
      found = ring;
    }
    return found;
  }
}
