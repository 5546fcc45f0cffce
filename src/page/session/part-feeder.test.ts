import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { FakeClock } from "../../cache/fake-clock.test-support.ts";
import { RelayError } from "../../model/errors.ts";
import { type FeedPosition, markOf, readMark } from "./feed-position.ts";
import { PartFeeder } from "./part-feeder.ts";
import { FakeTarget, fakeDigest, INIT, PART_MS, testCard, testShared, ZEROS } from "./session.test-support.ts";

let clock: FakeClock;
let target: FakeTarget;
let wanted: string[];
let failures: RelayError[];
let bufferAheadMs: number | undefined;

beforeEach(() => {
  clock = new FakeClock();
  target = new FakeTarget();
  wanted = [];
  failures = [];
  bufferAheadMs = undefined;
});

function feeder(position?: FeedPosition, card = testCard()): PartFeeder {
  return new PartFeeder({
    clock,
    card,
    target,
    positions: new Map(position === undefined ? [] : [["main", position]]),
    bufferAheadMs: () => bufferAheadMs,
    wantInit: (digest) => wanted.push(String.fromCharCode(...digest.filter((byte) => byte > 0))),
    failed: (error) => failures.push(error),
    ended: () => undefined,
  });
}

/** Lets what was sent be answered. */
const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

const partsOf = (steps: readonly string[]) =>
  steps.filter((step) => / part /.test(step)).map((step) => Number(step.split(" ")[2]));

/** A feeder that has begun with part 0. */
async function started(): Promise<PartFeeder> {
  const fed = feeder();
  fed.init(INIT, new Uint8Array(7));
  fed.part(testShared(0));
  clock.advance(600);
  await settle();
  return fed;
}

test("parts that come in any order are fed in theirs, each once, after the init segment", async () => {
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8, 9], { minLength: 9 }), async (order) => {
      target = new FakeTarget();
      const fed = await started();
      for (const n of [...order, ...order]) fed.part(testShared(n));
      await settle();
      expect(target.steps.slice(0, 3)).toEqual(["main discontinuity", "main init 7", "main part 0"]);
      expect(partsOf(target.steps)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }),
  );
});

test("a viewer starts with the oldest part that can be decoded by itself, and gives older ones a moment to come", async () => {
  const fed = feeder();
  fed.init(INIT, new Uint8Array(7));
  for (const n of [9, 8, 7, 6]) fed.part(testShared(n));
  await settle();
  expect(target.steps).toEqual([]);
  fed.part(testShared(4));
  fed.part(testShared(5));
  clock.advance(600);
  await settle();
  expect(partsOf(target.steps)).toEqual([4, 5, 6, 7, 8, 9]);
});

test("a viewer starts behind a hole where it can, and beside one only where it has waited for long", async () => {
  const fed = feeder();
  fed.init(INIT, new Uint8Array(7));
  const behind = [8, 9, 10, 11, 12, 13, 14, 15];
  for (const n of [4, 5, 7, ...behind]) fed.part(testShared(n));
  clock.advance(600);
  await settle();
  expect(partsOf(target.steps)).toEqual(behind);

  target = new FakeTarget();
  const other = feeder();
  other.init(INIT, new Uint8Array(7));
  for (const n of [4, 5, 7]) other.part(testShared(n));
  clock.advance(2_900);
  await settle();
  expect(partsOf(target.steps)).toEqual([]);
  other.part(testShared(6));
  await settle();
  expect(partsOf(target.steps)).toEqual([4, 5, 6, 7]);
});

test("where there is too little behind a hole to begin with, what fills it is waited for", async () => {
  const fed = feeder();
  fed.init(INIT, new Uint8Array(7));
  for (const n of [4, 5, 7, 8, 9]) fed.part(testShared(n));
  clock.advance(900);
  await settle();
  expect(partsOf(target.steps)).toEqual([]);
  fed.part(testShared(6));
  await settle();
  expect(partsOf(target.steps)).toEqual([4, 5, 6, 7, 8, 9]);

  target = new FakeTarget();
  const other = feeder();
  other.init(INIT, new Uint8Array(7));
  for (const n of [4, 5, 7, 8, 9]) other.part(testShared(n));
  clock.advance(3_000);
  await settle();
  expect(partsOf(target.steps)).toEqual([8, 9]);
});

