import type { PartId } from "../model/ids.ts";
import { SLOT_SOURCES } from "../model/inspection.ts";
import type { MediaSource } from "../model/stats.ts";

/** What is known of a part beside its bytes. */
export interface PartNote {
  /** Of its samples. */
  readonly durationMs: number;
  /** 0 of a gap. */
  readonly sizeBytes: number;
  /** `PART_INDEPENDENT` and `PART_GAP`. */
  readonly flags: number;
  /** Wall clock, in ms since the Unix epoch; 0 of what a worker before this one took. */
  readonly takenAtMs: number;
  /** Undefined of what a worker before this one took. */
  readonly source: MediaSource | undefined;
}

/**
 * Remembers of each part what nobody needs who plays it, for who looks into the relay: as many parts as the ring has slots, in columns
 * that are written in place, so that a part costs five stores and no object.
 */
export class PartNotes {
  readonly #capacity: number;
  readonly #ids: Float64Array;
  readonly #durationsMs: Float32Array;
  readonly #sizesBytes: Uint32Array;
  readonly #takenAtMs: Float64Array;
  /** Flags below, source above. */
  readonly #marks: Uint8Array;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#ids = new Float64Array(capacity).fill(-1);
    this.#durationsMs = new Float32Array(capacity);
    this.#sizesBytes = new Uint32Array(capacity);
    this.#takenAtMs = new Float64Array(capacity);
    this.#marks = new Uint8Array(capacity);
  }

  /** Remembers a part, in the place of the one that is as many before it as there are slots. */
  take(id: PartId, { durationMs, sizeBytes, flags, source, takenAtMs }: PartNote): void {
    const slot = id % this.#capacity;
    this.#ids[slot] = id;
    this.#durationsMs[slot] = durationMs;
    this.#sizesBytes[slot] = sizeBytes;
    this.#takenAtMs[slot] = takenAtMs;
    this.#marks[slot] = flags | ((source === undefined ? 0 : SLOT_SOURCES.indexOf(source)) << 4);
  }

  /** Undefined once a later part has taken its place. */
  get(id: PartId): PartNote | undefined {
    const slot = id % this.#capacity;
    if (this.#ids[slot] !== id) return undefined;
    const marks = this.#marks[slot] ?? 0;
    const source = SLOT_SOURCES[marks >> 4];
    return {
      durationMs: this.#durationsMs[slot] ?? 0,
      sizeBytes: this.#sizesBytes[slot] ?? 0,
      flags: marks & 0xf,
      takenAtMs: this.#takenAtMs[slot] ?? 0,
      source: source === "unknown" ? undefined : source,
    };
  }
}
