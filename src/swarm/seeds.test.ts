import { expect, test } from "vitest";
import { testContext } from "./context.test-support.ts";
import { keyOf, partAt } from "./network.test-support.ts";
import type { PartAssembly } from "./part-assembly.ts";
import { Seeds } from "./seeds.ts";

/** A publisher with one child that gets every sub-stream, and four neighbours that get none. */
function publisher() {
  const { context, clock, join } = testContext({ source: true });
  const child = join("child", { childMask: 0xff });
  const others = ["a", "b", "c", "d"].map((peer) => join(peer));
  const givenUp: number[] = [];
  const seeds = new Seeds(context, { giveUp: (substream) => givenUp.push(substream) });
  clock.advance(2000);
  const part = (index: number): PartAssembly => {
    const made = context.parts.openPart(keyOf(index), clock.now())!;
    made.begin(partAt(index).signed);
    made.finish("own", clock.now(), partAt(index).bytes);
    return made;
  };
  return { clock, child, others, givenUp, seeds, part, join };
}

test("where most of all come, again and again, for what a child was to pass on, it gives up its place", () => {
  const { others, givenUp, seeds, part } = publisher();
  const most = others.slice(0, 3);
  // Pieces 2, 1 and 0 of three parts in a row travel on the same sub-stream.
  const parts = [part(0), part(1), part(2)];
  for (const [at, made] of parts.entries()) {
    expect(givenUp).toEqual([]);
    for (const other of most) seeds.requested(other, made, 2 - at, 3 - at);
  }
  expect(givenUp).toEqual([3]);
});

test("half of all, and the child itself, and who has just come, and who asks for old parts, are no reason", () => {
  const { clock, child, others, givenUp, seeds, part, join } = publisher();
  const parts = [part(0), part(1), part(2)];
  const ask = (who: typeof others): void => {
    for (const made of parts) for (const other of who) seeds.requested(other, made, 0, 4);
  };
  ask([child, ...others.slice(0, 2), join("new")]);
  expect(givenUp).toEqual([]);
  clock.advance(3000);
  ask(others);
  expect(givenUp).toEqual([]);
});

test("who gave up its place has no say in who else does", () => {
  const { clock, others, givenUp, seeds, part } = publisher();
  for (const other of others.slice(0, 3)) other.seedDeniedUntilMs = clock.now() + 5000;
  for (const made of [part(0), part(1), part(2)])
    for (const other of others.slice(0, 3)) seeds.requested(other, made, 0, 4);
  expect(givenUp).toEqual([]);
});
