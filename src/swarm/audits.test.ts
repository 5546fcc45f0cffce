import { expect, test } from "vitest";
import { CARD, CARD_BYTES, keyOf, PART_MS, polluted, Scripted, TestClock, TestPeer } from "./network.test-support.ts";

/** A viewer to which one neighbour pushes everything in time, so that nothing ever has to be asked of another. */
function served(): { clock: TestClock; viewer: TestPeer; parent: Scripted; play(index: number): void } {
  const clock = new TestClock();
  const viewer = new TestPeer(clock, "v");
  const parent = new Scripted(viewer, "parent");
  parent.offers();
  clock.advance(100);
  parent.offers({ beat: 1_001 });
  return {
    clock,
    viewer,
    parent,
    play(index) {
      parent.offers({ beat: 1_002 + index });
      parent.pushes(index);
      clock.advance(PART_MS);
    },
  };
}

test("who tells of parts that it has not is found out, even where nobody needs it", () => {
  const { viewer, play } = served();
  const liar = new Scripted(viewer, "liar");
  for (let index = 0; index < 50; index += 1) {
    liar.has(index);
    play(index);
  }
  expect(viewer.bans).toEqual(["liar: told of parts that it never sent"]);
  expect(viewer.indices).toHaveLength(50);
});

test("who has what it says is asked ever more seldom", () => {
  const { viewer, play } = served();
  const honest = new Scripted(viewer, "honest");
  honest.serves = true;
  for (let index = 0; index < 150; index += 1) {
    honest.has(index);
    play(index);
  }
  expect(viewer.bans).toEqual([]);
  expect(honest.of("request")).toHaveLength(2);
});

test("who answers with something else than the part is banned at once", () => {
  const { viewer, play } = served();
  const polluter = new Scripted(viewer, "polluter");
  for (let index = 0; index < 20 && viewer.bans.length === 0; index += 1) {
    polluter.has(index);
    play(index);
    const asked = polluter.of("request").at(-1);
    if (asked !== undefined) polluter.piece(index, asked.first, new Uint8Array(16_384).fill(0x55));
  }
  expect(viewer.bans).toEqual([expect.stringMatching(/^polluter: piece \d: another one/)]);
});

test("who has every part later than others is found polluting though nobody ever needs it", () => {
  const { viewer, play, clock } = served();
  const polluter = new Scripted(viewer, "polluter");
  for (let index = 0; index < 60 && viewer.bans.length === 0; index += 1) {
    play(index);
    if (wasTold(polluter, index)) continue;
    polluter.has(index);
    for (const { key, first } of polluter.of("request")) if (isAt(key, index)) polluter.piece(index, first, polluted());
  }
  expect(viewer.bans).toEqual([expect.stringMatching(/^polluter: piece \d: another one/)]);
  expect(clock.now()).toBeLessThan(15_000);
});

test("a part that was kept from somebody who does not tell of it is told a second later", () => {
  const { viewer, play, clock } = served();
  const quiet = new Scripted(viewer, "quiet");
  let kept = 0;
  for (let index = 0; index < 60; index += 1) {
    play(index);
    if (!wasTold(quiet, index)) kept += 1;
  }
  clock.advance(1500);
  expect(kept).toBeGreaterThan(0);
  for (let index = 0; index < 60; index += 1) expect(wasTold(quiet, index), `part ${index}`).toBe(true);
  expect(quiet.of("request")).toEqual([]);
  expect(viewer.bans).toEqual([]);
});

test("an answer that comes late, over a line that others have filled, makes good", () => {
  const { viewer, clock, play } = served();
  const narrow = new Scripted(viewer, "narrow");
  let answered = 0;
  for (let index = 0; index < 150; index += 1) {
    narrow.has(index);
    play(index);
    for (const { first } of narrow.of("request").slice(answered)) {
      answered += 1;
      clock.after(5000, () => narrow.piece(index, first));
    }
  }
  expect(answered).toBeGreaterThan(4);
  expect(viewer.bans).toEqual([]);
});

test("the publisher asks those that it pushes to for what it has pushed, and pushes nothing more to who does not answer", () => {
  const clock = new TestClock();
  const publisher = new TestPeer(clock, "pub", { source: true });
  publisher.swarm.setCard(CARD_BYTES, CARD);
  const [honest, liar] = [new Scripted(publisher, "honest"), new Scripted(publisher, "liar")];
  honest.serves = true;
  for (const child of [honest, liar]) child.subscribes();
  clock.advance(3500);
  for (let index = 0; index < 30; index += 1) {
    publisher.provide(index);
    liar.send({ kind: "ping", token: index });
    clock.advance(PART_MS);
  }
  const pushed = (to: Scripted): number => Math.max(...to.of("piece").map(({ key }) => (key.msn - 1) * 6 + key.part));
  expect(honest.of("request")).toHaveLength(1);
  expect(pushed(honest)).toBe(29);
  expect(pushed(liar)).toBeLessThan(15);
  expect(publisher.bans).toEqual([]);
});

test("an answer may take as long as the way there and back", () => {
  const { viewer, parent, clock, play } = served();
  const far = new Scripted(viewer, "far");
  far.ping = (answer) => clock.after(2600, answer);
  parent.ping = far.ping;
  clock.advance(6000);
  let answered = 0;
  for (let index = 0; index < 100; index += 1) {
    far.has(index);
    play(index);
    for (const { first } of far.of("request").slice(answered)) {
      answered += 1;
      clock.after(2600, () => far.piece(index, first));
    }
  }
  expect(answered).toBeGreaterThan(0);
  expect(viewer.bans).toEqual([]);
});

test("who says that it cannot now is not held to be a liar for that, however often", () => {
  const { viewer, play, clock } = served();
  const busy = new Scripted(viewer, "busy");
  for (let index = 0; index < 200; index += 1) {
    const before = busy.of("request").length;
    busy.has(index);
    play(index);
    for (const { key } of busy.of("request").slice(before)) busy.send({ kind: "refuse", key });
  }
  clock.advance(3000);
  expect(busy.of("request").length).toBeGreaterThan(1);
  expect(viewer.bans).toEqual([]);
});

const isAt = ({ msn, part }: { readonly msn: number; readonly part: number }, index: number): boolean =>
  keyOf(index).msn === msn && keyOf(index).part === part;

function wasTold(peer: Scripted, index: number): boolean {
  return peer
    .of("have")
    .some(({ ranges }) => ranges.some(({ first, last }) => isAt(first, index) || isAt(last, index)));
}
