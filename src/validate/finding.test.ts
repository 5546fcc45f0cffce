import { expect, test } from "vitest";
import { Findings, type FoundNow } from "./finding.ts";

const found = (name: string): FoundNow => ({
  rule: 64,
  section: "6.2.1",
  level: "MUST",
  message: `a listed part of ${name} answers nothing`,
  url: "http://origin.test/live/test/v0/media.m3u8",
  atMs: 0,
});
const names = Array.from({ length: 23 }, (_, index) => "abcdefghijklmnopqrstuvwxyz"[index] ?? "");

test("what is too much to keep is counted once, however often it is seen", () => {
  const findings = new Findings();
  for (let round = 0; round < 5; round++) for (const name of names) findings.add(found(name));
  expect(findings.all).toHaveLength(20);
  expect(findings.dropped).toBe(3);
});
