import { beforeEach, expect, test } from "vitest";
import type { Bytes } from "../../model/bytes.ts";
import type { SignedHeader, StreamCard } from "../../model/part-header.ts";
import { KeyPair } from "../../swarm/proof/key-pair.ts";
import { StreamProof } from "../../swarm/proof/stream-proof.ts";
import type { Step } from "../../wire/messages.ts";
import { Seeder } from "./seeder.ts";
import { testCard } from "./session.test-support.ts";

let keys: KeyPair;
let proof: StreamProof;
let cards: StreamCard[];
let seeded: SignedHeader[];
let seeder: Seeder;

beforeEach(async () => {
  keys = await KeyPair.generate();
  proof = new StreamProof({ fingerprint: keys.fingerprint, name: "studio" });
  cards = [];
  seeded = [];
  const proven: Promise<unknown>[] = [];
  seeder = new Seeder({
    name: "studio",
    options: testCard().options,
    epoch: "e1",
    keys,
    sinks: [
      {
        setCard: (bytes: Bytes, card: StreamCard) => {
          cards.push(card);
          proven.push(proof.card(bytes));
        },
        provideInit: () => undefined,
        provide: (signed) => seeded.push(signed),
      },
    ],
  });
  await seeder.open();
  await Promise.all(proven);
});

const part = (n: number, changes: object = {}): Step => ({
  kind: "part",
  bytes: new Uint8Array(20_000).fill(n),
  durationMs: 250,
  independent: n % 4 === 0,
  programDateTimeMs: 1_800_000_000_000 + n * 250,
  ...changes,
});
const at = (n: number) => ({ position: { msn: 1 + Math.floor(n / 4), part: n % 4 } });

test("what the worker has taken is signed under its position, in order, and holds against the key", async () => {
  seeder.taken("main", { kind: "init", bytes: new Uint8Array(7) }, {});
  for (let n = 0; n < 6; n++) seeder.taken("main", part(n), at(n));
  await seeder.settled();
  expect(seeded.map(({ header: { msn, part: index } }) => [msn, index])).toEqual([
    [1, 0],
    [1, 1],
    [1, 2],
    [1, 3],
    [2, 0],
    [2, 1],
  ]);
  for (const signed of seeded) await proof.header(signed);
  for (const [index, { header }] of seeded.slice(1).entries()) expect(header.previous).toEqual(seeded[index]?.digest);
  expect(new Set(seeded.map(({ header }) => header.initDigest.join())).size).toBe(1);
});

test("gaps and discontinuities are signed with the part that they are of, or come before", async () => {
  seeder.taken("main", part(0), at(0));
  seeder.taken("main", { kind: "gap", durationMs: 250 }, at(1));
  seeder.taken("main", { kind: "discontinuity" }, {});
  seeder.taken("main", part(4), at(4));
  seeder.taken("main", part(5), at(5));
  await seeder.settled();
  expect(seeded.map(({ header: { gap, sizeBytes, discontinuity } }) => [gap, sizeBytes, discontinuity])).toEqual([
    [false, 20_000, false],
    [true, 0, false],
    [false, 20_000, true],
    [false, 20_000, false],
  ]);
  for (const signed of seeded) await proof.header(signed);
});

test("a part that opens a segment starts with a key frame, though its producer does not say so", async () => {
  const start = { id: "main", firstMsn: 1, firstPartId: 0, discontinuitySequence: 0, initIndex: 0 };
  seeder.taken("main", part(0, { independent: false }), { ...at(0), segmentStart: start });
  seeder.taken("main", part(1, { independent: false }), at(1));
  await seeder.settled();
  expect(seeded.map(({ header }) => header.independent)).toEqual([true, false]);
});

test("what is told again to a worker that started anew is not seeded again, and what is encrypted never", async () => {
  for (const n of [0, 1, 0, 1, 2]) seeder.taken("main", part(n), at(n));
  seeder.taken("main", { kind: "key", keys: [{ method: "SAMPLE-AES", uri: "skd://a" }] }, {});
  seeder.taken("main", part(3), at(3));
  await seeder.settled();
  expect(seeded).toHaveLength(3);
});

test("the end names the last part, in a newer card", async () => {
  seeder.taken("main", part(0), at(0));
  seeder.ended();
  await seeder.settled();
  expect(cards.map(({ revision }) => revision)).toEqual([1, 2]);
  expect(cards[1]?.ended).toEqual([{ rendition: 0, msn: 1, part: 0 }]);
});
