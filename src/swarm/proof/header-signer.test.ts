import { expect, test } from "vitest";
import { decodeHeader } from "../../wire/part-header-codec.ts";
import { HeaderSigner, UNSIGNED_EPOCH } from "./header-signer.ts";
import { bytesOf, EPOCH, factsOf, stream } from "./proof.test-support.ts";
import { sha256 } from "./sha256.ts";

const NONE = new Uint8Array(32);

test("each header names the one before it of its rendition, and the first none", async () => {
  const { signer } = await stream();
  const first = await signer.sign(factsOf(1, 0), bytesOf(100));
  const other = await signer.sign(factsOf(1, 0, { rendition: 1 }), bytesOf(100));
  const second = await signer.sign(factsOf(1, 1), bytesOf(100));
  expect(first.header.previous).toEqual(NONE);
  expect(other.header.previous).toEqual(NONE);
  expect(second.header.previous).toEqual(first.digest);
});

test("calls that overlap are chained in their order, however long each takes to hash", async () => {
  const { signer, proof } = await stream();
  const sizes = [3_000_000, 10, 200_000, 1];
  const signed = await Promise.all(sizes.map((size, part) => signer.sign(factsOf(1, part), bytesOf(size))));
  for (const [index, { header }] of signed.entries()) {
    expect(header.previous).toEqual(signed[index - 1]?.digest ?? NONE);
  }
  for (const one of signed) await proof.header(one);
});

test("a header is what others read of it: rounded, measured, with the digest of what was signed", async () => {
  const { signer } = await stream();
  const signed = await signer.sign(factsOf(1, 0, { durationMs: 100.00004, programDateTimeMs: 7.6 }), bytesOf(20_000));
  expect(signed.header).toMatchObject({ epoch: EPOCH, durationMs: 100, programDateTimeMs: 8, sizeBytes: 20_000 });
  expect(decodeHeader(signed.encoded)).toEqual(signed.header);
  expect(signed.digest).toEqual(await sha256(signed.encoded));
  expect(signed.signature).toHaveLength(64);
});

test("a part out of order is refused, and one that cannot be is skipped by the chain", async () => {
  const { signer } = await stream();
  const first = await signer.sign(factsOf(2, 0), bytesOf(1));
  await expect(signer.sign(factsOf(2, 0), bytesOf(1))).rejects.toMatchObject({ code: "out-of-order" });
  await expect(signer.sign(factsOf(1, 9), bytesOf(1))).rejects.toMatchObject({ code: "out-of-order" });
  await expect(signer.sign(factsOf(2, 1), new Uint8Array(0))).rejects.toMatchObject({ code: "malformed-frame" });
  await expect(signer.sign(factsOf(2, 1), new Uint8Array(8 * 1024 * 1024 + 1))).rejects.toMatchObject({
    code: "part-too-large",
  });
  expect((await signer.sign(factsOf(2, 1), bytesOf(1))).header.previous).toEqual(first.digest);
});

test("without keys, all who fetch the same part make the same header", async () => {
  const mine = new HeaderSigner();
  await mine.sign(factsOf(1, 0), bytesOf(5));
  const [a, b] = await Promise.all([
    mine.sign(factsOf(1, 1), bytesOf(6)),
    new HeaderSigner().sign(factsOf(1, 1), bytesOf(6)),
  ]);
  expect(a).toEqual(b);
  expect(a.signature).toHaveLength(0);
  expect(a.header).toMatchObject({ epoch: UNSIGNED_EPOCH, previous: NONE });
});
