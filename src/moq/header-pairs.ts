import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { partNumber, type SignedHeader } from "../model/part-header.ts";
import { decodeSignedHeader } from "../wire/part-header-codec.ts";

/** Parts, or headers, that wait for the other half; more than a relay keeps. */
const MAX_WAITING = 512;
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
const NOTHING: Bytes = new Uint8Array(0);

/** What an object holds that stands for a part which is not there: one empty `free` box (ISO/IEC 14496-12 8.1.2). */
export const GAP_OBJECT: Bytes = Uint8Array.of(0, 0, 0, 8, 0x66, 0x72, 0x65, 0x65);

export interface CarriedPart {
  readonly signed: SignedHeader;
  /** None of a gap. */
  readonly bytes: Bytes;
}

/**
 * Puts the parts of one rendition together with their headers, which come on a track of their own, in whichever order. Each comes out
 * once. Nothing is proven here.
 */
export class HeaderPairs {
  readonly #rendition: number;
  readonly #epoch: string;
  readonly #headers = new Map<number, SignedHeader>();
  readonly #media = new Map<number, Bytes>();
  #mediaBytes = 0;
  /** Of what came out; bounded by forgetting the oldest. */
  readonly #done = new Set<number>();

  /** `rendition`: its index in the stream's card. */
  constructor(rendition: number, epoch: string) {
    this.#rendition = rendition;
    this.#epoch = epoch;
  }

  /** Halves that wait for the other. */
  get waiting(): number {
    return this.#headers.size + this.#media.size;
  }

  /**
   * An object of the track of headers.
   * @throws RelayError `malformed-frame`, `relay-malformed` for a header of another place, `stale` for one of another epoch
   */
  header(group: number, index: number, bytes: Bytes): CarriedPart | undefined {
    const signed = decodeSignedHeader(bytes);
    const { header } = signed;
    if (header.epoch !== this.#epoch) {
      throw new RelayError("stale", `header ${group}.${index}: expected epoch ${this.#epoch}, got ${header.epoch}`);
    }
    if (header.rendition !== this.#rendition || header.msn !== group || header.part !== index) {
      const got = `${header.rendition}/${header.msn}.${header.part}`;
      throw new RelayError(
        "relay-malformed",
        `header: expected that of ${this.#rendition}/${group}.${index}, got that of ${got}`,
      );
    }
    const number = partNumber(header);
    if (this.#done.has(number) || this.#headers.has(number)) return undefined;
    if (header.gap) return this.#give(number, signed, NOTHING);
    this.#headers.set(number, signed);
    if (this.#headers.size > MAX_WAITING) this.#headers.delete(oldest(this.#headers));
    const media = this.#media.get(number);
    if (media === undefined) return undefined;
    this.#forgetMedia(number, media);
    return this.#pair(number, signed, media);
  }

  /** An object of the track of media. @throws RelayError `relay-malformed` for one that is not as long as its header says */
  media(group: number, index: number, bytes: Bytes): CarriedPart | undefined {
    const number = partNumber({ msn: group, part: index });
    // What stands in a gap's place has a header that says so.
    if (bytes.byteLength <= GAP_OBJECT.byteLength || this.#done.has(number) || this.#media.has(number))
      return undefined;
    const signed = this.#headers.get(number);
    if (signed !== undefined) return this.#pair(number, signed, bytes);
    this.#media.set(number, bytes);
    this.#mediaBytes += bytes.byteLength;
    while (this.#media.size > MAX_WAITING || this.#mediaBytes > MAX_WAITING_BYTES) {
      const first = oldest(this.#media);
      this.#forgetMedia(first, this.#media.get(first) ?? NOTHING);
    }
    return undefined;
  }

  /** What is not as long as its header says is not the part, which may still come. */
  #pair(number: number, signed: SignedHeader, bytes: Bytes): CarriedPart {
    const media = checked(signed, bytes);
    this.#headers.delete(number);
    return this.#give(number, signed, media);
  }

  #give(number: number, signed: SignedHeader, bytes: Bytes): CarriedPart {
    this.#done.add(number);
    if (this.#done.size > 2 * MAX_WAITING) this.#done.delete(oldest(this.#done));
    return { signed, bytes };
  }

  #forgetMedia(number: number, bytes: Bytes): void {
    this.#media.delete(number);
    this.#mediaBytes -= bytes.byteLength;
  }
}

function checked({ header }: SignedHeader, bytes: Bytes): Bytes {
  if (bytes.byteLength === header.sizeBytes) return bytes;
  throw new RelayError(
    "relay-malformed",
    `part ${header.msn}.${header.part}: expected ${header.sizeBytes} bytes, got ${bytes.byteLength}`,
  );
}

/** Maps and sets keep the order in which was added; this is of one that is not empty. */
function oldest(from: { keys(): IterableIterator<number> }): number {
  return from.keys().next().value ?? 0;
}
