import { createPrivateKey, createPublicKey } from "node:crypto";
import { expect, test } from "vitest";
import { fingerprint, isFingerprint, KeyPair, streamId } from "./key-pair.ts";

test("a key that was exported and imported again signs for the same fingerprint", async () => {
  const keys = await KeyPair.generate();
  const again = await KeyPair.importKey(keys.exportKey());
  expect(again.fingerprint).toBe(keys.fingerprint);
  expect(await again.sign(new Uint8Array(3))).toEqual(await keys.sign(new Uint8Array(3)));
  expect((await KeyPair.generate()).fingerprint).not.toBe(keys.fingerprint);
});

test("an exported key is what other tools read", async () => {
  const keys = await KeyPair.generate();
  const key = createPrivateKey({ key: Buffer.from(keys.exportKey()), format: "der", type: "pkcs8" });
  const { x } = createPublicKey(key).export({ format: "jwk" });
  expect(x).toBe(Buffer.from(keys.publicKey).toString("base64url"));
});

test("what is no key is refused", async () => {
  for (const bytes of [new Uint8Array(0), new Uint8Array(48)]) {
    await expect(KeyPair.importKey(bytes)).rejects.toMatchObject({ code: "invalid-option" });
  }
});

test("a fingerprint is 43 characters of base64url, for whoever looks at a watch link too", async () => {
  expect(await fingerprint(new Uint8Array(32))).toBe("Zmh6rfhivXdsj8GLjp-OIAiXFIVu4jOzkCpZHQ1fKSU");
  expect(isFingerprint("Zmh6rfhivXdsj8GLjp-OIAiXFIVu4jOzkCpZHQ1fKSU")).toBe(true);
  for (const wrong of [
    "",
    "Zmh6rfhivXdsj8GLjp-OIAiXFIVu4jOzkCpZHQ1fKS",
    "Zmh6rfhivXdsj8GLjp+OIAiXFIVu4jOzkCpZHQ1fKSU",
  ]) {
    expect(isFingerprint(wrong)).toBe(false);
  }
});

test("a stream is known by 16 bytes of what identifies it", async () => {
  expect(Buffer.from(await streamId("abc")).toString("hex")).toBe("ba7816bf8f01cfea414140de5dae2223");
});
