import { type Bytes, sameBytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { PIECE_SIZE_BYTES, type SignedHeader } from "../model/part-header.ts";
import type { Proof } from "./swarm-types.ts";

export function isSame(a: SignedHeader, b: SignedHeader): boolean {
  return a === b || sameBytes(a.digest, b.digest);
}

/** Goes on at once where the check answers at once, and later where it does not. */
export function settle(check: () => void | Promise<void>, passed: () => void, failed: (thrown: unknown) => void): void {
  let outcome: void | Promise<void>;
  try {
    outcome = check();
  } catch (thrown) {
    failed(thrown);
    return;
  }
  if (outcome === undefined) passed();
  else outcome.then(passed, failed);
}

/**
 * Holds a whole part against its header, and the header against the key unless it is the one that is `known`: all at once, and without waiting
 * where the proof does not.
 *
 * @throws RelayError `unproven`
 */
export function proveWhole(
  proof: Proof,
  {
    signed,
    bytes,
    known,
  }: { readonly signed: SignedHeader; readonly bytes: Bytes; readonly known?: SignedHeader | undefined },
): void | Promise<void> {
  if (bytes.byteLength !== signed.header.sizeBytes) {
    throw new RelayError("unproven", `part: expected ${signed.header.sizeBytes} bytes, got ${bytes.byteLength}`);
  }
  const checks: Promise<void>[] = [];
  const header = known !== undefined && isSame(known, signed) ? undefined : proof.header(signed);
  if (header !== undefined) checks.push(header);
  for (let index = 0; index < signed.pieces.length; index += 1) {
    const first = index * PIECE_SIZE_BYTES;
    const piece = proof.piece(signed, index, bytes.subarray(first, first + PIECE_SIZE_BYTES));
    if (piece !== undefined) checks.push(piece);
  }
  return checks.length === 0 ? undefined : Promise.all(checks).then(() => undefined);
}
