import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

let folder: string;
let out: string[];
let err: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "eddy-simulate-"));
  out = [];
  err = [];
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) =>
  runCommand(["simulate", ...args], {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    signal: new AbortController().signal,
  });

test("prints a table, and writes the report and its charts where it is told to", async () => {
  expect(
    await run(
      "--peers",
      "8",
      "--minutes",
      "0.05",
      "--engine",
      "swarm,pull",
      "--part-ms",
      "500",
      "--out",
      folder,
      "--ramp-ms",
      "1000",
      "--settle-ms",
      "1000",
    ),
  ).toBe(0);
  expect(out.join("\n")).toContain("|  | swarm | pull |");
  expect(err.filter((line) => line.startsWith("swarm: ")).length).toBeGreaterThan(5);
  expect(readdirSync(folder).sort()).toEqual([
    "attackers.svg",
    "copies.svg",
    "delay.svg",
    "missed.svg",
    "report.json",
    "upload.svg",
  ]);
  const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
  expect(report.swarm.world).toMatchObject({ peers: 8, minutes: 0.05, partMs: 500, engine: "swarm", seed: 1 });
  expect(report.pull.cost.wallMs).toBeGreaterThan(0);
});

test("--json prints the reports and nothing else", async () => {
  expect(await run("--peers", "5", "--minutes", "0.05", "--json", "--ramp-ms", "1000", "--settle-ms", "1000")).toBe(0);
  expect(out).toHaveLength(1);
  expect(Object.keys(JSON.parse(out[0] ?? ""))).toEqual(["swarm"]);
});

test.each([
  [["--peers", "none"]],
  [["--loss", ""]],
  [["--engine", "push"]],
  [["--engine", "constructor"]],
  [["--source", "moon"]],
  [["--loud"]],
])("%j is exit code 2, and says what was expected", async (args) => {
  expect(await run(...args)).toBe(2);
  expect(err.join("\n")).toMatch(/expected|Unknown option/);
  expect(out).toEqual([]);
});

test("--help tells every option of the world", async () => {
  expect(await run("--help")).toBe(0);
  expect(out.join("\n")).toContain("usage: eddy-hls simulate");
  expect(out.join("\n")).toContain("--detection-ms 5000");
});
