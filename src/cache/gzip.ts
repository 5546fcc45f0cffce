import type { Bytes } from "../model/bytes.ts";

let packShort: ((bytes: Bytes) => Bytes) | undefined;

/** Sets what compresses short bytes on the thread; see `startGzip()`. */
export function gzipWith(pack: (bytes: Bytes) => Bytes): void {
  packShort = pack;
}

/** What compresses short bytes on the thread, where a host has started it. */
export function shortGzip(): ((bytes: Bytes) => Bytes) | undefined {
  return packShort;
}
