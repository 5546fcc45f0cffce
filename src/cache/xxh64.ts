import type { Bytes } from "../model/bytes.ts";

const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

/** For the few steps after the long loop; in that loop the call would cost three times as much as the arithmetic. */
function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function rotateLeft(value: bigint, bits: bigint): bigint {
  return BigInt.asUintN(64, (value << bits) | (value >> (64n - bits)));
}

function round(accumulator: bigint, lane: bigint): bigint {
  // Truncated on the spot, each step can stay in a machine word.
  const sum = BigInt.asUintN(64, accumulator + BigInt.asUintN(64, lane * P2));
  return BigInt.asUintN(64, rotateLeft(sum, 31n) * P1);
}

/**
 * xxHash64 with seed 0 without WebAssembly, for hosts that refuse it and until it has started. 64 KB take about 300 us.
 * @see https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */
export function xxh64(bytes: Bytes): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sizeBytes = view.byteLength;
  let at = 0;
  let hash = P5;
  if (sizeBytes >= 32) {
    let [a, b, c, d] = [u64(P1 + P2), P2, 0n, u64(-P1)];
    for (; at + 32 <= sizeBytes; at += 32) {
      a = round(a, view.getBigUint64(at, true));
      b = round(b, view.getBigUint64(at + 8, true));
      c = round(c, view.getBigUint64(at + 16, true));
      d = round(d, view.getBigUint64(at + 24, true));
    }
    hash = u64(rotateLeft(a, 1n) + rotateLeft(b, 7n) + rotateLeft(c, 12n) + rotateLeft(d, 18n));
    for (const accumulator of [a, b, c, d]) hash = u64((hash ^ round(0n, accumulator)) * P1 + P4);
  }
  hash = u64(hash + BigInt(sizeBytes));
  for (; at + 8 <= sizeBytes; at += 8) {
    hash = u64(rotateLeft(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4);
  }
  if (at + 4 <= sizeBytes) {
    hash = u64(rotateLeft(hash ^ u64(BigInt(view.getUint32(at, true)) * P1), 23n) * P2 + P3);
    at += 4;
  }
  for (; at < sizeBytes; at++) hash = u64(rotateLeft(hash ^ u64(BigInt(view.getUint8(at)) * P5), 11n) * P1);
  hash = u64((hash ^ (hash >> 33n)) * P2);
  hash = u64((hash ^ (hash >> 29n)) * P3);
  return hash ^ (hash >> 32n);
}
