import { randomFillSync } from "node:crypto";
import type { Bytes } from "../../src/model/bytes.ts";

/** More than the caches of a processor core hold, so that each payload has to come from memory. */
const COLD_BYTES = 64 * 1024 * 1024;

/** Gives payloads of random bytes: `hot` the same one again and again, `cold` another one each time. */
export function payloads(sizeBytes: number, kind: "hot" | "cold"): () => Bytes {
  const all = kind === "hot" ? new Uint8Array(sizeBytes) : new Uint8Array(COLD_BYTES - (COLD_BYTES % sizeBytes));
  randomFillSync(all);
  const views = Array.from({ length: all.length / sizeBytes }, (_, index) =>
    all.subarray(index * sizeBytes, (index + 1) * sizeBytes),
  );
  const [first = all] = views;
  let next = 0;
  return () => {
    next = next + 1 < views.length ? next + 1 : 0;
    return views[next] ?? first;
  };
}
