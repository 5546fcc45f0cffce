import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Fuzzer } from "./fuzzer.ts";
import { randomOf } from "./mutate.ts";
import { targetsOf } from "./targets.ts";

// `npm run fuzz` takes minutes and another seed each time. This is what every run of the tests does of it.
const SEED = 20_260_101;
const STEPS = 3_000;
/** Of what takes as long as hundreds of the others. */
const WHOLE_STEPS = 40;

const targets = targetsOf(readFileSync(new URL("../../src/wire/corpus.txt", import.meta.url), "utf8"));

test.each(targets)("$name takes what it should, and refuses the rest by codes of its own, in time", async (target) => {
  const fuzzer = new Fuzzer(target, randomOf(SEED));
  const taken = await fuzzer.begin();
  const steps = target.isWhole === true ? WHOLE_STEPS : STEPS;
  for (let step = 0; step < steps; step++) await fuzzer.step();
  expect([...fuzzer.findings]).toEqual([]);
  expect(taken, "seeds that are taken").toBeGreaterThan(0);
  expect(fuzzer.outcomes, "branches that were reached").toBeGreaterThan(1);
});
