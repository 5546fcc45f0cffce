import { Ledger } from "./ledger.ts";
import { type Sample, slopeOf } from "./memory-log.ts";
import type { SoakReport } from "./report.ts";

/** What a collection leaves behind differs by about a megabyte from one time to the next. */
const MAX_GROWTH_BYTES = 2e6;
const MAX_GROWTH_BYTES_PER_MINUTE = 1e5;

/** Keeps account of a soak: what was done, what was found, and what must not have happened. */
export class Account {
  readonly ledger = new Ledger();
  readonly memory: Sample[] = [];
  framesSeen = 0;
  readonly #updatesMs: number[] = [];
  #stillWaiting = 0;
  #survived = 0;
  readonly #faults = new Map<string, number>();
  readonly #counts: Record<string, number> = {};
  readonly #answers: Record<string, number> = {};
  readonly #lateRules: Record<string, number> = {};
  readonly #tell: (line: string) => void;

  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  /** Something that must not happen. Told when it is seen first. */
  fault(text: string): void {
    // Numbers differ each time the same thing happens.
    const shapeOf = (one: string): string => one.replace(/\d+/g, "#");
    const known = [...this.#faults.keys()].find((one) => shapeOf(one) === shapeOf(text)) ?? text;
    this.#faults.set(known, (this.#faults.get(known) ?? 0) + 1);
    if (known === text) this.#tell(`FAULT ${text}`);
  }

  count(what: string, by = 1): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + by;
  }

  answered(attack: string, times: number): void {
    this.#answers[attack] = (this.#answers[attack] ?? 0) + times;
  }

  /** A MUST that says how soon something comes. */
  late(rule: number): void {
    this.#lateRules[`rule ${rule}`] = (this.#lateRules[`rule ${rule}`] ?? 0) + 1;
  }

  /** A new worker has taken over, or waits on. */
  updated(tookMs: number | undefined): void {
    if (tookMs === undefined) this.#stillWaiting += 1;
    else this.#updatesMs.push(Math.round(tookMs));
  }

  /** Parts that were on disk, and were there after the browser had been killed. */
  survived(parts: number): void {
    this.#survived += parts;
  }

  /** What the soak itself cannot do is a fault too, and no end to it. */
  async guard(what: string, body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      this.fault(`${what}: ${String(error).split("\n", 3).join(" ")}`);
    }
  }

  /** Judges all parts that can be judged by now. */
  settle(): void {
    this.ledger.settle();
    for (const fault of this.ledger.faults.splice(0)) this.fault(fault);
  }

  progress(ranMs: number, stretch: string): void {
    const { acknowledged, found, unseen, open } = this.ledger;
    const { kill = 0, update = 0, reload = 0, close = 0, attack = 0 } = this.#counts;
    const memory = this.memory.at(-1);
    const parts = [
      `${(ranMs / 60_000).toFixed(1)} min`,
      stretch,
      `${acknowledged} acknowledged, ${found} found, ${open} open, ${unseen} unseen`,
      `${kill} kills, ${update} updates, ${reload + close} tabs lost, ${attack} attacks`,
      ...(memory === undefined ? [] : [`${((memory.heapBytes + memory.bufferBytes) / 1e6).toFixed(1)} MB`]),
      `${this.#faults.size} faults`,
    ];
    this.#tell(parts.join(" · "));
  }

  report(run: Pick<SoakReport, "minutes" | "seed" | "cores" | "streams" | "tabs">): SoakReport {
    const stretches = [...new Set(this.memory.map(({ stretch }) => stretch))];
    const slopes = stretches.flatMap((stretch) => slopeOf(this.memory.filter((one) => one.stretch === stretch)) ?? []);
    for (const { bytesPerMinute, minutes } of slopes) {
      const grownBytes = bytesPerMinute * minutes;
      if (grownBytes <= MAX_GROWTH_BYTES + MAX_GROWTH_BYTES_PER_MINUTE * minutes) continue;
      this.fault(`the worker grew by ${(grownBytes / 1e6).toFixed(1)} MB in ${minutes.toFixed(1)} minutes`);
    }
    const { acknowledged, found, unseen } = this.ledger;
    return {
      ...run,
      parts: { acknowledged, found, unseen, survived: this.#survived },
      events: this.#counts,
      updates: { tookMs: this.#updatesMs.toSorted((left, right) => left - right), stillWaiting: this.#stillWaiting },
      attackAnswers: this.#answers,
      lateRules: this.#lateRules,
      framesSeen: this.framesSeen,
      memory: slopes,
      faults: Object.fromEntries(this.#faults),
    };
  }
}
