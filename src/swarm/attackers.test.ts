import { describe, expect, test } from "vitest";
import { PIECE_SIZE_BYTES } from "../model/part-header.ts";
import { encodeFrame } from "../wire/peer-frame-codec.ts";
import {
  CARD,
  CARD_BYTES,
  connect,
  forged,
  keyOf,
  PART_MS,
  partAt,
  pieceOf,
  polluted,
  Scripted,
  TestClock,
  TestPeer,
  TestProof,
} from "./network.test-support.ts";

/** A viewer whose attacker is its only parent so far, with somebody honest beside. */
function attacked(options: { later?: boolean } = {}): {
  clock: TestClock;
  viewer: TestPeer;
  attacker: Scripted;
  honest: Scripted;
} {
  const clock = new TestClock();
  const viewer = new TestPeer(clock, "v", { proof: new TestProof(options.later) });
  const attacker = new Scripted(viewer, "attacker");
  attacker.offers();
  clock.advance(100);
  attacker.offers();
  const honest = new Scripted(viewer, "honest");
  return { clock, viewer, attacker, honest };
}

describe("a polluter", () => {
  test("is banned with its first piece, which goes nowhere, and the piece comes of somebody else", () => {
    const { clock, viewer, attacker, honest } = attacked();
    const child = new Scripted(viewer, "child");
    clock.advance(400);
    child.subscribes();
    attacker.header(0);
    attacker.piece(0, 0);
    attacker.piece(0, 1, polluted());
    expect(viewer.bans).toEqual([expect.stringMatching(/^attacker: piece 1/)]);
    expect(attacker.of("bye")).toEqual([{ kind: "bye", reason: "banned" }]);
    expect(child.of("piece").map(({ index }) => index)).toEqual([0]);
    honest.serves = true;
    honest.has(0);
    clock.advance(1000);
    expect(viewer.indices).toEqual([0]);
    expect([...viewer.parts[0]!.bytes].every((byte) => byte === 0)).toBe(true);
  });

  test("is found where proofs answer later too", async () => {
    const { viewer, attacker } = attacked({ later: true });
    attacker.header(0);
    await Promise.resolve();
    await Promise.resolve();
    attacker.piece(0, 1, polluted());
    await Promise.resolve();
    await Promise.resolve();
    expect(viewer.bans).toHaveLength(1);
  });

  test("stays banned when it comes back", () => {
    const { viewer, attacker } = attacked();
    attacker.header(0);
    attacker.piece(0, 0, polluted());
    const again = new Scripted(viewer, "attacker");
    expect(again.of("bye")).toEqual([{ kind: "bye", reason: "banned" }]);
    expect(again.isClosed).toBe(true);
    expect(viewer.swarm.stats.bans).toHaveLength(1);
  });
});

test("a forged header bans who sent it; one that waited for its outcome is taken instead", async () => {
  const { viewer, attacker, honest } = attacked({ later: true });
  attacker.send({ kind: "header", hops: 0, signed: forged(partAt(0).signed, "unproven") });
  honest.header(0);
  for (let turn = 0; turn < 6; turn += 1) await Promise.resolve();
  expect(viewer.bans).toEqual([expect.stringMatching(/^attacker: header/)]);
  expect(honest.of("bye")).toHaveLength(0);
});

test("what is stale is dropped without blame, since an honest peer may be behind", () => {
  const { viewer, attacker } = attacked();
  attacker.send({ kind: "header", hops: 0, signed: forged(partAt(0).signed, "stale") });
  expect(viewer.bans).toEqual([]);
  expect(viewer.parts).toEqual([]);
});

test("an equivocator, with a second header for one part, is banned; what was proven first stays", () => {
  const { viewer, attacker, honest } = attacked();
  honest.header(0);
  attacker.send({ kind: "header", hops: 0, signed: forged(partAt(0).signed, "unproven") });
  expect(viewer.bans).toEqual([expect.stringMatching(/^attacker: second header/)]);
  attacker.piece(0, 0);
  expect(viewer.swarm.stats.bytes.peer).toBe(0);
});

test("a replayer of old parts gets nothing done", () => {
  const { clock, viewer, attacker } = attacked();
  for (let index = 30; index < 36; index += 1) {
    attacker.header(index);
    for (let piece = 0; piece < 4; piece += 1) attacker.piece(index, piece);
    clock.advance(PART_MS);
  }
  const { length } = viewer.parts;
  for (let index = 30; index < 36; index += 1) attacker.header(index);
  for (let index = 30; index < 36; index += 1) attacker.piece(index, 0);
  expect(viewer.parts).toHaveLength(length);
});

test("pieces that are larger than the part's are no pieces", () => {
  const { viewer, attacker } = attacked();
  attacker.header(0);
  attacker.piece(0, 0, new Uint8Array(PIECE_SIZE_BYTES - 1));
  expect(viewer.bans).toEqual([expect.stringMatching(/^attacker: sent a piece 0/)]);
});

