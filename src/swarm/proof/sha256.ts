import type { Bytes } from "../../model/bytes.ts";
import type { Digest } from "../../model/part-header.ts";

/** SHA-256 by WebCrypto, which every host of ours has, off the thread. `bytes` must not change meanwhile. */
export async function sha256(bytes: Bytes): Promise<Digest> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
