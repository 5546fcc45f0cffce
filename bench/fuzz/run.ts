import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Fuzzer } from "./fuzzer.ts";
import { randomOf } from "./mutate.ts";
import { targetsOf } from "./targets.ts";

const BATCH = 2_000;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "0.25" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    corpus: { type: "string", default: "src/wire/corpus.txt" },
    /** Targets whose name holds this. */
    only: { type: "string", default: "" },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes > 0) || !Number.isSafeInteger(seed)) throw new Error("expected --minutes above 0 and a whole --seed");

const random = randomOf(seed);
const fuzzers = targetsOf(readFileSync(values.corpus, "utf8"))
  .filter(({ name }) => name.includes(values.only))
  .map((target) => new Fuzzer(target, random));
if (fuzzers.length === 0) throw new Error(`expected part of a decoder's name after --only, got ${values.only}`);
let current = fuzzers[0];
process.on("unhandledRejection", (reason) => current?.blame(reason));
for (const fuzzer of fuzzers) {
  current = fuzzer;
  await fuzzer.begin();
}
const endMs = performance.now() + minutes * 60_000;
// One that is slow gets no more time than the others.
const shareMs = Math.min(200, (minutes * 60_000) / fuzzers.length / 4);
while (performance.now() < endMs) {
  for (const fuzzer of fuzzers) {
    current = fuzzer;
    const untilMs = performance.now() + shareMs;
    for (let run = 0; run < BATCH && performance.now() < untilMs; run++) await fuzzer.step();
  }
}
report();

function report(): void {
  console.log(`${minutes} min, seed ${seed}, Node ${process.version}\n`);
  console.log("| decoder | executions | taken | outcomes | slowest | findings |\n|---|--:|--:|--:|--:|--:|");
  for (const { target, runs, taken, outcomes, slowestMs, findings } of fuzzers) {
    const cells = [
      target.name,
      runs.toLocaleString("en"),
      taken.toLocaleString("en"),
      outcomes,
      `${slowestMs.toFixed(1)} ms`,
      findings.size,
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
  console.log(`\n${fuzzers.reduce((sum, { runs }) => sum + runs, 0).toLocaleString("en")} executions`);
  for (const { target, findings } of fuzzers) {
    for (const [what, hex] of findings) console.log(`\n${target.name}: ${what}\n${hex}`);
  }
  // Servers that were targets listen until the end.
  process.exit(fuzzers.some(({ findings }) => findings.size > 0) ? 1 : 0);
}
