/** MUST and SHOULD as the specification has them; `field`: what a real player was seen to need. */
export type Level = "MUST" | "SHOULD" | "field";

/** One way in which one rule is not held, however often it was seen. */
export interface Finding {
  readonly rule: number;
  readonly section: string;
  readonly level: Level;
  readonly message: string;
  /** The lines of the playlist that are concerned, as `<number>: <text>`. */
  readonly lines?: readonly string[];
  readonly url: string;
  /** Since the validator began, of the first time. */
  readonly atMs: number;
  readonly count: number;
}

/** Findings kept of one rule; the rest are counted only. */
const MAX_PER_RULE = 20;
/** Of those not kept, so many are told apart: more is no news. */
const MAX_DROPPED = 1_000;
const MAX_LINES = 6;
const MAX_LINE_CHARACTERS = 300;

export type FoundNow = Omit<Finding, "count">;

/** What was found so far: the same finding once, with a count. */
export class Findings {
  readonly #found = new Map<string, { finding: FoundNow; count: number }>();
  readonly #perRule = new Map<number, number>();
  readonly #onFinding: ((finding: Finding) => void) | undefined;
  /** What tells those apart that are not kept. */
  readonly #dropped = new Set<string>();

  constructor(onFinding?: (finding: Finding) => void) {
    this.#onFinding = onFinding;
  }

  add(finding: FoundNow): void {
    // Numbers differ each time the same thing happens: they do not make another finding.
    const key = `${finding.rule} ${finding.level} ${finding.url.split("?")[0]?.replace(/\d+/g, "#")} ${finding.message.replace(/[\d.]+/g, "#")}`;
    const known = this.#found.get(key);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    const ofRule = this.#perRule.get(finding.rule) ?? 0;
    if (ofRule >= MAX_PER_RULE) {
      if (this.#dropped.size < MAX_DROPPED) this.#dropped.add(key.slice(0, MAX_LINE_CHARACTERS));
      return;
    }
    this.#perRule.set(finding.rule, ofRule + 1);
    const { lines } = finding;
    const kept = {
      ...finding,
      ...(lines === undefined
        ? {}
        : { lines: lines.slice(0, MAX_LINES).map((line) => line.slice(0, MAX_LINE_CHARACTERS)) }),
    };
    this.#found.set(key, { finding: kept, count: 1 });
    this.#onFinding?.({ ...kept, count: 1 });
  }

  /** In the order of their rules. */
  get all(): readonly Finding[] {
    return [...this.#found.values()]
      .map(({ finding, count }) => ({ ...finding, count }))
      .sort((a, b) => a.rule - b.rule || a.atMs - b.atMs);
  }

  /** Different findings that were too many to keep, at most 1,000. */
  get dropped(): number {
    return this.#dropped.size;
  }
}
