import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes } from "../../model/bytes.ts";
import type { SignedHeader } from "../../model/part-header.ts";
import { decodeSignedHeader, encodeHeader, encodeSignedHeader, HEADER_BYTES } from "../../wire/part-header-codec.ts";
import { type Ed25519, ed25519 } from "./ed25519.ts";
import { HeaderSigner } from "./header-signer.ts";
import { MAX_KNOWN_HEADERS } from "./header-window.ts";
import { KeyPair } from "./key-pair.ts";
import { bytesOf, cardOf, EPOCH, factsOf, stream } from "./proof.test-support.ts";
import { sha256 } from "./sha256.ts";
import { signCard } from "./sign-card.ts";
import { StreamProof } from "./stream-proof.ts";

const refused = (code: string, message: RegExp | string = "") =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

/** What `check` throws or rejects with; undefined where it passes. */
async function fault(check: () => unknown): Promise<unknown> {
  try {
    await check();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** As another peer would have it: other objects, the same content. */
function copyOf(signed: SignedHeader): SignedHeader {
  return decodeSignedHeader(encodeSignedHeader(signed));
}

function flipped(bytes: Bytes, bit: number): Bytes {
  const copy = bytes.slice();
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

test("a part that the publisher signed passes: card, header and every piece", async () => {
  const { signer, proof } = await stream();
  const bytes = bytesOf(40_000);
  const signed = copyOf(await signer.sign(factsOf(7, 0), bytes));
  await proof.header(signed);
  expect(signed.pieces).toHaveLength(3);
  await proof.piece(signed, 0, bytes.subarray(0, 16_384));
  await proof.piece(signed, 1, bytes.subarray(16_384, 32_768));
  await proof.piece(signed, 2, bytes.subarray(32_768));
});

test("a card of another key, of another stream, or without a signature is not taken", async () => {
  const { keys } = await stream();
  const other = await KeyPair.generate();
  const proof = new StreamProof({ fingerprint: keys.fingerprint, name: "studio" });
  expect(await fault(async () => proof.card(await signCard(cardOf(), other)))).toEqual(
    refused("unproven", "fingerprint"),
  );
  expect(await fault(async () => proof.card(await signCard(cardOf())))).toEqual(refused("unproven"));
  // Signed by the right key: no lie, but of another room.
  expect(await fault(async () => proof.card(await signCard(cardOf({ name: "garage" }), keys)))).toEqual(
    refused("stale"),
  );
  expect(await proof.card(await signCard(cardOf(), keys))).toMatchObject({ name: "studio", epoch: EPOCH, revision: 1 });
});

test("a card is followed to later revisions and epochs, and not back", async () => {
  const { keys, proof, card } = await stream();
  const second = await signCard(cardOf({ revision: 2, ended: [{ rendition: 0, msn: 9, part: 1 }] }), keys);
  expect(await proof.card(second)).toMatchObject({ revision: 2, ended: [{ msn: 9 }] });
  expect(await proof.card(second.slice())).toMatchObject({ revision: 2 });
  expect(await fault(() => proof.card(card))).toEqual(refused("stale", "revision 2 or later"));
  expect(await proof.card(await signCard(cardOf({ epoch: "nabcdefg0000" }), keys))).toMatchObject({ revision: 1 });
  expect(await fault(() => proof.card(second))).toEqual(refused("stale", "nabcdefg0000"));
});

test("two cards of one revision are shown as the proof against whoever signed them", async () => {
  const { keys, proof } = await stream();
  const twin = await signCard(cardOf({ options: { renditions: [{ id: "other", bandwidth: 1 }] } }), keys);
  expect(await fault(() => proof.card(twin))).toEqual(refused("unproven", /two are signed.* and RWRD/));
});

test("a header that is known costs no hash, and is known in any copy", async () => {
  const { signer, proof } = await stream();
  const signed = await signer.sign(factsOf(1, 0), bytesOf(100));
  await proof.header(signed);
  expect(proof.header(signed)).toBeUndefined();
  expect(proof.header(copyOf(signed))).toBeUndefined();
});

test("copies that arrive together are verified once", async () => {
  const { signer, proof } = await stream();
  const signed = await signer.sign(factsOf(1, 0), bytesOf(100));
  const first = proof.header(copyOf(signed));
  expect(proof.header(copyOf(signed))).toBe(first);
  await first;
});

test("a known header with other leaves or another signature is refused", async () => {
  const { signer, proof } = await stream();
  const signed = await signer.sign(factsOf(1, 0), bytesOf(20_000));
  await proof.header(signed);
  const [first = new Uint8Array(32), ...rest] = signed.pieces;
  const leaves = { ...signed, pieces: [flipped(first, 3), ...rest] };
  expect(await fault(() => proof.header(leaves))).toEqual(refused("unproven", "pieces"));
  const signature = { ...signed, signature: flipped(signed.signature, 3) };
  expect(await fault(() => proof.header(signature))).toEqual(refused("unproven", "not signed"));
});

test("headers are taken in any order, as long as the chain holds", async () => {
  const { signer, proof } = await stream();
  const headers: SignedHeader[] = [];
  for (const [msn, part] of [
    [1, 0],
    [1, 1],
    [2, 0],
    [2, 1],
    [3, 0],
  ] as const) {
    headers.push(await signer.sign(factsOf(msn, part), bytesOf(100, msn * 8 + part)));
  }
  for (const index of [3, 0, 4, 2, 1]) await proof.header(headers[index] as SignedHeader);
});

test("two headers of one number are refused with both in the message", async () => {
  const { keys, signer, proof } = await stream();
  await proof.header(await signer.sign(factsOf(1, 0), bytesOf(100)));
  const twin = await new HeaderSigner({ epoch: EPOCH, keys }).sign(factsOf(1, 0), bytesOf(101));
  expect(await fault(() => proof.header(twin))).toEqual(
    refused("unproven", /two are signed of 0\/1\/0: RWRI\S+ and RWRI/),
  );
});

test("a second history is refused where it meets the first one", async () => {
  const { keys, signer, proof } = await stream();
  const history: SignedHeader[] = [];
  for (const part of [0, 1, 2, 3]) history.push(await signer.sign(factsOf(1, part), bytesOf(50, part)));
  const [first, , third] = history as [SignedHeader, SignedHeader, SignedHeader];
  await proof.header(first);
  await proof.header(third);

  const forked = new HeaderSigner({ epoch: EPOCH, keys });
  const fork: SignedHeader[] = [];
  for (const part of [0, 1, 2, 3]) fork.push(await forked.sign(factsOf(1, part), bytesOf(51, part)));
  // Between the two: it follows neither, and neither follows it.
  expect(await fault(() => proof.header(fork[1] as SignedHeader))).toEqual(refused("unproven", "chain"));
  expect(await fault(() => proof.header(fork[3] as SignedHeader))).toEqual(refused("unproven", "chain"));
  await proof.header(history[1] as SignedHeader);
  await proof.header(history[3] as SignedHeader);
});

test("a header that skips one that is known, or claims to be the first after others, is refused", async () => {
  const { keys, signer, proof } = await stream();
  const first = await signer.sign(factsOf(1, 0), bytesOf(10, 1));
  const second = await signer.sign(factsOf(2, 0), bytesOf(10, 2));
  await proof.header(first);
  await proof.header(second);
  const from = (previous: Bytes, msn: number) =>
    resigned(keys, { ...second, header: { ...second.header, msn, previous } });
  expect(await fault(async () => proof.header(await from(first.digest, 3)))).toEqual(refused("unproven", "chain"));
  expect(await fault(async () => proof.header(await from(new Uint8Array(32), 3)))).toEqual(refused("unproven", "none"));
  expect(await fault(async () => proof.header(await from(second.digest, 0)))).toEqual(refused("unproven", "later"));
  await proof.header(await from(second.digest, 3));
});

/** What a publisher that lies would sign. */
async function resigned(keys: KeyPair, { header, pieces }: SignedHeader): Promise<SignedHeader> {
  const encoded = encodeHeader(header);
  return { header, encoded, digest: await sha256(encoded), signature: await keys.sign(encoded), pieces };
}

test("headers of another epoch, or before any card, are stale", async () => {
  const { keys, signer, proof } = await stream();
  const old = await signer.sign(factsOf(1, 0), bytesOf(10));
  await proof.header(old);
  await proof.card(await signCard(cardOf({ epoch: "nabcdefg0000" }), keys));
  expect(await fault(() => proof.header(old))).toEqual(refused("stale", "epoch"));
  const fresh = new StreamProof({ fingerprint: keys.fingerprint });
  expect(await fault(() => fresh.header(old))).toEqual(refused("stale", "card"));
});

test("a header whose epoch ends while it is verified is stale", async () => {
  const { keys, signer, card } = await stream();
  const ours = await ed25519();
  let held = Promise.resolve();
  const scheme: Ed25519 = {
    ...ours,
    async verifier(publicKey) {
      const verify = await ours.verifier(publicKey);
      return async (signature, message) => {
        // Cards pass; a header waits.
        if (message.byteLength === HEADER_BYTES) await held;
        return verify(signature, message);
      };
    },
  };
  const proof = new StreamProof({ fingerprint: keys.fingerprint, scheme });
  await proof.card(card);
  let release = (): void => undefined;
  held = new Promise((resolve) => {
    release = resolve;
  });
  const outcome = fault(async () => proof.header(await signer.sign(factsOf(1, 0), bytesOf(10))));
  await proof.card(await signCard(cardOf({ epoch: "nabcdefg0000" }), keys));
  release();
  expect(await outcome).toEqual(refused("stale", "epoch"));
});

test("fields that differ from the bytes that were signed are refused, and so is a rendition that the card lacks", async () => {
  const { keys, signer, proof } = await stream();
  const signed = await signer.sign(factsOf(1, 0), bytesOf(10));
  const dressed = { ...signed, header: { ...signed.header, msn: 2 } };
  expect(await fault(() => proof.header(dressed))).toEqual(refused("unproven", "fields"));
  const foreign = await resigned(keys, { ...signed, header: { ...signed.header, rendition: 1 } });
  expect(await fault(() => proof.header(foreign))).toEqual(refused("unproven", "rendition"));
});

test("a header of another key is refused", async () => {
  const { signer, proof } = await stream();
  const signed = await signer.sign(factsOf(1, 0), bytesOf(10));
  const forged = await resigned(await KeyPair.generate(), signed);
  expect(await fault(() => proof.header(forged))).toEqual(refused("unproven", "not signed"));
});

test("any flipped bit of a signed header or of its leaves is refused", async () => {
  const { keys, signer, card } = await stream();
  const whole = encodeSignedHeader(await signer.sign(factsOf(5, 2), bytesOf(50_000)));
  const proof = new StreamProof({ fingerprint: keys.fingerprint });
  await proof.card(card);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.byteLength * 8 - 1), async (bit) => {
      const error = await fault(() => proof.header(decodeSignedHeader(flipped(whole, bit))));
      // Of another epoch, or out of reach of the layout, is refused before the signature is.
      expect(["unproven", "stale", "malformed-frame"]).toContain((error as { code?: string } | undefined)?.code);
    }),
    { numRuns: 400 },
  );
});

