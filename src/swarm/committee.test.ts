import { expect, test } from "vitest";
import { Committee } from "./committee.ts";
import { testContext } from "./context.test-support.ts";

const beat = (since: number, count = 0): number => since * 2 ** 16 + count;

function observer(): ReturnType<typeof testContext> & { committee: Committee } {
  const made = testContext();
  return { ...made, committee: new Committee(made.context) };
}

test("who stood first goes first, whoever is heard of first, and three have a place", () => {
  const { committee, join } = observer();
  const n = join("n");
  committee.heard(n, [
    { peer: "c", beat: beat(30) },
    { peer: "a", beat: beat(10) },
  ]);
  committee.heard(n, [
    { peer: "d", beat: beat(40) },
    { peer: "b", beat: beat(20) },
  ]);
  expect(committee.members).toEqual(["a", "b", "c"]);
});

test("who claims to have stood for longer than those know who were there goes behind them", () => {
  const { committee, clock, join } = observer();
  const n = join("n");
  committee.heard(n, [{ peer: "a", beat: beat(100) }]);
  for (let count = 1; count <= 6; count += 1) {
    clock.advance(1000);
    committee.heard(n, [{ peer: "a", beat: beat(100, count) }]);
  }
  committee.heard(n, [{ peer: "liar", beat: beat(1) }]);
  expect(committee.members).toEqual(["a", "liar"]);
});

test("a member whose beat does not grow has gone, and what still goes round does not bring it back", () => {
  const { committee, clock, join } = observer();
  const n = join("n");
  committee.heard(n, [{ peer: "a", beat: beat(10) }]);
  clock.advance(5000);
  committee.tick(clock.now());
  expect(committee.members).toEqual([]);
  committee.heard(n, [{ peer: "a", beat: beat(10) }]);
  expect(committee.members).toEqual([]);
});

test("beats are passed on to who does not have them, once", () => {
  const { committee, clock, join, told } = observer();
  const [from, to] = [join("from"), join("to")];
  committee.heard(from, [{ peer: "a", beat: beat(10) }]);
  clock.advance(1000);
  committee.tick(clock.now());
  committee.tick(clock.now() + 1000);
  expect(told).toEqual([{ to: to.peer, frame: { kind: "roots", entries: [{ peer: "a", beat: beat(10) }] } }]);
});

test("a peer that never sent us a piece that proved is not vouched for, even by who has none yet, until it has shown that it would", () => {
  const { committee, join } = observer();
  const other = join("other");
  committee.heard(other, [{ peer: "other", beat: beat(11) }]);
  expect(committee.members).toEqual([]);
  expect(other.isOnTrial).toBe(true);
  other.audits = 1;
  committee.heard(other, [{ peer: "other", beat: beat(11, 1) }]);
  expect(committee.members).toEqual(["other"]);
  expect(other.isOnTrial).toBe(false);
  const pushes = join("pushes", { piecesReceived: 1 });
  committee.heard(pushes, [{ peer: "pushes", beat: beat(12) }]);
  expect(committee.members).toEqual(["other", "pushes"]);
});

test("two that both think that they go first go by what each says of itself, and who is not heeded then gives up", () => {
  const { context, clock, join } = testContext({ fetches: true });
  const committee = new Committee(context);
  for (let second = 0; second < 20; second += 1) {
    clock.advance(1000);
    committee.tick(clock.now());
  }
  expect(committee.rank).toBe(0);
  // It stood before us, as it says; whoever knew us first puts it behind.
  committee.heard(join("n"), [{ peer: "older", beat: beat(1) }]);
  expect(committee.rank).toBe(0);
  const contest = (seconds: number): void => {
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1000);
      committee.contested(clock.now());
    }
  };
  contest(3);
  expect(committee.rank).toBe(1);
  const alone = testContext({ fetches: true });
  const heeded = new Committee(testContext({ fetches: true }).context);
  const unheeded = new Committee(alone.context);
  for (let second = 0; second < 20; second += 1) {
    alone.clock.advance(1000);
    unheeded.tick(alone.clock.now());
    heeded.tick(alone.clock.now());
  }
  for (let second = 0; second < 11; second += 1) {
    alone.clock.advance(1000);
    unheeded.contested(alone.clock.now());
    heeded.contested(alone.clock.now(), true);
  }
  expect(unheeded.rank).toBe(-1);
  expect(heeded.rank).toBe(0);
});

test("a member whose beat grows again was not gone: its beats did not come to us", () => {
  const { committee, clock, join } = observer();
  const n = join("n");
  committee.heard(n, [{ peer: "a", beat: beat(10) }]);
  clock.advance(5000);
  committee.tick(clock.now());
  committee.heard(n, [{ peer: "a", beat: beat(10, 5) }]);
  expect(committee.first).toBe("a");
});

test("a neighbour of the first one stands by; others only where none of those does", () => {
  const near = testContext({ fetches: true, uplinkBps: 200_000_000 });
  const far = testContext({ fetches: true, uplinkBps: 200_000_000 });
  const [close, stranger] = [near, far].map(({ context }) => new Committee(context)) as [Committee, Committee];
  near.join("a", { piecesReceived: 1 });
  const after = (seconds: number): void => {
    for (let second = 0; second < seconds; second += 1) {
      for (const [committee, { clock, context, join }] of [[close, near] as const, [stranger, far] as const]) {
        clock.advance(1000);
        const n = context.neighbours.of("n") ?? join("n");
        committee.heard(n, [{ peer: "a", beat: beat(10, Math.round(clock.now() / 1000)) }]);
        committee.tick(clock.now());
      }
    }
  };
  after(6);
  expect([close.rank, stranger.rank]).toEqual([1, -1]);
  after(20);
  // It stood by in the end, and made way since it has no link to the first one.
  expect([close.rank, stranger.rank]).toEqual([1, -1]);
});

