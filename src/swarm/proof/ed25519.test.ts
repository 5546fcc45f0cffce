import { expect, test } from "vitest";
import type { Bytes } from "../../model/bytes.ts";
import { chooseEd25519, type Ed25519, ed25519, fromPkcs8, toPkcs8 } from "./ed25519.ts";

const fromHex = (hex: string): Bytes => new Uint8Array(Buffer.from(hex, "hex"));
const toHex = (bytes: Bytes): string => Buffer.from(bytes).toString("hex");

/** A host that has WebCrypto, and no Ed25519 in it. */
const without = {
  digest: crypto.subtle.digest.bind(crypto.subtle),
  importKey: () => Promise.reject(new DOMException("Unrecognized name", "NotSupportedError")),
} as unknown as typeof crypto.subtle;

const schemes = async (): Promise<readonly [Ed25519, Ed25519]> => [await ed25519(), await chooseEd25519(without)];

/** RFC 8032, section 7.1, test 1. */
const FIRST = {
  seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
  publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  message: "",
  signature:
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
};

/** The same, test 3. */
const THIRD = {
  seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
  publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
  message: "af82",
  signature:
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
};

test("the host's and the library's give what RFC 8032 says, and take each other's signatures", async () => {
  for (const scheme of await schemes()) {
    for (const { seed, publicKey, message, signature } of [FIRST, THIRD]) {
      const signer = await scheme.signer(fromHex(seed));
      expect(toHex(signer.publicKey)).toBe(publicKey);
      expect(toHex(await signer.sign(fromHex(message)))).toBe(signature);
      const verify = await scheme.verifier(fromHex(publicKey));
      expect(await verify(fromHex(signature), fromHex(message))).toBe(true);
      expect(await verify(fromHex(signature), fromHex(`${message}00`))).toBe(false);
    }
  }
});

test("a signature of the wrong length, or one that was stretched by the group's order, is none", async () => {
  const { publicKey, message, signature } = THIRD;
  // The scalar, in the last 32 bytes, plus the order: RFC 8032, 5.1.7 wants it below.
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const scalar = BigInt(`0x${toHex(fromHex(signature).slice(32).reverse())}`) + order;
  const stretched = fromHex(signature);
  stretched.set(fromHex(scalar.toString(16).padStart(64, "0")).reverse(), 32);
  for (const scheme of await schemes()) {
    const verify = await scheme.verifier(fromHex(publicKey));
    for (const wrong of [stretched, new Uint8Array(0), new Uint8Array(64), fromHex(signature).subarray(1)]) {
      expect(await verify(wrong, fromHex(message))).toBe(false);
    }
  }
});

test("a seed is read from the PKCS #8 that it was written as, and from nothing else", () => {
  const seed = fromHex(FIRST.seed);
  const key = toPkcs8(seed);
  expect(fromPkcs8(key)).toEqual(seed);
  expect(fromPkcs8(key.subarray(1))).toBeUndefined();
  expect(fromPkcs8(new Uint8Array(48))).toBeUndefined();
});