test("any flipped bit of a card is refused", async () => {
  const { keys, card } = await stream();
  await fc.assert(
    fc.asyncProperty(fc.nat(card.byteLength * 8 - 1), async (bit) => {
      const proof = new StreamProof({ fingerprint: keys.fingerprint });
      expect(await fault(() => proof.card(flipped(card, bit)))).toEqual(refused("unproven"));
    }),
    { numRuns: 400 },
  );
});

test("any flipped bit of a piece or of an init segment is refused, and so are other sizes and places", async () => {
  const { signer, proof } = await stream();
  const bytes = bytesOf(16_384 + 700);
  const signed = await signer.sign(factsOf(1, 0), bytes);
  const last = bytes.subarray(16_384);
  const digest = await sha256(last);
  await proof.init(digest, last);
  await fc.assert(
    fc.asyncProperty(fc.nat(700 * 8 - 1), async (bit) => {
      expect(await fault(() => proof.piece(signed, 1, flipped(last, bit)))).toEqual(refused("unproven"));
      expect(await fault(() => proof.init(digest, flipped(last, bit)))).toEqual(refused("unproven"));
    }),
  );
  for (const [index, piece] of [
    [0, last],
    [1, last.subarray(1)],
    [2, last],
    [-1, last],
    [0.5, last],
  ] as const) {
    expect(await fault(() => proof.piece(signed, index, piece))).toEqual(refused("unproven"));
  }
});

