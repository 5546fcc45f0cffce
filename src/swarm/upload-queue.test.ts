import { expect, test } from "vitest";
import { testContext } from "./context.test-support.ts";
import { keyOf, partAt, pieceOf } from "./network.test-support.ts";
import { PartAssembly } from "./part-assembly.ts";
import { UploadQueue } from "./upload-queue.ts";

const MBPS = 1_000_000;

function queueOf(uplinkBps: number): ReturnType<typeof testContext> & { queue: UploadQueue } {
  const made = testContext({ uplinkBps });
  return { ...made, queue: new UploadQueue(made.context) };
}

function partOf(index: number): PartAssembly {
  const part = new PartAssembly(index, keyOf(index), 0);
  part.begin(partAt(index).signed);
  return part;
}

const frame = (index: number, piece: number) =>
  ({ kind: "piece", key: keyOf(index), index: piece, bytes: pieceOf(index, piece) }) as const;

test("media is handed out no faster than the uplink takes it", () => {
  const { queue, clock, join } = queueOf(4 * MBPS);
  const neighbour = join("n");
  const part = partOf(0);
  for (let piece = 0; piece < 4; piece += 1) queue.push(neighbour, part, frame(0, piece), 1000);
  // A piece takes 36 ms; two fit into what may be ahead of the line.
  expect(neighbour.sent).toHaveLength(2);
  expect(queue.backlogMs).toBeGreaterThan(100);
  clock.advance(200);
  expect(neighbour.sent).toHaveLength(4);
  expect(queue.backlogMs).toBe(0);
});

test("what is due first goes first", () => {
  const { queue, clock, join } = queueOf(2 * MBPS);
  const [a, b] = [join("a"), join("b")];
  const order: string[] = [];
  for (const neighbour of [a, b]) Object.assign(neighbour.link, { send: () => order.push(neighbour.peer) });
  const [first, second] = [partOf(0), partOf(1)];
  for (let piece = 0; piece < 3; piece += 1) queue.push(a, first, frame(0, piece), 500);
  queue.push(b, second, frame(1, 0), 100);
  clock.advance(500);
  expect(order).toEqual(["a", "b", "a", "a"]);
});

test("a neighbour that has the part by now is sent no more of it", () => {
  const { queue, clock, join } = queueOf(1 * MBPS);
  const neighbour = join("n");
  const part = partOf(0);
  for (let piece = 0; piece < 4; piece += 1) queue.push(neighbour, part, frame(0, piece), 500);
  part.haveMask |= neighbour.bit;
  clock.advance(2000);
  expect(neighbour.sent).toHaveLength(1);
});

test("what has waited for too long is not sent, and can be asked for again", () => {
  const { queue, clock, join } = queueOf(50 * MBPS);
  const neighbour = join("n");
  const part = partOf(0);
  Object.assign(neighbour.link, { bufferedBytes: 90_000 });
  queue.push(neighbour, part, frame(0, 0), 500);
  clock.advance(3000);
  expect(queue.count).toBe(0);
  Object.assign(neighbour.link, { bufferedBytes: 0 });
  queue.push(neighbour, part, frame(0, 0), 5000);
  expect(neighbour.sent).toHaveLength(1);
});

test("there is an end to what may wait", () => {
  const { queue, join } = queueOf(1 * MBPS);
  const neighbour = join("n");
  let taken = 0;
  for (let index = 0; index < 300; index += 1) {
    const part = partOf(index);
    for (let piece = 0; piece < 4; piece += 1) if (queue.push(neighbour, part, frame(index, piece), 500)) taken += 1;
  }
  expect(taken).toBeLessThan(520);
});
