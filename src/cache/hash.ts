import type { Bytes } from "../model/bytes.ts";
import { xxh64 } from "./xxh64.ts";

/** How slots are hashed: in JavaScript, until a host has started something faster (`startHash()`). */
let hash: (bytes: Bytes) => bigint = xxh64;

/** xxHash64 of `bytes` with seed 0. */
export function hashOf(bytes: Bytes): bigint {
  return hash(bytes);
}

/** From now on hashes are made by `faster`, which must give the same ones. */
export function hashWith(faster: (bytes: Bytes) => bigint): void {
  hash = faster;
}
