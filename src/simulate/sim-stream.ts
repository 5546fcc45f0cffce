import type { Bytes } from "../model/bytes.ts";
import {
  type Digest,
  MAX_SHARED_PART_BYTES,
  type PartKey,
  PIECE_SIZE_BYTES,
  partNumber,
  type SignedHeader,
  type StreamCard,
} from "../model/part-header.ts";

export interface SimStreamOptions {
  readonly bitsPerSecond?: number;
  readonly partMs?: number;
  readonly partsPerSegment?: number;
}

/** How much larger the part with the key frame is than the mean, and the others smaller; and how much each varies. */
const KEY_FRAME_WEIGHT = 1.9;
const SIZE_SPREAD = 0.15;
/** As long as an encoded header is with its epoch and numbers. */
const ENCODED_BYTES = 190;
const ZEROS: Digest = new Uint8Array(32);
const SIGNATURE: Bytes = new Uint8Array(64);
const ENCODED: Bytes = new Uint8Array(ENCODED_BYTES);
/** All media of the world: every part is a view of these, so that a hundred thousand viewers keep it once. */
const MEDIA: Bytes = new Uint8Array(MAX_SHARED_PART_BYTES);

export interface SimPart {
  readonly signed: SignedHeader;
  readonly bytes: Bytes;
  /** When its last sample was encoded: virtual milliseconds from the start of the stream. */
  readonly madeMs: number;
}

/** A live stream of one rendition: parts of the sizes that an encoder makes, the same whenever they are asked for. */
export class SimStream {
  readonly card: StreamCard;
  readonly cardBytes: Bytes = new Uint8Array(300);
  readonly partMs: number;
  readonly partsPerSegment: number;
  readonly meanPartBytes: number;
  readonly #parts = new Map<number, SimPart>();

  constructor({ bitsPerSecond = 1_500_000, partMs = 333, partsPerSegment = 6 }: SimStreamOptions = {}) {
    this.partMs = partMs;
    this.partsPerSegment = partsPerSegment;
    this.meanPartBytes = Math.round((bitsPerSecond * partMs) / 8000);
    this.card = {
      name: "world",
      publicKey: new Uint8Array(32),
      epoch: "e1",
      revision: 1,
      options: {
        renditions: [{ id: "main", bandwidth: bitsPerSecond }],
        partTargetMs: partMs,
        targetDurationMs: partMs * partsPerSegment,
      },
    };
  }

  /** Position of the `index`th part, counted from 0. */
  keyOf(index: number): PartKey {
    return { rendition: 0, msn: 1 + Math.floor(index / this.partsPerSegment), part: index % this.partsPerSegment };
  }

  indexOf({ msn, part }: PartKey): number {
    return (msn - 1) * this.partsPerSegment + part;
  }

  part(index: number): SimPart {
    const known = this.#parts.get(index);
    if (known !== undefined) return known;
    const key = this.keyOf(index);
    const sizeBytes = this.#sizeOf(index);
    const digest = this.#digestOf(index);
    const part: SimPart = {
      madeMs: (index + 1) * this.partMs,
      bytes: MEDIA.subarray(0, sizeBytes),
      signed: {
        header: {
          ...key,
          epoch: this.card.epoch,
          durationMs: this.partMs,
          independent: key.part === 0,
          gap: false,
          discontinuity: false,
          programDateTimeMs: index * this.partMs,
          initDigest: ZEROS,
          sizeBytes,
          root: digest,
          previous: index === 0 ? ZEROS : this.#digestOf(index - 1),
        },
        encoded: ENCODED,
        digest,
        signature: SIGNATURE,
        pieces: Array.from({ length: Math.ceil(sizeBytes / PIECE_SIZE_BYTES) }, () => ZEROS),
      },
    };
    this.#parts.set(index, part);
    return part;
  }

  /** Forgets what is older, as a world of many hours must. */
  forgetBefore(index: number): void {
    for (const known of this.#parts.keys()) {
      if (known >= index) break;
      this.#parts.delete(known);
    }
  }

  #digestOf(index: number): Digest {
    const digest: Digest = new Uint8Array(32);
    new DataView(digest.buffer).setFloat64(0, partNumber(this.keyOf(index)) + 1);
    return digest;
  }

  #sizeOf(index: number): number {
    const { partsPerSegment } = this;
    const others = partsPerSegment === 1 ? 1 : (partsPerSegment - KEY_FRAME_WEIGHT) / (partsPerSegment - 1);
    const weight = partsPerSegment > 1 && index % partsPerSegment === 0 ? KEY_FRAME_WEIGHT : others;
    // Evenly spread, by the golden ratio: no state, so that parts can be asked for in any order.
    const varies = 1 + SIZE_SPREAD * (2 * ((index * 0.618_033_988_75) % 1) - 1);
    return Math.max(1, Math.round(this.meanPartBytes * weight * varies));
  }
}
