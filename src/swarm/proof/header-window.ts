import { sameBytes } from "../../model/bytes.ts";
import { type Digest, partNumber, type SignedHeader } from "../../model/part-header.ts";

/** Headers that are remembered of one rendition: six minutes of parts of a third of a second. */
export const MAX_KNOWN_HEADERS = 1024;

/** The proven headers of one rendition and epoch, by number. */
export class HeaderWindow {
  readonly #signed: boolean;
  /** Ascending. */
  readonly #numbers: number[] = [];
  readonly #byNumber = new Map<number, SignedHeader>();
  readonly #numberByDigest = new Map<string, number>();

  /**
   * `signed`: only the publisher can have made them, so the lowest numbers make room. Else anybody can, of any number: then those make room
   * that came first, or a few made-up ones would shut out the real ones.
   */
  constructor(signed: boolean) {
    this.#signed = signed;
  }

  get(number: number): SignedHeader | undefined {
    return this.#byNumber.get(number);
  }

  /** Whether what was known of this number may have been forgotten. */
  forgets(number: number): boolean {
    return this.#signed && this.#numbers.length >= MAX_KNOWN_HEADERS && number < (this.#numbers[0] ?? 0);
  }

  /** Takes a header of a number that it has not. */
  add(signed: SignedHeader): void {
    const number = partNumber(signed.header);
    this.#numbers.splice(this.#indexFrom(number), 0, number);
    this.#byNumber.set(number, signed);
    this.#numberByDigest.set(keyOf(signed.digest), number);
    if (this.#numbers.length <= MAX_KNOWN_HEADERS) return;
    const [first = number] = this.#signed ? this.#numbers : this.#byNumber.keys();
    this.#forget(first);
  }

  /**
   * How the chain and this header, of a number that is not known, contradict each other; undefined where they do not. Headers may be
   * missing and come in any order: only what is known on both sides is held against it.
   */
  contradiction({ header, digest }: SignedHeader): string | undefined {
    const number = partNumber(header);
    const at = this.#indexFrom(number);
    const before = this.#numbers[at - 1];
    const after = this.#numbers[at];
    if (before !== undefined) {
      const named = this.#named(header.previous);
      if (named === "none") return `it names none before it, and ${shown(before)} comes before`;
      if (named === "unknown" && isNext(before, number)) return `it names another before it than ${shown(before)}`;
      if (named !== "unknown" && named !== before) return `it names ${shown(named)} and not ${shown(before)} before it`;
    } else {
      const named = this.#named(header.previous);
      if (typeof named === "number") return `it names ${shown(named)}, a later one, before it`;
    }
    const next = after === undefined ? undefined : this.#byNumber.get(after);
    if (after === undefined || next === undefined || sameBytes(next.header.previous, digest)) return undefined;
    // The one after it names something else: fine only while that may lie between the two.
    const named = this.#named(next.header.previous);
    return named === "unknown" && !isNext(number, after) ? undefined : `${shown(after)} does not come after it`;
  }

  #named(previous: Digest): number | "none" | "unknown" {
    if (previous.every((byte) => byte === 0)) return "none";
    return this.#numberByDigest.get(keyOf(previous)) ?? "unknown";
  }

  #forget(number: number): void {
    const signed = this.#byNumber.get(number);
    if (signed === undefined) return;
    this.#numbers.splice(this.#indexFrom(number), 1);
    this.#byNumber.delete(number);
    this.#numberByDigest.delete(keyOf(signed.digest));
  }

  /** Index of the first number that is not below. */
  #indexFrom(number: number): number {
    let low = 0;
    let high = this.#numbers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#numbers[middle] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** No part can lie between the two; where a segment ends only the next header tells. */
function isNext(number: number, next: number): boolean {
  return next - number === 1;
}

function keyOf(digest: Digest): string {
  return String.fromCharCode(...digest);
}

/** As positions are spoken of. */
function shown(number: number): string {
  return `${Math.floor(number / 1024)}/${number % 1024}`;
}
