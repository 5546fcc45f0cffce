import type { Bytes } from "../../model/bytes.ts";

export function toHex(bytes: Bytes): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Of an even number of digits; anything else in them is read as 0. */
export function fromHex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function isSame(left: Bytes, right: Bytes): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** Whether a digest stands for nothing, as zeros do. */
export function isNone(digest: Bytes): boolean {
  return digest.every((byte) => byte === 0);
}
