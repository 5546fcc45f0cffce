import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import type { PartId } from "../model/ids.ts";
import { type CacheConfig, type CacheOptions, resolveCacheOptions } from "../model/options.ts";
import { ByteBudget } from "./byte-budget.ts";
import { SlotRing } from "./slot-ring.ts";

/** How a ring begins. */
export interface OpenRingOptions {
  /** Id of the first part, for a stream that goes on from earlier. Default 0. */
  readonly firstId?: PartId;
  /** Nothing leaves the ring to make room; see SlotRing. Default false. */
  readonly pinned?: boolean;
}

/** How full the cache is. */
export interface ChunkCacheStats {
  /** Places taken. */
  readonly playlists: number;
  /** Places there are. */
  readonly numPlaylists: number;
  /** Bytes of all parts of all rings. */
  readonly sizeBytes: number;
  /** What the rings may hold together. */
  readonly maxBytes: number;
}

/** Slots per ring: 8 MiB of memory for the positions alone, and more than a day of half-second parts. */
const MAX_SLOTS = 2 ** 20;

/**
 * The parts of all streams: a ring for each playlist, of as many slots as its segments have parts at most.
 * Resolve a name to its ring once and keep that: reads and writes go through the handle.
 */
export class ChunkCache {
  readonly #config: CacheConfig;
  readonly #clock: Clock;
  readonly #budget: ByteBudget;
  readonly #rings = new Map<string, SlotRing>();
  #generation = 0;

  /** @throws RelayError `invalid-option` */
  constructor(options: CacheOptions = {}, { clock = systemClock }: { readonly clock?: Clock } = {}) {
    this.#config = resolveCacheOptions(options);
    this.#clock = clock;
    this.#budget = new ByteBudget(this.#config.maxBytes);
    const slots = this.#config.maxSegments * this.#config.maxPartsPerSegment;
    if (slots > MAX_SLOTS) {
      throw new RelayError(
        "invalid-option",
        `maxSegments x maxPartsPerSegment: expected at most ${MAX_SLOTS} slots, got ${slots}`,
      );
    }
  }

  /** Bytes of all parts of all rings. */
  get sizeBytes(): number {
    return this.#budget.sizeBytes;
  }

  /** How full it is. */
  get stats(): ChunkCacheStats {
    const { numPlaylists, maxBytes } = this.#config;
    return { playlists: this.#rings.size, numPlaylists, sizeBytes: this.sizeBytes, maxBytes };
  }

  /**
   * The ring of this name; the same one, whatever `firstId` is, while the stream lives.
   * @throws RelayError `stream-limit` when every place is taken; `invalid-option`
   */
  open(name: string, { firstId = 0, pinned = false }: OpenRingOptions = {}): SlotRing {
    const open = this.#rings.get(name);
    if (open !== undefined) return open;
    const { numPlaylists, maxSegments, maxPartsPerSegment, maxBytesPerPlaylist } = this.#config;
    if (this.#rings.size >= numPlaylists) {
      throw new RelayError("stream-limit", `expected at most ${numPlaylists} playlists, got "${name}" as one more`);
    }
    const ring = new SlotRing({
      capacity: maxSegments * maxPartsPerSegment,
      maxBytes: maxBytesPerPlaylist,
      firstId,
      pinned,
      generation: this.#generation + 1,
      clock: this.#clock,
      budget: this.#budget,
    });
    this.#generation += 1;
    this.#rings.set(name, ring);
    return ring;
  }

  /** The ring of this name; undefined where none is open. */
  find(name: string): SlotRing | undefined {
    return this.#rings.get(name);
  }

  /**
   * An empty ring in place of the one that has this name, whose handles are closed: they miss, and never see the new parts.
   * @throws RelayError `stream-limit` when there was none and every place is taken; `invalid-option`; what is there stays
   */
  reset(name: string, options: OpenRingOptions = {}): SlotRing {
    const former = this.#rings.get(name);
    this.#rings.delete(name);
    try {
      const ring = this.open(name, options);
      former?.close();
      return ring;
    } catch (error) {
      if (former !== undefined) this.#rings.set(name, former);
      throw error;
    }
  }

  /** Frees the place and closes the handles. Returns whether there was one. */
  close(name: string): boolean {
    this.#rings.get(name)?.close();
    return this.#rings.delete(name);
  }
}
