import type { Bytes } from "../../src/model/bytes.ts";

/** Whole numbers from 0 to below `limit`, the same ones for the same seed (mulberry32). */
export type Random = (limit: number) => number;

export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/** Some more than the largest frame. */
export const MAX_SIZE_BYTES = 70_000;
/** Where decoders go wrong: ends of fields, signs, one too many. */
const EDGES = [0, 1, 2, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 254, 255];

type Mutation = (bytes: Bytes, random: Random, other: Bytes) => Bytes;

const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => changed(bytes, random, (byte) => byte ^ (1 << random(8))),
  (bytes, random) => changed(bytes, random, () => random(256)),
  (bytes, random) => changed(bytes, random, () => EDGES[random(EDGES.length)] ?? 0),
  (bytes, random) => changed(bytes, random, (byte) => byte + (random(2) === 0 ? 1 : -1)),
  (bytes, random) => bytes.slice(0, random(bytes.byteLength + 1)),
  (bytes, random) => spliced(bytes, random(bytes.byteLength + 1), 0, filled(random, 1 + random(40))),
  (bytes, random) => spliced(bytes, random(bytes.byteLength + 1), random(20), filled(random, 0)),
  (bytes, random) => {
    const at = random(bytes.byteLength + 1);
    return spliced(bytes, at, 0, bytes.subarray(at, at + 1 + random(64)));
  },
  (bytes, random, other) =>
    spliced(bytes, random(bytes.byteLength + 1), bytes.byteLength, other.subarray(random(other.byteLength + 1))),
  // Large ones are rare, and reach the caps.
  (bytes, random) =>
    random(50) > 0 ? bytes : spliced(bytes, bytes.byteLength, 0, filled(random, random(MAX_SIZE_BYTES))),
];

/** One change, or a few, in a buffer of its own. */
export function mutate(bytes: Bytes, random: Random, other: Bytes): Bytes {
  let result = bytes.slice();
  for (let left = random(2) === 0 ? 1 : 1 + random(4); left > 0; left--) {
    result = MUTATIONS[random(MUTATIONS.length)]?.(result, random, other) ?? result;
  }
  return result;
}

/** Gives a frame the length that it has. */
export function framed(bytes: Bytes): Bytes {
  if (bytes.byteLength >= 4) new DataView(bytes.buffer, bytes.byteOffset).setUint16(2, bytes.byteLength - 4);
  return bytes;
}

function changed(bytes: Bytes, random: Random, change: (byte: number) => number): Bytes {
  const at = random(bytes.byteLength);
  const byte = bytes[at];
  if (byte !== undefined) bytes[at] = change(byte);
  return bytes;
}

function filled(random: Random, sizeBytes: number): Bytes {
  const bytes = new Uint8Array(sizeBytes).fill(random(256));
  if (random(2) === 0) for (let at = 0; at < Math.min(sizeBytes, 64); at++) bytes[at] = random(256);
  return bytes;
}

function spliced(bytes: Bytes, at: number, removed: number, inserted: Bytes): Bytes {
  const after = bytes.subarray(Math.min(at + removed, bytes.byteLength));
  const result = new Uint8Array(at + inserted.byteLength + after.byteLength);
  result.set(bytes.subarray(0, at));
  result.set(inserted, at);
  result.set(after, at + inserted.byteLength);
  return result;
}
