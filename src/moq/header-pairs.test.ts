import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import type { SignedHeader } from "../model/part-header.ts";
import { HeaderSigner } from "../swarm/proof/header-signer.ts";
import { KeyPair } from "../swarm/proof/key-pair.ts";
import { encodeSignedHeader } from "../wire/part-header-codec.ts";
import { GAP_OBJECT, HeaderPairs } from "./header-pairs.ts";

const NONE = new Uint8Array(32);
const PARTS = 12;
const PER_GROUP = 4;
interface Made {
  readonly signed: SignedHeader;
  readonly header: Bytes;
  readonly media: Bytes;
  readonly group: number;
  readonly index: number;
}
let made: Made[];

beforeAll(async () => {
  const signer = new HeaderSigner({ epoch: "e1", keys: await KeyPair.generate() });
  made = [];
  for (let n = 0; n < PARTS; n++) {
    const [group, index] = [5 + Math.floor(n / PER_GROUP), n % PER_GROUP];
    const gap = n === 6;
    const media = gap ? new Uint8Array(0) : new Uint8Array(100 + n).fill(n);
    const facts = { durationMs: 250, independent: index === 0 && !gap, gap, discontinuity: false };
    const signed = await signer.sign(
      {
        rendition: 1,
        msn: group,
        part: index,
        programDateTimeMs: 1_800_000_000_000 + n * 250,
        initDigest: NONE,
        ...facts,
      },
      media,
    );
    made.push({ signed, header: encodeSignedHeader(signed), media: gap ? GAP_OBJECT : media, group, index });
  }
});

test("in whichever order headers and media come, and however often, each part comes out once with its own header", () => {
  const events = Array.from({ length: PARTS * 2 }, (_, n) => n);
  fc.assert(
    fc.property(fc.shuffledSubarray([...events, ...events], { minLength: PARTS * 4 }), (order) => {
      const pairs = new HeaderPairs(1, "e1");
      const out = order.flatMap((event) => {
        const part = made[event % PARTS] as Made;
        const { group, index } = part;
        const carried = event < PARTS ? pairs.header(group, index, part.header) : pairs.media(group, index, part.media);
        return carried === undefined ? [] : [carried];
      });
      expect(out).toHaveLength(PARTS);
      expect(pairs.waiting).toBe(0);
      for (const { signed, bytes } of out) {
        const part = made.find(({ group, index }) => group === signed.header.msn && index === signed.header.part);
        expect(signed.digest).toEqual(part?.signed.digest);
        expect(bytes.byteLength).toBe(signed.header.sizeBytes);
      }
    }),
    { numRuns: 50 },
  );
});

test("a header in another's place, of another rendition or of another epoch is refused", () => {
  const [first] = made as [Made];
  const pairs = new HeaderPairs(1, "e1");
  expect(() => pairs.header(5, 1, first.header)).toThrow(expect.objectContaining({ code: "relay-malformed" }));
  expect(() => new HeaderPairs(0, "e1").header(5, 0, first.header)).toThrow(RelayError);
  expect(() => new HeaderPairs(1, "e2").header(5, 0, first.header)).toThrow(expect.objectContaining({ code: "stale" }));
  expect(() => pairs.header(5, 0, first.header.subarray(1))).toThrow(
    expect.objectContaining({ code: "malformed-frame" }),
  );
});

test("media that is not as long as its header says is refused, and the part can still come", () => {
  const [first] = made as [Made];
  const pairs = new HeaderPairs(1, "e1");
  pairs.header(5, 0, first.header);
  expect(() => pairs.media(5, 0, first.media.subarray(1))).toThrow(
    expect.objectContaining({ code: "relay-malformed" }),
  );
  expect(pairs.media(5, 0, first.media)?.bytes).toEqual(first.media);
  const others = new HeaderPairs(1, "e1");
  others.media(5, 0, first.media.subarray(1));
  expect(() => others.header(5, 0, first.header)).toThrow(RelayError);
  expect(others.media(5, 0, first.media)?.bytes).toEqual(first.media);
});

test("what is never paired is forgotten, the oldest first", () => {
  const pairs = new HeaderPairs(1, "e1");
  for (let n = 0; n < 5_000; n++) pairs.media(n, 0, new Uint8Array(64 * 1024));
  expect(pairs.waiting).toBeLessThanOrEqual(512);
});
