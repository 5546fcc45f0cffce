import { readFileSync, writeFileSync } from "node:fs";
import type { Reporter, TestCase, TestResult } from "@playwright/test/reporter";
import type { Outcome } from "./players.ts";

/** Everything between these is written anew. */
const FROM = "<!-- measured -->";
const TO = "<!-- /measured -->";

/** Gathers what came of each trouble, over all runs, and writes it as a table where `EDDY_TABLE` names a file. */
export default class TableReporter implements Reporter {
  readonly #runs = new Map<string, (readonly Outcome[])[]>();

  printsToStdio(): boolean {
    return false;
  }

  onTestEnd({ title }: TestCase, { attachments }: TestResult): void {
    for (const { name, body } of attachments) {
      if (name !== "outcomes" || body === undefined) continue;
      const { outcomes } = JSON.parse(body.toString("utf8")) as { readonly outcomes: readonly Outcome[] };
      this.#runs.set(title, [...(this.#runs.get(title) ?? []), outcomes]);
    }
  }

  onEnd(): void {
    const path = process.env.EDDY_TABLE;
    if (path === undefined || this.#runs.size === 0) return;
    const players = [...this.#runs.values()][0]?.[0]?.map(({ player }) => player) ?? [];
    const lines = [`| trouble | ${players.join(" | ")} |`, `|---|${players.map(() => "---|").join("")}`];
    for (const [title, runs] of this.#runs) {
      const cells = players.map((player) => cell(runs.flatMap((run) => run.filter((one) => one.player === player))));
      lines.push(`| ${title} | ${cells.join(" | ")} |`);
    }
    const before = readFileSync(path, "utf8");
    const [head = "", rest = ""] = before.split(FROM);
    const tail = rest.split(TO)[1] ?? "";
    writeFileSync(path, `${head}${FROM}\n${lines.join("\n")}\n${TO}${tail}`);
  }
}

function cell(outcomes: readonly Outcome[]): string {
  const count = outcomes.filter(({ playsOn }) => playsOn).length;
  const plays =
    count === outcomes.length
      ? "plays on"
      : count === 0
        ? "**does not play at the end**"
        : `**plays at the end in ${count} of ${outcomes.length}**`;
  // What a player that has given up shows, or has let go of, says nothing more.
  if (count === 0) return plays;
  const stood = range(outcomes.map(({ stoodStillMs }) => stoodStillMs));
  const before = range(outcomes.map(({ behindBeforeMs }) => behindBeforeMs)) ?? "?";
  const after = range(outcomes.map(({ behindAfterMs }) => behindAfterMs));
  const notes = [...new Set(outcomes.map(({ note = "" }) => note))].filter((note) => note !== "");
  return [
    [plays, ...notes].join(", "),
    stood === "0" ? "no standstill" : `${stood} s still`,
    after === undefined ? `${before} s behind, then no picture that can be read` : `${before} → ${after} s behind`,
  ].join("; ");
}

/** In seconds, as far as it goes; undefined where nothing was measured. */
function range(values: readonly (number | undefined)[]): string | undefined {
  const known = values.filter((value) => value !== undefined).sort((left, right) => left - right);
  const [least, most] = [known[0], known.at(-1)];
  if (least === undefined || most === undefined) return undefined;
  const text = (ms: number): string => (ms === 0 ? "0" : (ms / 1_000).toFixed(1));
  return text(least) === text(most) ? text(least) : `${text(least)} to ${text(most)}`;
}
