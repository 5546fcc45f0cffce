import { expect, test } from "vitest";
import { BREAKS } from "./breaks.test-support.ts";
import { RULES } from "./rules.ts";
import { renderRulesTable } from "./rules-table.ts";

test("docs/rules.md is what the rules in the code say", async () => {
  const tests = new Map(RULES.map(({ number }) => [number, BREAKS.filter(({ rule }) => rule === number)]));
  const named = new Map([...tests].map(([rule, breaks]) => [rule, breaks.map(({ what }) => `finds ${what}`)]));
  await expect(renderRulesTable(RULES, named)).toMatchFileSnapshot("../../docs/rules.md");
});
