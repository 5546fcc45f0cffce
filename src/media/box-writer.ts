import type { Bytes } from "../model/bytes.ts";

/** The pieces, one behind the other. */
export function join(pieces: readonly Bytes[]): Bytes {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.byteLength;
  }
  return joined;
}

/** A box of what stands in it. @see ISO/IEC 14496-12 4.2 */
export function box(type: string, pieces: readonly Bytes[]): Bytes {
  const size = pieces.reduce((sum, piece) => sum + piece.byteLength, 8);
  return join([u32(size), ascii(type), ...pieces]);
}

export function fullBox(type: string, version: number, flags: number, pieces: readonly Bytes[]): Bytes {
  return box(type, [u32((version << 24) | flags), ...pieces]);
}

export function u8(...values: readonly number[]): Bytes {
  return Uint8Array.from(values);
}

export function u16(...values: readonly number[]): Bytes {
  return Uint8Array.from(values.flatMap((value) => [value >>> 8, value]));
}

export function u32(...values: readonly number[]): Bytes {
  return Uint8Array.from(values.flatMap((value) => [value >>> 24, value >>> 16, value >>> 8, value]));
}

export function ascii(text: string): Bytes {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
