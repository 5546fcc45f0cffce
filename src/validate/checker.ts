import type { Clock } from "../model/clock.ts";
import type { MediaPlaylist } from "../reader/media-playlist.ts";
import type { Findings } from "./finding.ts";
import type { Checks, Report, Rule } from "./rule.ts";

/** What findings are about, where the rule does not say. */
export interface Subject {
  readonly url: string;
  /** Whose lines the findings name. */
  readonly playlist?: MediaPlaylist;
}

/** Brings each occasion to the rules that look at it. */
export class Checker {
  readonly #rules: readonly Rule[];
  readonly #findings: Findings;
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #occasions = new Map<number, number>();
  readonly #byHook = new Map<keyof Checks, readonly Rule[]>();

  constructor(rules: readonly Rule[], findings: Findings, clock: Clock) {
    this.#rules = rules;
    this.#findings = findings;
    this.#clock = clock;
    this.#startMs = clock.now();
  }

  /** How often each rule had something to look at. */
  get occasions(): ReadonlyMap<number, number> {
    return this.#occasions;
  }

  run<K extends keyof Checks>(
    hook: K,
    subject: Subject,
    call: (check: NonNullable<Checks[K]>, report: Report) => void,
  ): void {
    for (const rule of this.#of(hook)) {
      const check = rule.checks[hook];
      if (check !== undefined) call(check, this.#reporter(rule, subject));
    }
  }

  /** One rule after another: probes disturb each other otherwise. */
  async runInTurn<K extends keyof Checks>(
    hook: K,
    subject: () => Subject,
    call: (check: NonNullable<Checks[K]>, report: Report) => Promise<void>,
  ): Promise<void> {
    for (const rule of this.#of(hook)) {
      const check = rule.checks[hook];
      if (check !== undefined) await call(check, this.#reporter(rule, subject()));
    }
  }

  /** The rules that look at such an occasion, each counted once more. */
  #of(hook: keyof Checks): readonly Rule[] {
    let rules = this.#byHook.get(hook);
    if (rules === undefined) {
      rules = this.#rules.filter(({ checks }) => checks[hook] !== undefined);
      this.#byHook.set(hook, rules);
    }
    for (const { number } of rules) this.#occasions.set(number, (this.#occasions.get(number) ?? 0) + 1);
    return rules;
  }

  #reporter({ number, section, level }: Rule, { url, playlist }: Subject): Report {
    return (message, details = {}) => {
      const lines = details.lines?.map((line) => `${line}: ${playlist?.lines[line - 1] ?? ""}`);
      this.#findings.add({
        rule: number,
        section,
        level: details.level ?? level,
        message,
        ...(playlist === undefined || lines === undefined || lines.length === 0 ? {} : { lines }),
        url: details.url ?? url,
        atMs: Math.round(this.#clock.now() - this.#startMs),
      });
    };
  }
}
