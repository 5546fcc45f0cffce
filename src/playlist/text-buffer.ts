import type { Bytes } from "../model/bytes.ts";

/** Large enough that four hours of closed segments are two dozen views, small enough for a stream that has just begun. */
const PAGE_SIZE_BYTES = 32_768;

/** Short texts come to life together and go together: a buffer for each would cost more than its bytes. */
const POOL_SIZE_BYTES = 8192;
const MAX_POOLED_SIZE_BYTES = 1024;

const encoder = new TextEncoder();
let pool: Bytes = new Uint8Array(0);
let pooledBytes = 0;

/** The ASCII bytes of `text`: a short one in a buffer that others share, which must not be transferred. */
export function asciiBytes(text: string): Bytes {
  if (text.length > MAX_POOLED_SIZE_BYTES) return encoder.encode(text);
  if (pooledBytes + text.length > pool.length) {
    pool = new Uint8Array(POOL_SIZE_BYTES);
    pooledBytes = 0;
  }
  const bytes = pool.subarray(pooledBytes, pooledBytes + text.length);
  encoder.encodeInto(text, bytes);
  pooledBytes += text.length;
  return bytes;
}

/**
 * ASCII text that grows at its end and shrinks from its front. Offsets count from the first byte ever appended, so they stay
 * true when the front goes. A byte is written once and never moves: views that were handed out stay as they are, and what is
 * appended costs the same however much there is.
 */
export class TextBuffer {
  /** The text in pages; each is dropped whole once nothing of it is needed. */
  readonly #pages: Bytes[] = [];
  /** Offset of the first byte of the first page. */
  #base = 0;
  /** Offset of the first byte kept. */
  #start = 0;
  #end = 0;

  /** Offset after the last byte. */
  get end(): number {
    return this.#end;
  }

  /** What its pages take, used or not. */
  get sizeBytes(): number {
    return this.#pages.length * PAGE_SIZE_BYTES;
  }

  append(text: string): void {
    let left = text;
    while (left.length > 0) {
      const at = (this.#end - this.#base) % PAGE_SIZE_BYTES;
      const pageIndex = (this.#end - this.#base - at) / PAGE_SIZE_BYTES;
      let page = this.#pages[pageIndex];
      if (page === undefined) {
        page = new Uint8Array(PAGE_SIZE_BYTES);
        this.#pages.push(page);
      }
      // A sixth of the time that a loop over the character codes takes.
      const { read } = encoder.encodeInto(left, page.subarray(at));
      this.#end += read;
      left = read === left.length ? "" : left.slice(read);
    }
  }

  /** Forgets the text before `offset`. */
  dropBefore(offset: number): void {
    if (offset <= this.#start) return;
    this.#start = Math.min(offset, this.#end);
    while (this.#start - this.#base >= PAGE_SIZE_BYTES) {
      this.#pages.shift();
      this.#base += PAGE_SIZE_BYTES;
    }
  }

  /** Adds views of the text from `from` up to `to`, which must not have been dropped, to `views`: nothing is copied. */
  pushViews(views: Bytes[], from: number, to: number): void {
    let at = from - this.#base;
    const end = to - this.#base;
    while (at < end) {
      const inPage = at % PAGE_SIZE_BYTES;
      const sizeBytes = Math.min(end - at, PAGE_SIZE_BYTES - inPage);
      const page = this.#pages[(at - inPage) / PAGE_SIZE_BYTES];
      // A page that is wanted whole is a view already.
      if (page !== undefined)
        views.push(sizeBytes === PAGE_SIZE_BYTES ? page : page.subarray(inPage, inPage + sizeBytes));
      at += sizeBytes;
    }
  }
}
