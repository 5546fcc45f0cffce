import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";

/** Init segments kept for one rendition: a change of codec or size every few seconds still leaves minutes of window. */
export const MAX_INITS = 64;
/** Real ones have 1 to 3 KB; the cap keeps all of a rendition's below the size of its parts. */
const MAX_INIT_BYTES = 256 * 1024;

/** The init segments of one rendition by their index; the one set first leaves first. */
export class InitSegments {
  readonly #byIndex = new Map<number, Bytes>();

  get count(): number {
    return this.#byIndex.size;
  }

  /** Keeps `bytes` as they are. @throws RelayError `part-too-large`; what is there stays */
  set(index: number, bytes: Bytes): void {
    if (bytes.byteLength > MAX_INIT_BYTES) {
      throw new RelayError(
        "part-too-large",
        `init segment ${index}: expected at most ${MAX_INIT_BYTES} bytes, got ${bytes.byteLength}`,
      );
    }
    // Set again, it counts as the newest.
    this.#byIndex.delete(index);
    this.#byIndex.set(index, bytes);
    if (this.#byIndex.size <= MAX_INITS) return;
    const [oldest] = this.#byIndex.keys();
    if (oldest !== undefined) this.#byIndex.delete(oldest);
  }

  get(index: number): Bytes | undefined {
    return this.#byIndex.get(index);
  }

  clear(): void {
    this.#byIndex.clear();
  }
}
