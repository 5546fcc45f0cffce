import type { Bytes } from "../../model/bytes.ts";
import type { StreamCard } from "../../model/part-header.ts";
import { encodeCard, joinCard } from "../../wire/card-codec.ts";
import type { KeyPair } from "./key-pair.ts";

/**
 * A stream's card as a card frame carries it. Without keys (`integrity: "none"`) it holds no public key and is not signed.
 * @throws RelayError `malformed-frame` where a field is beyond what cards take
 */
export async function signCard(card: Omit<StreamCard, "publicKey">, keys?: KeyPair): Promise<Bytes> {
  const encoded = encodeCard({ ...card, publicKey: keys?.publicKey ?? new Uint8Array(0) });
  return joinCard(encoded, keys === undefined ? new Uint8Array(0) : await keys.sign(encoded));
}
