import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test, vi } from "vitest";
import { HeaderSigner } from "../../swarm/proof/header-signer.ts";
import { cardOf, EPOCH, factsOf } from "../../swarm/proof/proof.test-support.ts";
import { signCard } from "../../swarm/proof/sign-card.ts";
import { publisherKey } from "./key-store.ts";

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

test("a stream has one key for as long as its browser stores it, also for two tabs that ask at once, and another has another", async () => {
  const [one, other] = await Promise.all([publisherKey("/live/ studio"), publisherKey("/live/ studio")]);
  expect(one.fingerprint).toBe(other.fingerprint);
  expect((await publisherKey("/live/ studio")).fingerprint).toBe(one.fingerprint);
  expect((await publisherKey("/v2/live/ studio")).fingerprint).not.toBe(one.fingerprint);
});

test("where nothing can be stored, or what is stored is no key, a stream has a key for as long as its page lives", async () => {
  vi.stubGlobal("indexedDB", undefined);
  const [one, other] = [await publisherKey("studio"), await publisherKey("studio")];
  expect(one.fingerprint).not.toBe(other.fingerprint);
  vi.unstubAllGlobals();
});

test("nothing that a publisher sends holds its private key", async () => {
  const keys = await publisherKey("studio");
  const seed = keys.exportKey().slice(16);
  const signer = new HeaderSigner({ epoch: EPOCH, keys });
  const sent = [await signCard(cardOf(), keys)];
  for (let part = 0; part < 4; part++) {
    const { encoded, signature } = await signer.sign(factsOf(1, part), new Uint8Array(100).fill(part));
    sent.push(encoded, signature);
  }
  for (const bytes of sent) expect(Buffer.from(bytes).includes(Buffer.from(seed))).toBe(false);
});
