import type { Rule } from "./rule.ts";

const cell = (text: string): string => text.replace(/\|/g, "\\|");

/** The rules as a table in Markdown; `tests` names those that break each rule. */
export function renderRulesTable(rules: readonly Rule[], tests: ReadonlyMap<number, readonly string[]>): string {
  const rows = rules.map(({ number, section, level, title, how }) => {
    const broken = (tests.get(number) ?? []).join("; ");
    return `| ${[String(number), section, level, title, how, broken].map(cell).join(" | ")} |`;
  });
  return [
    "# The rules, and how they are checked",
    "",
    "What a conforming LL-HLS origin does, and how `eddy-hls validate` tells from outside. Sections are those of",
    "draft-pantos-hls-rfc8216bis-22. MUST and SHOULD are the specification's; `field` is what a real player was seen to need. A",
    "finding can be milder than its rule where what was seen may have another cause, and only a MUST makes the command fail.",
    "",
    "Each test breaks the rule in an origin that is otherwise right, and expects this finding and no other MUST: they are the cases",
    "of `src/validate/rules.test.ts`. That our own origin is clean is shown by `src/validate/clean.test.ts`, for each way to publish by",
    "`src/validate/modes.test.ts` over a minute of virtual time, and by `e2e/modes.spec.ts` over two minutes of real time: over HTTP, all of",
    "them at once, with a producer that is lost, discontinuities, gaps and an end among them.",
    "",
    "Made from the rules in the code: `npm run docs`.",
    "",
    "| rule | section | level | what it asks | how it is checked | the test that breaks it |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
