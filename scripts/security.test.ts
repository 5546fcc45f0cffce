import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

interface Claim {
  readonly id: string;
  readonly claim: string;
  readonly tests: readonly string[];
}

const claims: readonly Claim[] = [
  ...readFileSync("SECURITY.md", "utf8").matchAll(/^\| (S\d+) \| (.+?) \| (.+) \|$/gm),
].map(([, id = "", claim = "", tests = ""]) => ({
  id,
  claim,
  tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, title = ""]) => title),
}));

/** Titles as they stand in a file, of tests that run: what is skipped, taken out or yet to be written holds nothing. */
function titlesOf(text: string): readonly string[] {
  const code = text.replaceAll(/^\s*\/\/.*$/gm, "").replaceAll(/^\s*\/\*[\s\S]*?\*\/$/gm, "");
  // After `test(` or `test.each(…)(`.
  return [
    ...code.matchAll(/\b(?:test|it)(\.\w+)?[^"`']{0,4}\(\s*(["`'])((?:(?!\2).)+)\2,|\)\(\s*(["`'])((?:(?!\4).)+)\4,/g),
  ]
    .filter(([, modifier = ""]) => !/^\.(?:skip|todo|fixme|fails)$/.test(modifier))
    .map(([, , , plain, , each]) => plain ?? each ?? "");
}

/** Of all files of tests below a folder. */
function titlesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.(?:test|spec)\.ts$/.test(path))
    .flatMap((path) => titlesOf(readFileSync(join(folder, path), "utf8")));
}

const titles = new Set(["src", "sw", "app", "e2e", "bench", "scripts"].flatMap(titlesIn));

test("a title counts where its test runs, and nowhere else", () => {
  const text = [
    'test("plain", () => {',
    "test.each([1])('each %i', () => {",
    "test.each([\n  [1],\n])(`rows`, () => {",
    'test.only("alone", () => {',
    'test.skip("skipped", () => {',
    'test.todo("to do");',
    'test.fixme("to mend", () => {',
    '  // test("taken out", () => {',
    '/* test("taken out too", () => {\n}); */',
    'const title = "told of";',
  ].join("\n");
  expect(titlesOf(text)).toEqual(["plain", "each %i", "rows", "alone"]);
});

test("claims are numbered from S1, each once, and each says something", () => {
  expect(claims.map(({ id }) => id)).toEqual(claims.map((_, index) => `S${index + 1}`));
  expect(claims.length).toBeGreaterThan(40);
  for (const { id, claim } of claims) expect(claim.length, id).toBeGreaterThan(30);
});

test.each(claims)("$id is held by tests that are in the tree", ({ id, tests }) => {
  expect(tests.length, `${id} names a test`).toBeGreaterThan(0);
  expect(tests.filter((title) => !titles.has(title))).toEqual([]);
});

test("every file that SECURITY.md names is there", () => {
  const text = readFileSync("SECURITY.md", "utf8");
  const links = [...text.matchAll(/\]\(([\w./-]+)\)/g)].map(([, path = ""]) => path);
  const sources = [...text.matchAll(/`((?:src|sw|app)\/[\w./-]+)`/g)].map(([, path = ""]) => path);
  for (const path of [...links, ...sources]) expect(() => readdirOrRead(path), path).not.toThrow();
});

function readdirOrRead(path: string): unknown {
  return path.includes(".") ? readFileSync(path) : readdirSync(path);
}
