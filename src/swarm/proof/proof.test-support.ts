import type { Bytes } from "../../model/bytes.ts";
import type { StreamCard } from "../../model/part-header.ts";
import { HeaderSigner, type PartFacts } from "./header-signer.ts";
import { KeyPair } from "./key-pair.ts";
import { signCard } from "./sign-card.ts";
import { StreamProof } from "./stream-proof.ts";

export const EPOCH = "mabcdefg0001";

/** Bytes that differ from piece to piece and from part to part. */
export function bytesOf(sizeBytes: number, seed = 1): Bytes {
  return Uint8Array.from({ length: sizeBytes }, (_, index) => (index * 31 + (index >> 8) * seed) & 0xff);
}

export function factsOf(msn: number, part: number, facts: Partial<PartFacts> = {}): PartFacts {
  return {
    rendition: 0,
    msn,
    part,
    durationMs: 333.333,
    independent: part === 0,
    gap: false,
    discontinuity: false,
    programDateTimeMs: 1_790_000_000_000 + msn * 2000 + part * 333,
    initDigest: new Uint8Array(32),
    ...facts,
  };
}

export function cardOf(card: Partial<StreamCard> = {}): Omit<StreamCard, "publicKey"> {
  return {
    name: "studio",
    epoch: EPOCH,
    revision: 1,
    options: { renditions: [{ id: "main", bandwidth: 1_500_000 }], partTargetMs: 333 },
    ...card,
  };
}

/** A publisher's side, and a viewer's that has its card. */
export async function stream(epoch = EPOCH) {
  const keys = await KeyPair.generate();
  const signer = new HeaderSigner({ epoch, keys });
  const proof = new StreamProof({ fingerprint: keys.fingerprint });
  const card = await signCard(cardOf({ epoch }), keys);
  await proof.card(card);
  return { keys, signer, proof, card };
}
