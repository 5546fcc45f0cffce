import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import { hashOf, startHash } from "./hash.ts";
import { xxh64 } from "./xxh64.ts";

const ascii = (text: string): Bytes => new TextEncoder().encode(text);

afterEach(() => {
  vi.doUnmock("xxhash-wasm");
  vi.resetModules();
});

test("both forms give the reference values of xxHash64", async () => {
  const known: [string, bigint][] = [
    ["", 0xef46db3751d8e999n],
    ["a", 0xd24ec4f1a98c6e5bn],
    ["abc", 0x44bc2cf5ad770999n],
    ["Nobody inspects the spammish repetition", 0xfbcea83c8a378bf1n],
  ];
  expect(await startHash()).toBe(true);
  for (const [text, hash] of known) expect([hashOf(ascii(text)), xxh64(ascii(text))]).toEqual([hash, hash]);
});

test("both forms agree on every length, and on views that begin anywhere", async () => {
  await startHash();
  const bytes = fc.uint8Array({ maxLength: 400, size: "max" });
  fc.assert(
    fc.property(bytes, fc.nat(9), (content, offset) => {
      const buffer = new Uint8Array(offset + content.length + 3);
      buffer.set(content, offset);
      const view = buffer.subarray(offset, offset + content.length);
      expect(hashOf(view)).toBe(xxh64(view));
    }),
  );
});

test("what goes in pieces has the hash of the whole", async () => {
  await startHash();
  for (const sizeBytes of [256 * 1024, 256 * 1024 + 1, 700_001]) {
    const bytes = Uint8Array.from({ length: sizeBytes }, (_, index) => index * 31);
    expect(hashOf(bytes)).toBe(xxh64(bytes));
  }
});

test("a host that refuses WebAssembly gets the same hash", async () => {
  vi.resetModules();
  vi.doMock("xxhash-wasm", () => ({ default: () => Promise.reject(new Error("refused by the policy")) }));
  const refused = await import("./hash.ts");
  expect(await refused.startHash()).toBe(false);
  expect(refused.hashOf(ascii("abc"))).toBe(0x44bc2cf5ad770999n);
});

test("a hash asked before WebAssembly has started is there at once, and starts it", async () => {
  vi.resetModules();
  let started = 0;
  vi.doMock("xxhash-wasm", () => ({ default: () => new Promise(() => started++) }));
  const early = await import("./hash.ts");
  expect(started).toBe(0);
  expect(early.hashOf(ascii("abc"))).toBe(0x44bc2cf5ad770999n);
  early.hashOf(ascii("abd"));
  expect(started).toBe(1);
});
