import { expect, test } from "vitest";
import { synthesize } from "../../../src/testing/media/synthetic-media.ts";
import { type Expected, numbersIn } from "./segment-numbers.ts";

async function expectedOf(id: string): Promise<Expected> {
  const media = await synthesize({ video: ["160x90"], audio: "separate", subtitles: true });
  return { id, media, partTargetMs: 1000 };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

test.each(["v0", "a0", "s0"])("the parts of %s are read by their numbers, one by one and joined", async (id) => {
  const expected = await expectedOf(id);
  const parts = [7, 8, 10].map((n) => expected.media.part(id, n, 1000).bytes);
  expect(numbersIn(parts, expected)).toEqual({ numbers: [7, 8, 10] });
  expect(numbersIn([joined(parts)], expected)).toEqual({ numbers: [7, 8, 10] });
});

test.each(["v0", "a0", "s0"])("bytes of %s that are not right are told", async (id) => {
  const expected = await expectedOf(id);
  const part = expected.media.part(id, 7, 1000).bytes;
  const changed = part.slice();
  changed[changed.length - 4] = (changed[changed.length - 4] ?? 0) ^ 1;
  expect(numbersIn([changed], expected).problem).toBeDefined();
  expect(numbersIn([new Uint8Array(0), part.subarray(0, 30)], expected).problem).toBeDefined();
  expect(numbersIn([joined([part, part.subarray(0, 18)])], expected).problem === undefined).toBe(id === "s0");
});