test("a header whose pieces do not fit its size is a lie", () => {
  const { viewer, attacker } = attacked();
  const { signed } = partAt(0);
  attacker.send({ kind: "header", hops: 0, signed: { ...signed, pieces: signed.pieces.slice(1) } });
  expect(viewer.bans).toHaveLength(1);
});

test("pieces that nobody asked for cost the sender the connection", () => {
  const { viewer, honest } = attacked();
  for (let index = 0; index < 10; index += 1) honest.piece(index, 0, pieceOf(index, 0));
  expect(viewer.bans).toEqual(["honest: sent pieces that nobody asked for"]);
});

test("a flooder is banned", () => {
  const { viewer, attacker } = attacked();
  for (let frame = 0; frame < 2000; frame += 1) attacker.has(frame % 6);
  expect(viewer.bans).toEqual(["attacker: sent more frames than anybody needs"]);
});

test("who stands and never sent anything is asked for a piece that we have, and banned for another one", () => {
  const clock = new TestClock();
  const viewer = new TestPeer(clock, "v");
  const honest = new Scripted(viewer, "honest");
  const polluter = new Scripted(viewer, "polluter");
  const part = (index: number): void => {
    honest.header(index);
    polluter.has(index);
    for (let piece = 0; piece < 4; piece += 1) honest.piece(index, piece);
    honest.has(index);
    clock.advance(PART_MS);
  };
  honest.serves = true;
  honest.offers();
  clock.advance(200);
  honest.offers();
  part(0);
  polluter.send({ kind: "roots", entries: [{ peer: "polluter", beat: 2 ** 40 }] });
  part(1);
  const asked = polluter.of("request").at(-1);
  expect(asked).toMatchObject({ key: keyOf(1), count: 1 });
  polluter.piece(1, asked?.first ?? 0, polluted());
  expect(viewer.bans).toEqual([expect.stringMatching(/^polluter: piece/)]);
});

test("who says hello twice, or talks without saying it, is banned", () => {
  const clock = new TestClock();
  const viewer = new TestPeer(clock, "v");
  const twice = new Scripted(viewer, "twice");
  twice.send({ ...new Scripted(new TestPeer(clock, "w"), "twice").of("hello")[0]!, peer: "twice" });
  const rude = new Scripted(viewer, "rude", null);
  for (let index = 0; index < 40; index += 1) rude.has(0);
  expect(viewer.bans).toEqual(["twice: said hello twice", "rude: sent frames without saying hello"]);
});

test("who is further away than anybody waits, as all are over a line that is full, has not broken its word", () => {
  const clock = new TestClock();
  const viewer = new TestPeer(clock, "v");
  const [near, far] = [new Scripted(viewer, "near"), new Scripted(viewer, "far")];
  far.ping = (answer) => clock.after(1500, answer);
  near.serves = true;
  clock.advance(6000);
  for (let index = 0; index < 12; index += 1) {
    far.has(index);
    clock.advance(1200);
    near.has(index);
    clock.advance(200);
  }
  expect(far.of("request").length).toBeGreaterThan(8);
  expect(viewer.indices).toHaveLength(12);
  expect(viewer.bans).toEqual([]);
});

test("a liar about what it has is banned, and asked less and less until then", () => {
  const clock = new TestClock();
  const viewer = new TestPeer(clock, "v");
  const liar = new Scripted(viewer, "liar");
  const honest = new Scripted(viewer, "honest");
  honest.serves = true;
  for (let index = 0; index < 60 && viewer.bans.length === 0; index += 1) {
    liar.has(index);
    honest.has(index);
    clock.advance(PART_MS);
  }
  expect(viewer.bans).toEqual(["liar: told of parts that it never sent"]);
  expect(viewer.missedParts).toEqual([]);
});

test("a parent that does its work is not left for one that promises more, and has shown nothing", () => {
  const { clock, viewer, attacker: parent, honest } = attacked();
  parent.offers({ delayMs: 200, beat: 1_001 });
  const promising = new Scripted(viewer, "promising");
  for (let index = 0; index < 30; index += 1) {
    parent.offers({ delayMs: 200, beat: 1_002 + index });
    promising.offers({ delayMs: 1, beat: 1_002 + index });
    parent.pushes(index);
    clock.advance(PART_MS);
  }
  expect(honest.of("subscribe")).toEqual([]);
  expect(promising.of("subscribe")).toEqual([]);
  expect(viewer.indices).toHaveLength(30);
});

test("a publisher that has no upload left, and says so, is not banned", () => {
  const clock = new TestClock();
  const viewer = new TestPeer(clock, "v");
  const publisher = new Scripted(viewer, "publisher", { source: true });
  let answered = 0;
  for (let step = 0; step < 400; step += 1) {
    if (step % 10 === 0) publisher.has(step / 10);
    clock.advance(PART_MS / 10);
    const asked = publisher.of("request").slice(answered);
    answered += asked.length;
    for (const { key } of asked) publisher.send({ kind: "refuse", key });
  }
  expect(publisher.of("request").length).toBeGreaterThan(10);
  expect(viewer.bans).toEqual([]);
});

