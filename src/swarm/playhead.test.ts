import { expect, test } from "vitest";
import { testContext } from "./context.test-support.ts";
import { keyOf, PART_MS, partAt } from "./network.test-support.ts";
import type { PartAssembly } from "./part-assembly.ts";
import { Playhead } from "./playhead.ts";

function playing(): ReturnType<typeof testContext> & { playhead: Playhead; open(index: number): PartAssembly } {
  const made = testContext();
  return {
    ...made,
    playhead: new Playhead(made.context),
    open(index) {
      const part = made.context.parts.openPart(keyOf(index), made.clock.now())!;
      part.isWanted = true;
      part.begin(partAt(index).signed);
      return part;
    },
  };
}

test("each part is due when those before it have been played", () => {
  const { playhead, open } = playing();
  const parts = [open(0), open(1), open(2)];
  playhead.setBuffer(1000);
  expect(parts.map(({ deadlineMs }) => deadlineMs)).toEqual([1000, 1000 + PART_MS, 1000 + 2 * PART_MS]);
});

test("a part that comes is in the buffer until the player tells of it, one behind a missing one is not", () => {
  const { playhead, context, clock, open } = playing();
  const [first, second, third] = [open(0), open(1), open(2)];
  playhead.setBuffer(1000);
  second.finish("peer", 0, partAt(1).bytes);
  context.parts.whole(second, 0);
  playhead.settled(second);
  playhead.refresh();
  expect([first.deadlineMs, third.deadlineMs]).toEqual([1000, 1000 + 2 * PART_MS]);
  first.finish("peer", 0, partAt(0).bytes);
  context.parts.whole(first, 0);
  playhead.settled(first);
  playhead.refresh();
  expect(third.deadlineMs).toBe(1000 + 2 * PART_MS);
  clock.advance(100);
  playhead.setBuffer(2000);
  expect(third.deadlineMs).toBe(2100);
});

test("until the player has told anything, a part is due a while after it became known", () => {
  const { playhead, clock, open } = playing();
  clock.advance(50);
  const part = open(0);
  playhead.refresh();
  expect(part.deadlineMs).toBe(1550);
  expect(playhead.isPlaying).toBe(false);
});
