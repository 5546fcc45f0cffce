import type { Bytes } from "../../src/model/bytes.ts";
import { RelayError } from "../../src/model/errors.ts";
import { MAX_SIZE_BYTES, mutate, type Random } from "./mutate.ts";
import type { Target } from "./target.ts";

/** Inputs that are kept to be changed further: each showed something that none before it did. */
const MAX_KEPT = 2_000;
/** Longer than any decoder may think about one input. */
const MAX_RUN_MS = 100;
/** Of what follows something for a while. */
const MAX_WHOLE_RUN_MS = 5_000;
/** Of one target; the rest will mostly be the same again. */
const MAX_FINDINGS = 10;

/** One target, and what it has shown so far. */
export class Fuzzer {
  readonly target: Target;
  readonly #random: Random;
  readonly #kept: Bytes[];
  readonly #seen = new Set<string>();
  /** What went wrong, and the first input that shows it in hex; long ones are cut. */
  readonly findings = new Map<string, string>();
  runs = 0;
  taken = 0;
  slowestMs = 0;
  #last: Bytes = new Uint8Array(0);

  constructor(target: Target, random: Random) {
    this.target = target;
    this.#random = random;
    this.#kept = [...target.seeds];
  }

  get outcomes(): number {
    return this.#seen.size;
  }

  /** The seeds as they are. Returns how many of them were taken. */
  async begin(): Promise<number> {
    for (const bytes of this.target.seeds) await this.#execute(bytes);
    return this.taken;
  }

  /** What nobody caught while its last input ran is a finding too. */
  blame(thrown: unknown): void {
    this.#find(`unhandled: ${String(thrown).slice(0, 200)}`, this.#last);
  }

  async step(): Promise<void> {
    const { target } = this;
    const random = this.#random;
    const kept = this.#kept;
    // Half of the time what it began with, or what was refused in ever new ways would crowd out what is taken.
    const pick = (): Bytes => kept[random(random(2) === 0 ? target.seeds.length : kept.length)] ?? new Uint8Array(0);
    const changed = mutate(pick(), random, pick());
    const bytes = (target.prepare?.(changed, random, pick()) ?? changed).subarray(0, MAX_SIZE_BYTES);
    if ((await this.#execute(bytes)) && kept.length < MAX_KEPT) kept.push(bytes.slice());
  }

  /** Whether it showed something new. */
  async #execute(bytes: Bytes): Promise<boolean> {
    this.#last = bytes;
    const before = performance.now();
    let outcome: string;
    try {
      const ran = this.target.run(bytes, this.#random);
      outcome = typeof ran === "string" ? ran : await ran;
      this.taken += 1;
    } catch (error) {
      if (error instanceof RelayError && this.target.refuses.includes(error.code)) {
        outcome = branchOf(error);
      } else {
        outcome = `finding: ${String(error).slice(0, 200)}`;
        this.#find(outcome, bytes);
      }
    }
    let tookMs = performance.now() - before;
    const mostMs = this.target.isWhole === true ? MAX_WHOLE_RUN_MS : MAX_RUN_MS;
    // Again, since another process may have had the core meanwhile.
    if (tookMs > mostMs / 10) tookMs = Math.min(tookMs, await this.#quickestMs(bytes));
    if (tookMs > mostMs) this.#find(`over ${mostMs} ms`, bytes);
    this.runs += 1;
    this.slowestMs = Math.max(this.slowestMs, tookMs);
    if (this.#seen.has(outcome)) return false;
    this.#seen.add(outcome);
    return true;
  }

  async #quickestMs(bytes: Bytes): Promise<number> {
    let quickest = Number.POSITIVE_INFINITY;
    for (let left = 3; left > 0; left--) {
      const before = performance.now();
      try {
        await this.target.run(bytes, this.#random);
      } catch {
        // Refusing takes its time too.
      }
      quickest = Math.min(quickest, performance.now() - before);
    }
    return quickest;
  }

  #find(what: string, bytes: Bytes): void {
    if (this.findings.size >= MAX_FINDINGS || this.findings.has(what)) return;
    this.findings.set(what, Buffer.from(bytes).toString("hex").slice(0, 4_000));
  }
}

/** What was expected of which field, and not what came: one input for each branch. */
function branchOf({ code, message }: RelayError): string {
  const [expected = "", got = ""] = message.split(", got ", 2);
  const inner = expected.startsWith("options") ? got.split(":", 1)[0] : "";
  return `${code} ${expected} ${inner}`.replaceAll(/"(?:[^"\\]|\\.)*"|-?\d+/g, "#").slice(0, 120);
}