test("a gap has a header and no piece", async () => {
  const { signer, proof } = await stream();
  const signed = await signer.sign(factsOf(1, 0, { gap: true }), new Uint8Array(0));
  await proof.header(signed);
  expect(signed.pieces).toEqual([]);
});

test("what is older than what is remembered is stale, however well it is signed", async () => {
  const { signer, proof } = await stream();
  const first = await signer.sign(factsOf(1, 0), bytesOf(1));
  await proof.header(first);
  for (let part = 1; part <= MAX_KNOWN_HEADERS; part++) {
    await proof.header(await signer.sign(factsOf(2 + Math.floor(part / 500), part % 500), bytesOf(1)));
  }
  expect(await fault(() => proof.header(first))).toEqual(refused("stale", "older"));
});

test("without integrity the first card and the first header of a number stand, and pieces are held against them", async () => {
  const proof = new StreamProof({ integrity: "none" });
  const card = await signCard(cardOf({ epoch: "0" }));
  await proof.card(card);
  expect(await fault(async () => proof.card(await signCard(cardOf({ epoch: "1" }))))).toEqual(refused("stale"));
  const bytes = bytesOf(20_000);
  const [mine, same, other] = await Promise.all([
    new HeaderSigner().sign(factsOf(1, 0), bytes),
    new HeaderSigner().sign(factsOf(1, 0, { programDateTimeMs: 5 }), bytes),
    new HeaderSigner().sign(factsOf(1, 0), bytesOf(20_001)),
  ] as const);
  await proof.header(mine);
  await proof.header(same);
  expect(await fault(() => proof.header(other))).toEqual(refused("stale", "first"));
  expect(await fault(() => proof.piece(mine, 0, flipped(bytes.subarray(0, 16_384), 9)))).toEqual(refused("unproven"));
  const [leaf = new Uint8Array(32), ...rest] = mine.pieces;
  const torn = { ...mine, pieces: [flipped(leaf, 0), ...rest] };
  expect(await fault(() => proof.header(torn))).toEqual(refused("unproven", "pieces"));
});

test("without integrity, made-up headers of late numbers do not shut out the real ones", async () => {
  const proof = new StreamProof({ integrity: "none" });
  await proof.card(await signCard(cardOf({ epoch: "0" })));
  const signer = new HeaderSigner();
  for (let made = 0; made <= MAX_KNOWN_HEADERS; made++) {
    await proof.header(await signer.sign(factsOf(1_000_000 + made, 0), bytesOf(1)));
  }
  await proof.header(await signer.sign(factsOf(1, 0), bytesOf(1)));
});
