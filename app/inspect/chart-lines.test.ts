import { expect, test } from "vitest";
import { lineOf } from "./chart-lines.ts";

test("the lines of as many peers as there are as a rule are all different, and neighbours in more than their colour", () => {
  const lines = Array.from({ length: 16 }, (_, index) => lineOf(index));
  expect(new Set(lines.map(({ stroke, dash }) => `${stroke} ${dash}`)).size).toBe(16);
  for (const [index, { dash }] of lines.entries()) if (index % 4 > 0) expect(dash).not.toEqual(lines[index - 1]?.dash);
});
