/** Bytes over an ordinary buffer. What is stored is never changed afterwards; readers hold views of it. */
export type Bytes = Uint8Array<ArrayBuffer>;
