import { expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import type { StreamCard } from "../model/part-header.ts";
import { CARD, keyOf, PART_MS, Scripted, TestClock, TestPeer, TestProof } from "./network.test-support.ts";

/** The epoch of a card is its first byte. */
class EpochProof extends TestProof {
  override card(bytes?: Bytes): StreamCard {
    return { ...CARD, epoch: `e${bytes?.[0] ?? 1}` };
  }
}

const cardOf = (epoch: number): Bytes => new Uint8Array(40).fill(epoch);

function serving(viewer: TestPeer): Scripted {
  const neighbour = new Scripted(viewer, "n");
  neighbour.serves = true;
  return neighbour;
}

function publish(neighbour: Scripted, clock: TestClock, from: number, count: number): void {
  for (let index = from; index < from + count; index += 1) {
    neighbour.has(index);
    clock.advance(PART_MS);
  }
}

test("a publisher that comes back with the same key, and numbers from the start, is watched on", () => {
  const clock = new TestClock();
  const viewer = new TestPeer(clock, "v", { proof: new EpochProof() });
  const neighbour = serving(viewer);
  neighbour.send({ kind: "card", bytes: cardOf(1) });
  publish(neighbour, clock, 200, 12);
  neighbour.send({ kind: "card", bytes: cardOf(2) });
  publish(neighbour, clock, 0, 12);
  clock.advance(1000);
  expect(viewer.parts.map(({ key }) => key)).toEqual(
    [...Array.from({ length: 12 }, (_, at) => 200 + at), ...Array.from({ length: 12 }, (_, at) => at)].map(keyOf),
  );
  expect(viewer.cards).toBe(2);
  expect(viewer.bans).toEqual([]);
});

test("numbers that were used are other parts in another epoch, and nobody who sends them is banned", () => {
  const clock = new TestClock();
  const viewer = new TestPeer(clock, "v", { proof: new EpochProof() });
  const neighbour = serving(viewer);
  neighbour.send({ kind: "card", bytes: cardOf(1) });
  publish(neighbour, clock, 0, 6);
  neighbour.send({ kind: "card", bytes: cardOf(1) });
  expect(viewer.indices).toHaveLength(6);
  neighbour.send({ kind: "card", bytes: cardOf(2) });
  publish(neighbour, clock, 0, 6);
  expect(viewer.indices).toHaveLength(12);
  expect(viewer.bans).toEqual([]);
  const late = new Scripted(viewer, "late");
  expect(late.of("have")).toMatchObject([{ ranges: [{ first: { msn: 1, part: 0 }, last: { msn: 1, part: 5 } }] }]);
});

test("of a relay, the page says when numbers begin anew, and what is fetched of the former ones is let go", () => {
  const clock = new TestClock();
  const viewer = new TestPeer(clock, "v", { fetches: true, proof: new EpochProof() });
  viewer.originMs = undefined;
  viewer.swarm.alone();
  viewer.swarm.setCard(cardOf(1), { ...CARD, epoch: "e1" });
  viewer.swarm.announce(keyOf(200));
  serving(viewer).send({ kind: "card", bytes: cardOf(2) });
  expect(viewer.fetches.map(({ signal }) => signal.aborted)).toEqual([false]);
  viewer.swarm.setCard(cardOf(2), { ...CARD, epoch: "e2" });
  expect(viewer.fetches.map(({ signal }) => signal.aborted)).toEqual([true]);
  viewer.swarm.announce(keyOf(0));
  clock.advance(1000);
  expect(viewer.fetches.map(({ index }) => index)).toEqual(expect.arrayContaining([200, 0]));
});
