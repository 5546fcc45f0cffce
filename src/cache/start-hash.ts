import startXxHash, { type XXHashAPI } from "xxhash-wasm";
import type { Bytes } from "../model/bytes.ts";
import { hashWith } from "./hash.ts";

/** The module copies its input into its own memory, which never shrinks: longer inputs go in pieces. */
const PIECE_SIZE_BYTES = 256 * 1024;

let starting: Promise<boolean> | undefined;

/**
 * Makes slots be hashed by WebAssembly, which takes about 9 us for 64 KB instead of 300. For hosts that hash much: who never asks for
 * a hash should not carry the module. Resolves with whether there is one, since a host may refuse it (Content-Security-Policy).
 */
export function startHash(): Promise<boolean> {
  starting ??= startXxHash().then(
    (api) => {
      hashWith((bytes) => hashBy(api, bytes));
      return true;
    },
    () => false,
  );
  return starting;
}

function hashBy(api: XXHashAPI, bytes: Bytes): bigint {
  if (bytes.byteLength <= PIECE_SIZE_BYTES) return api.h64Raw(bytes);
  const hash = api.create64();
  for (let at = 0; at < bytes.byteLength; at += PIECE_SIZE_BYTES)
    hash.update(bytes.subarray(at, at + PIECE_SIZE_BYTES));
  return hash.digest();
}