test("parts that are told of far ahead, or in masses, take no room", () => {
  const { viewer, attacker } = attacked();
  attacker.header(0);
  attacker.send({
    kind: "have",
    rendition: 0,
    hops: 0,
    ranges: [{ first: { msn: 500, part: 0 }, last: { msn: 500, part: 1023 } }],
  });
  attacker.send({
    kind: "have",
    rendition: 0,
    hops: 0,
    ranges: [{ first: { msn: 2, part: 0 }, last: { msn: 2, part: 1023 } }],
  });
  const other = new Scripted(viewer, "other");
  expect(other.of("have")).toEqual([]);
});

test("five Sybils against five honest viewers cost nobody a part", () => {
  const clock = new TestClock();
  const publisher = new TestPeer(clock, "pub", { source: true, seedCopies: 2 });
  publisher.swarm.setCard(CARD_BYTES, CARD);
  const viewers = Array.from({ length: 5 }, (_, at) => new TestPeer(clock, `v${at}`));
  const all = [publisher, ...viewers];
  for (const [at, a] of all.entries()) for (const b of all.slice(at + 1)) connect(a, b);
  const sybils = viewers.flatMap((viewer) => Array.from({ length: 5 }, (_, at) => new Scripted(viewer, `s${at}`)));
  for (let index = 0; index < 40; index += 1) {
    publisher.provide(index);
    for (const [at, sybil] of sybils.entries()) {
      if (at % 3 === 0) sybil.offers({ beat: 2_000_000_000 + index });
      sybil.has(index);
      if (at % 3 === 1) sybil.send({ kind: "header", hops: 0, signed: forged(partAt(index).signed, "unproven") });
      if (at % 3 === 2) sybil.piece(index, 0, polluted());
    }
    clock.advance(PART_MS);
  }
  clock.advance(2000);
  for (const viewer of viewers) {
    // A stranger can cost the first seconds, while nobody is known to be any better.
    expect(viewer.indices.slice(-30)).toEqual(Array.from({ length: 30 }, (_, at) => at + 10));
    expect(viewer.parts.every(({ bytes }) => bytes[0] !== 0xff)).toBe(true);
    expect(viewer.bans.length).toBeGreaterThan(0);
    expect(viewer.bans.every((ban) => ban.startsWith("s"))).toBe(true);
  }
});

test("nothing grows without end over an hour of parts", () => {
  const clock = new TestClock();
  const publisher = new TestPeer(clock, "pub", { source: true, keepMs: 5000 });
  const viewer = new TestPeer(clock, "v", { keepMs: 5000 });
  connect(publisher, viewer);
  for (let index = 0; index < 2000; index += 1) {
    publisher.provide(index, 1);
    clock.advance(PART_MS);
    viewer.parts.length = 0;
  }
  const late = new Scripted(viewer, "late");
  const told = late.of("have").flatMap(({ ranges }) => ranges);
  const parts = told.reduce((sum, { first, last }) => sum + last.part - first.part + 1, 0);
  expect(parts).toBeGreaterThan(10);
  expect(parts).toBeLessThan(20);
});

test("what a stranger tells of parts that nobody has made makes nobody late who sends them as soon as they are", () => {
  const { clock, viewer, attacker: parent, honest: stranger } = attacked();
  parent.pushes(0);
  for (let index = 1; index < 8; index += 1) {
    parent.offers({ beat: 1_001 + index });
    stranger.has(index + 3);
    clock.advance(PART_MS - 60);
    parent.header(index);
    clock.advance(60);
    parent.pushes(index);
  }
  expect(viewer.indices).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(parent.of("request")).toEqual([]);
  // Whether it has what it tells of is looked at; nothing is waited for that is on its way.
  expect(stranger.of("request").filter(({ known }) => known)).toEqual([]);
});

describe("the last beat that a frame has room for", () => {
  const LAST = 2 ** 48 - 1;

  test("told to a publisher, takes no beat from what it offers to others", () => {
    const clock = new TestClock();
    const publisher = new TestPeer(clock, "pub", { source: true });
    const attacker = new Scripted(publisher, "attacker");
    const honest = new Scripted(publisher, "honest");
    attacker.offers({ beat: LAST });
    clock.advance(3000);
    const newest = honest.of("offer").map(({ beats }) => Math.max(...beats));
    expect(newest.at(-1)).toBeGreaterThan(newest[1] ?? Number.POSITIVE_INFINITY);
    for (const frame of honest.of("offer")) expect(() => encodeFrame(frame)).not.toThrow();
  });

  test("made up for one that stands, keeps nobody from standing behind it", () => {
    const clock = new TestClock();
    const viewer = new TestPeer(clock, "v", { fetches: true });
    const attacker = new Scripted(viewer, "attacker");
    for (let beat = LAST - 60; beat < LAST; beat += 1) {
      attacker.send({ kind: "roots", entries: [{ peer: "ghost", beat }] });
      clock.advance(1000);
    }
    expect(attacker.of("roots").flatMap(({ entries }) => entries.map(({ peer }) => peer))).toContain("v");
    for (const frame of attacker.of("roots")) expect(() => encodeFrame(frame)).not.toThrow();
  });
});