test("over a line of one's own that is full nobody is found to fail, and nobody stands", () => {
  const { context, clock, join } = testContext({ fetches: true });
  const committee = new Committee(context);
  for (let second = 0; second < 20; second += 1) {
    clock.advance(1000);
    committee.tick(clock.now());
  }
  expect(committee.rank).toBe(0);
  join("n", { roundTripMs: 2000, childMask: 1, childSinceMs: 0 });
  for (let second = 0; second < 6; second += 1) {
    clock.advance(1000);
    committee.tick(clock.now());
  }
  expect(committee.rank).toBe(-1);
  committee.heard(join("m", { roundTripMs: 1500 }), [{ peer: "a", beat: beat(10) }]);
  committee.tick(clock.now());
  clock.advance(2000);
  for (let times = 0; times < 10; times += 1) committee.failed();
  expect(committee.first).toBe("a");
});

test("who went first fetches on for a while after another came to go first", () => {
  const { context, clock, join } = testContext({ fetches: true });
  const committee = new Committee(context);
  for (let second = 0; second < 20; second += 1) {
    clock.advance(1000);
    committee.tick(clock.now());
  }
  expect(committee.acts).toBe(true);
  // It has stood for longer, as is found when each sees the other's beats.
  const at = Math.floor(clock.wallMs() / 1000);
  const n = join("n");
  const hear = (count: number): void => committee.heard(n, [{ peer: "a", beat: beat(at - 100, count) }]);
  for (let count = 0; count < 4; count += 1) {
    hear(count);
    clock.advance(1000);
    committee.tick(clock.now());
    committee.contested(clock.now());
  }
  expect(committee.rank).toBe(1);
  expect(committee.acts).toBe(true);
  for (let count = 4; count < 9; count += 1) {
    hear(count);
    clock.advance(1000);
    committee.tick(clock.now());
  }
  expect(committee.acts).toBe(false);
});

test("who says that it leaves is none of them any more, at once", () => {
  const { committee, join } = observer();
  const a = join("a", { piecesReceived: 1 });
  committee.heard(a, [
    { peer: "a", beat: beat(10) },
    { peer: "b", beat: beat(20) },
  ]);
  committee.bye(a);
  expect(committee.members).toEqual(["b"]);
});

test("a narrow one that goes first makes way where the next one is wider, and does its work until the others know", () => {
  const { context, clock, join } = testContext({ fetches: true, uplinkBps: 10_000_000 });
  const committee = new Committee(context);
  for (let second = 0; second < 40; second += 1) {
    clock.advance(1000);
    committee.tick(clock.now());
  }
  const [n, next] = ["n", "b"].map((peer) =>
    join(peer, { fetches: true, childMask: 1, childSinceMs: 0, piecesReceived: 1 }),
  );
  let count = 0;
  const pass = (servedMs: number): void => {
    count += 1;
    clock.advance(1000);
    committee.heard(n!, [
      { peer: "b", beat: beat(2e9, count) },
      { peer: "c", beat: beat(2e9 + 1, count) },
    ]);
    committee.tick(clock.now(), servedMs);
  };
  for (let second = 0; second < 10; second += 1) pass(20);
  // The next one is no wider.
  for (let second = 0; second < 10; second += 1) pass(400);
  expect(committee.members).toEqual(["self", "b", "c"]);
  next!.uplinkBps = 100_000_000;
  pass(400);
  expect(committee.rank).toBe(0);
  for (let second = 0; second < 5; second += 1) pass(400);
  expect(committee.members).toEqual(["b", "c"]);
});

test("only who fetches and uploads stands, in the end whatever its hash, and goes first where nobody else does", () => {
  const { context, clock } = testContext({ fetches: true });
  const committee = new Committee(context);
  const leaf = new Committee(testContext({ fetches: true, uploads: false }).context);
  for (let second = 0; second < 30; second += 1) {
    clock.advance(1000);
    committee.tick(clock.now());
    leaf.tick(clock.now());
  }
  expect(committee.members).toEqual(["self"]);
  expect(committee.rank).toBe(0);
  expect(leaf.members).toEqual([]);
});

test("a first one that has neighbours but feeds nobody stands down, and is fed up with for longer each time", () => {
  const { context, clock, join } = testContext({ fetches: true });
  const committee = new Committee(context);
  for (let second = 0; second < 20; second += 1) {
    clock.advance(1000);
    committee.tick(clock.now());
  }
  for (let at = 0; at < 4; at += 1) join(`n${at}`);
  for (let second = 0; second < 7; second += 1) {
    clock.advance(1000);
    committee.tick(clock.now());
  }
  expect(committee.rank).toBe(-1);
});

test("the first one is left out when those that stand by had to fetch for it", () => {
  const { committee, clock, join } = observer();
  const n = join("n");
  committee.heard(n, [
    { peer: "a", beat: beat(10) },
    { peer: "b", beat: beat(20) },
  ]);
  committee.tick(clock.now());
  committee.failed();
  committee.failed();
  expect(committee.first).toBe("a");
  clock.advance(3000);
  committee.failed();
  expect(committee.first).toBe("a");
  committee.failed();
  expect(committee.first).toBe("b");
});