test("the first part that an origin lists is fed at once", async () => {
  const fed = feeder();
  fed.init(INIT, new Uint8Array(7));
  for (const n of [4, 5, 6]) fed.list(testShared(n).key);
  fed.part(testShared(4));
  await settle();
  expect(partsOf(target.steps)).toEqual([4]);
});

test("parts that are not chained are fed as the origin lists them, over segments of any length", async () => {
  const fed = feeder();
  fed.init(INIT, new Uint8Array(7));
  const unchained = (n: number) => testShared(n, { previous: ZEROS });
  for (const n of [4, 5, 6, 8, 9]) fed.list(unchained(n).key);
  for (const n of [9, 6, 8, 4, 5]) fed.part(unchained(n));
  await settle();
  expect(partsOf(target.steps)).toEqual([4, 5, 6, 8, 9]);
});

test("a part is waited for as long as the player has something, and is a gap then", async () => {
  const fed = await started();
  bufferAheadMs = 1_800;
  fed.part(testShared(2));
  clock.advance(1_799);
  await settle();
  expect(partsOf(target.steps)).toEqual([0]);
  clock.advance(1);
  await settle();
  expect(target.steps.slice(-2)).toEqual([`main gap ${PART_MS}`, "main part 2"]);
  fed.part(testShared(1));
  fed.part(testShared(3));
  await settle();
  expect(partsOf(target.steps)).toEqual([0, 2, 3]);
  expect(fed.stats.missed).toBe(1);
});

test("a long hole is listed in gaps that a playlist may hold", async () => {
  const fed = await started();
  fed.part(testShared(8));
  clock.advance(1_000);
  await settle();
  expect(target.steps.filter((step) => step.includes("gap"))).toEqual(new Array(7).fill(`main gap ${PART_MS}`));
  expect(fed.stats.missed).toBeGreaterThan(0);
});

test("a hole of minutes is a discontinuity, and what follows starts where it can be decoded", async () => {
  const fed = await started();
  for (const n of [201, 202, 204, 205]) fed.part(testShared(n));
  clock.advance(1_000);
  await settle();
  expect(target.steps.slice(-3)).toEqual(["main discontinuity", "main part 204", "main part 205"]);
});

test("an unknown init segment is asked for, and all waits for it", async () => {
  const fed = await started();
  const changed = { initDigest: fakeDigest("other"), discontinuity: true };
  fed.part(testShared(1, changed));
  fed.part(testShared(2, { initDigest: fakeDigest("other") }));
  await settle();
  expect(wanted).toContain("other");
  expect(partsOf(target.steps)).toEqual([0]);
  fed.init(fakeDigest("other"), new Uint8Array(9));
  await settle();
  expect(target.steps.slice(-4)).toEqual(["main discontinuity", "main init 9", "main part 1", "main part 2"]);
});

test("an init segment that does not come costs the parts that need it, and no more", async () => {
  const fed = await started();
  bufferAheadMs = 1_800;
  const changed = { initDigest: fakeDigest("other"), discontinuity: true };
  fed.part(testShared(1, changed));
  fed.part(testShared(2, { initDigest: fakeDigest("other") }));
  clock.advance(1_799);
  await settle();
  expect(target.steps.slice(-1)).toEqual(["main part 0"]);
  clock.advance(1);
  await settle();
  const gap = `main gap ${PART_MS}`;
  expect(target.steps.slice(-3)).toEqual(["main discontinuity", gap, gap]);
  // A page that takes over must not think that the worker has it.
  expect(readMark(target.marks.at(-1) ?? "")).toMatchObject({ msn: 10, part: 2, init: INIT });
  fed.part(testShared(3, { initDigest: fakeDigest("other") }));
  await settle();
  expect(target.steps.at(-1)).toBe(gap);
  fed.init(fakeDigest("other"), new Uint8Array(9));
  fed.part(testShared(4, { initDigest: fakeDigest("other") }));
  await settle();
  expect(target.steps.slice(-2)).toEqual(["main init 9", "main part 4"]);
});

test("nothing is given up for the first init segment", async () => {
  const fed = feeder();
  fed.part(testShared(0));
  clock.advance(60_000);
  await settle();
  expect(target.steps).toEqual([]);
  fed.init(INIT, new Uint8Array(7));
  await settle();
  expect(partsOf(target.steps)).toEqual([0]);
});

