import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import type { PartId } from "../model/ids.ts";
import { type CacheConfig, type CacheOptions, resolveCacheOptions } from "../model/options.ts";
import { type Ledger, SlotRing } from "./slot-ring.ts";

/** A fixed number of rings, one for each rendition of each stream, under one byte budget. */
export class ChunkCache {
  readonly config: CacheConfig;
  readonly #clock: Clock | undefined;
  readonly #rings = new Map<string, SlotRing>();
  readonly #ledger: Ledger;
  #generation = 0;

  /** @throws RelayError `invalid-option` */
  constructor(options: CacheOptions = {}, { clock }: { clock?: Clock } = {}) {
    this.config = resolveCacheOptions(options);
    this.#clock = clock;
    this.#ledger = { sizeBytes: 0, writes: 0, afterWrite: () => this.#keepBudget() };
  }

  /** Bytes in all rings. */
  get sizeBytes(): number {
    return this.#ledger.sizeBytes;
  }

  /** Rings in use. */
  get size(): number {
    return this.#rings.size;
  }

  /**
   * The ring of this name; the same handle while it lives.
   * @throws RelayError `stream-limit` when every place is taken
   */
  open(name: string, { firstId = 0 }: { firstId?: PartId } = {}): SlotRing {
    const known = this.#rings.get(name);
    if (known !== undefined) return known;
    const { numPlaylists, maxSegments, maxPartsPerSegment, maxBytesPerPlaylist, maxBytes } = this.config;
    if (this.#rings.size >= numPlaylists) {
      throw new RelayError("stream-limit", `expected at most ${numPlaylists} playlists, got one more: "${name}"`);
    }
    this.#generation += 1;
    const ring = new SlotRing({
      capacity: maxSegments * maxPartsPerSegment,
      maxBytes: Math.min(maxBytesPerPlaylist, maxBytes),
      firstId,
      generation: this.#generation,
      ledger: this.#ledger,
      ...(this.#clock === undefined ? {} : { clock: this.#clock }),
    });
    this.#rings.set(name, ring);
    return ring;
  }

  find(name: string): SlotRing | undefined {
    return this.#rings.get(name);
  }

  /** Frees the place. Handles of it miss from now on, whoever gets the place next. */
  close(name: string): boolean {
    this.#rings.get(name)?.close();
    return this.#rings.delete(name);
  }

  /** Over the budget, the oldest slot of any ring leaves first; the newest of each stays. */
  #keepBudget(): void {
    while (this.#ledger.sizeBytes > this.config.maxBytes) {
      let oldest: SlotRing | undefined;
      let oldestWrite = Number.POSITIVE_INFINITY;
      for (const ring of this.#rings.values()) {
        const write = ring.oldestWrite;
        if (write !== undefined && write < oldestWrite) {
          oldest = ring;
          oldestWrite = write;
        }
      }
      if (oldest === undefined || oldest.evictOldest() === 0) return;
    }
  }
}
