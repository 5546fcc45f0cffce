/** Bytes over an ordinary buffer. What is stored is never changed afterwards; readers hold views of it. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Not in constant time: nothing that is compared here is secret. */
export function sameBytes(a: Bytes, b: Bytes): boolean {
  if (a === b) return true;
  if (a.byteLength !== b.byteLength) return false;
  for (let index = 0; index < a.byteLength; index++) if (a[index] !== b[index]) return false;
  return true;
}