test("a page that takes over goes on with the part after the mark, under the init segment that the worker has", async () => {
  await started();
  const mark = readMark(target.marks.at(-1) ?? "");
  expect(mark).toMatchObject({ epoch: "e1", msn: 10, part: 0 });
  target = new FakeTarget();
  const second = feeder(mark);
  second.init(INIT, new Uint8Array(7));
  for (const n of [2, 0, 1]) second.part(testShared(n));
  await settle();
  expect(target.steps).toEqual(["main remembers 7", "main part 1", "main part 2"]);
});

test("a page that takes over is not held up by the init segment that the worker has", async () => {
  const mark: FeedPosition = {
    epoch: "e1",
    msn: 10,
    part: 0,
    endWallMs: 0,
    digest: fakeDigest("e1 part 0"),
    init: INIT,
  };
  const second = feeder(mark);
  second.part(testShared(1));
  await settle();
  expect(target.steps).toEqual(["main part 1"]);
  expect(wanted).toEqual(["init"]);
});

test("a source that starts anew goes on after a discontinuity", async () => {
  const fed = await started();
  fed.part(testShared(1));
  fed.card(testCard({ epoch: "e2", revision: 2 }));
  fed.part(testShared(2));
  for (const n of [8, 9]) fed.part(testShared(n, { epoch: "e2" }));
  clock.advance(600);
  await settle();
  expect(target.steps.slice(-3)).toEqual(["main discontinuity", "main part 8", "main part 9"]);
});

test("the end comes after the last part, or when that has been waited for long enough", async () => {
  const fed = await started();
  fed.card(testCard({ revision: 2, ended: [testShared(2).key] }));
  fed.part(testShared(1));
  await settle();
  expect(target.steps).not.toContain("end");
  fed.part(testShared(2));
  await settle();
  expect(target.steps.slice(-2)).toEqual(["main part 2", "end"]);

  const other = await started();
  other.card(testCard({ revision: 2, ended: [testShared(2).key] }));
  clock.advance(3_000);
  await settle();
  expect(target.steps.at(-1)).toBe("end");
});

test("a part that the worker refuses is its loss alone; a publisher that is closed is told once", async () => {
  const fed = await started();
  target.refuses = (step) => (step === "main part 1" ? new RelayError("malformed-part", "expected a moof") : undefined);
  fed.part(testShared(1));
  fed.part(testShared(2));
  await settle();
  expect(partsOf(target.steps)).toEqual([0, 2]);
  expect(fed.stats).toMatchObject({ refused: 1, lastRefusal: "malformed-part: expected a moof" });
  target.closed = new RelayError("stream-exists", "taken over");
  target.refuses = () => target.closed;
  fed.part(testShared(3));
  fed.part(testShared(4));
  await settle();
  expect(failures.map(({ code }) => code)).toEqual(["stream-exists"]);
});

test("a mark says all that a page needs to go on, and one that is none says nothing", () => {
  const position: FeedPosition = {
    epoch: "m3k",
    msn: 1e9,
    part: 1023,
    endWallMs: 1.8e12,
    digest: fakeDigest("a"),
    init: INIT,
  };
  expect(readMark(markOf(position))).toEqual(position);
  expect(markOf({ ...position, epoch: "z".repeat(16) }).length).toBeLessThanOrEqual(256);
  for (const bad of ["", "x", markOf(position).slice(1, -1)]) expect(readMark(bad)).toBeUndefined();
});

test("a part of which it is known that nobody has it is not waited for", async () => {
  const fed = await started();
  fed.part(testShared(2));
  await settle();
  expect(partsOf(target.steps)).toEqual([0]);
  fed.miss(testShared(1).key);
  await settle();
  expect(target.steps.slice(-2)).toEqual([`main gap ${PART_MS}`, "main part 2"]);
});

test("a part before which the origin's playlist was missed begins a timeline", async () => {
  const fed = feeder();
  fed.init(INIT, new Uint8Array(7));
  const unchained = (n: number) => testShared(n, { previous: ZEROS });
  for (const n of [4, 5]) fed.list(unchained(n).key);
  fed.list(unchained(20).key, true);
  for (const n of [4, 20, 5]) fed.part(unchained(n));
  await settle();
  expect(target.steps.slice(-3)).toEqual(["main part 5", "main discontinuity", "main part 20"]);
});

test("what encrypts a part is said right before it", async () => {
  const fed = await started();
  fed.keys(testShared(2).key, [{ method: "SAMPLE-AES", uri: "skd://a" }]);
  fed.part(testShared(2));
  fed.part(testShared(1));
  await settle();
  expect(target.steps.slice(-3)).toEqual(["main part 1", "main key SAMPLE-AES", "main part 2"]);
});
