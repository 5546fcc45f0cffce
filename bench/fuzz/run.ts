import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Bytes } from "../../src/model/bytes.ts";
import { RelayError } from "../../src/model/errors.ts";
import { MAX_SIZE_BYTES, mutate, type Random, randomOf } from "./mutate.ts";
import { TARGETS, type Target } from "./targets.ts";

/** Inputs of one target that are kept to be changed further: each showed something that none before it did. */
const MAX_KEPT = 2_000;
/** Longer than any decoder may think about one input. */
const MAX_RUN_MS = 100;
const BATCH = 2_000;

interface State {
  readonly target: Target;
  readonly kept: Bytes[];
  /** How many of these are of the corpus. */
  readonly seeds: number;
  readonly seen: Set<string>;
  readonly findings: Map<string, string>;
  runs: number;
  taken: number;
  slowestMs: number;
}

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "0.25" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    corpus: { type: "string", default: "src/wire/corpus.txt" },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes > 0) || !Number.isSafeInteger(seed)) throw new Error("expected --minutes above 0 and a whole --seed");

const random = randomOf(seed);
const states = TARGETS.map((target) => begin(target, readFileSync(values.corpus, "utf8")));
const endMs = performance.now() + minutes * 60_000;
while (performance.now() < endMs) for (const state of states) for (let run = 0; run < BATCH; run++) step(state, random);
report();

function begin(target: Target, corpus: string): State {
  const kept = corpus
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([decoder, , hex]) => decoder === target.seeds && hex !== "-")
    .map(([, , hex = ""]) => new Uint8Array(Buffer.from(hex, "hex")));
  const state = {
    target,
    kept,
    seeds: kept.length,
    seen: new Set<string>(),
    findings: new Map(),
    runs: 0,
    taken: 0,
    slowestMs: 0,
  };
  for (const bytes of [...kept]) execute(state, bytes);
  return state;
}

function step(state: State, random: Random): void {
  const { kept, target } = state;
  // Half of the time what the corpus has, or what was refused in ever new ways would crowd out what is taken.
  const pick = (): Bytes => kept[random(random(2) === 0 ? state.seeds : kept.length)] ?? new Uint8Array(0);
  const bytes = target.prepare(mutate(pick(), random, pick()), random, pick()).subarray(0, MAX_SIZE_BYTES);
  if (execute(state, bytes) && kept.length < MAX_KEPT) kept.push(bytes.slice());
}

/** Whether it showed something new. */
function execute(state: State, bytes: Bytes): boolean {
  const before = performance.now();
  let outcome: string;
  try {
    outcome = state.target.run(bytes, random);
    state.taken += 1;
  } catch (error) {
    if (error instanceof RelayError && error.code === "malformed-frame") {
      outcome = branchOf(error.message);
    } else {
      outcome = `finding: ${String(error).slice(0, 200)}`;
      find(state, outcome, bytes);
    }
  }
  let tookMs = performance.now() - before;
  // Again, since another process may have had the core meanwhile.
  if (tookMs > MAX_RUN_MS / 10) tookMs = Math.min(tookMs, quickestMs(state, bytes));
  if (tookMs > MAX_RUN_MS) find(state, `over ${MAX_RUN_MS} ms`, bytes);
  state.runs += 1;
  state.slowestMs = Math.max(state.slowestMs, tookMs);
  if (state.seen.has(outcome)) return false;
  state.seen.add(outcome);
  return true;
}

function quickestMs({ target }: State, bytes: Bytes): number {
  let quickest = Number.POSITIVE_INFINITY;
  for (let left = 3; left > 0; left--) {
    const before = performance.now();
    try {
      target.run(bytes, random);
    } catch {
      // Refusing takes its time too.
    }
    quickest = Math.min(quickest, performance.now() - before);
  }
  return quickest;
}

/** The first input that shows it; long ones are cut. */
function find({ findings }: State, what: string, bytes: Bytes): void {
  if (!findings.has(what)) findings.set(what, Buffer.from(bytes).toString("hex").slice(0, 4_000));
}

/** What was expected of which field, and not what came: one input for each branch. */
function branchOf(message: string): string {
  const [expected = "", got = ""] = message.split(", got ", 2);
  const inner = expected.startsWith("options") ? got.split(":", 1)[0] : "";
  return `${expected} ${inner}`.replaceAll(/"(?:[^"\\]|\\.)*"|-?\d+/g, "#").slice(0, 120);
}

function report(): void {
  console.log(`${minutes} min, seed ${seed}, Node ${process.version}\n`);
  console.log("| decoder | executions | taken | outcomes | slowest | findings |\n|---|--:|--:|--:|--:|--:|");
  for (const { target, runs, taken, seen, slowestMs, findings } of states) {
    const cells = [
      target.name,
      runs.toLocaleString("en"),
      taken.toLocaleString("en"),
      seen.size,
      `${slowestMs.toFixed(1)} ms`,
      findings.size,
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
  for (const { target, findings } of states) {
    for (const [what, hex] of findings) console.log(`\n${target.name}: ${what}\n${hex}`);
  }
  if (states.some(({ findings }) => findings.size > 0)) process.exitCode = 1;
}
