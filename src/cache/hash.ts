import startXxHash, { type XXHashAPI } from "xxhash-wasm";
import type { Bytes } from "../model/bytes.ts";
import { xxh64 } from "./xxh64.ts";

/** The module copies its input into its own memory, which never shrinks: longer inputs go in pieces. */
const PIECE_SIZE_BYTES = 256 * 1024;

let wasm: XXHashAPI | undefined;
let starting: Promise<boolean> | undefined;

/** Starts the WebAssembly form, once. Resolves with whether there is one: a host may refuse it (Content-Security-Policy). */
export function startHash(): Promise<boolean> {
  starting ??= startXxHash().then(
    (api) => {
      wasm = api;
      return true;
    },
    () => false,
  );
  return starting;
}

/**
 * xxHash64 of `bytes` with seed 0: by WebAssembly, which the first call starts, and in JavaScript until it is there. 64 KB take
 * about 9 us then, and 300 us before.
 */
export function hashOf(bytes: Bytes): bigint {
  if (wasm === undefined) {
    void startHash();
    return xxh64(bytes);
  }
  if (bytes.byteLength <= PIECE_SIZE_BYTES) return wasm.h64Raw(bytes);
  const hash = wasm.create64();
  for (let at = 0; at < bytes.byteLength; at += PIECE_SIZE_BYTES)
    hash.update(bytes.subarray(at, at + PIECE_SIZE_BYTES));
  return hash.digest();
}
