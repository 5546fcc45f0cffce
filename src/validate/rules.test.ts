import { expect, test } from "vitest";
import { BREAKS } from "./breaks.test-support.ts";
import { RULES } from "./rules.ts";
import { validateScenario } from "./scripted-origin.test-support.ts";

test.each(BREAKS)("rule $rule: finds $what, and no other MUST", async ({ rule, level, says = /./, ...scenario }) => {
  const { findings } = await validateScenario(scenario);
  const other = findings.filter((finding) => finding.level === "MUST" && finding.rule !== rule);
  expect(other.map(({ rule: number, message, lines }) => ({ number, message, lines }))).toEqual([]);
  const own = findings.filter((finding) => finding.rule === rule && says.test(finding.message));
  expect(own.map((finding) => finding.level)).toContain(level ?? RULES[rule - 1]?.level);
});

test("every rule is broken by a test", () => {
  expect(RULES.map(({ number }) => number)).toEqual(Array.from({ length: 68 }, (_, i) => i + 1));
  expect([...new Set(BREAKS.map(({ rule }) => rule))]).toEqual(RULES.map(({ number }) => number));
});
