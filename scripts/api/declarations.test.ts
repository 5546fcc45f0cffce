import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readDeclarations } from "./extract.mjs";
import { renderReference } from "./reference.mjs";
import { staleFiles, unlistedPages } from "./stale.mjs";

const ENTRY = { name: "kit", file: "kit", source: "src/index.ts", host: "node" as const, lib: ["ES2023"], types: [] };
const HEAD = "/**\n * What the kit is for.\n *\n * @packageDocumentation\n */\n";
const DOCUMENTED = `${HEAD}
/** Adds up, see {@link Sum}. */
export declare function add(left: number, right: number): Sum;
/** What came of it. */
export interface Sum {
  /** Of both. */
  readonly total: number;
}
export {};
`;

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "eddy-api-"));
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "kit", version: "1.0.0" }));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Reads declarations as they are made of the sources, of one entry point or several. */
function read(files: Readonly<Record<string, string>>, { isCheck = false, entries = [ENTRY] } = {}) {
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, "types", path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, text);
  }
  const places = {
    root,
    types: join(root, "types"),
    cache: join(root, "cache"),
    reports: join(root, "report"),
  };
  return readDeclarations(entries, { isCheck, places });
}

const readOne = (text: string, isCheck = false) => read({ "src/index.d.ts": text }, { isCheck });
const page = (models: string[]) => renderReference([ENTRY], models).get("kit.md") ?? "";

describe("what is wrong with a declaration", () => {
  test("is nothing where all is documented and exported", () => {
    expect(readOne(DOCUMENTED).problems).toEqual([]);
  });

  test.each([
    {
      what: "a function without a comment",
      text: `${DOCUMENTED}export declare function take(left: number): number;\n`,
      problem: /^types\/src\/index\.d\.ts:\d+ .*"take".*\(ae-undocumented\)$/,
    },
    {
      what: "a member without a comment",
      text: `${HEAD}/** A sum. */\nexport interface Sum {\n  readonly total: number;\n}\n`,
      problem: /^types\/src\/index\.d\.ts:8 .*"total".*\(ae-undocumented\)$/,
    },
    {
      what: "a name in a signature that nobody exports",
      text: `${HEAD}interface Inner {\n  readonly a: number;\n}\n/** Gives it. */\nexport declare function inner(): Inner;\nexport {};\n`,
      problem: /^types\/src\/index\.d\.ts:\d+ .*"Inner".*\(ae-forgotten-export\)$/,
    },
    {
      what: "a link that leads nowhere",
      text: `${HEAD}/** See {@link Nothing}. */\nexport declare const one: number;\n`,
      problem: /"Nothing".*\(ae-unresolved-link\)$/,
    },
    {
      what: "a tag that TSDoc does not know",
      text: `${HEAD}/** One. @returnz nothing */\nexport declare const one: number;\n`,
      problem: /\(tsdoc-undefined-tag\)$/,
    },
    {
      what: "a brace that begins no tag",
      text: `${HEAD}/** One of {a, b}. */\nexport declare const one: number;\n`,
      problem: /\(tsdoc-/,
    },
  ])("$what", ({ text, problem }) => {
    const { problems } = readOne(text);
    expect(problems).toContainEqual(expect.stringMatching(problem));
  });

  test("is nothing where what has no comment is private to the package", () => {
    const files = {
      "src/index.d.ts": `${HEAD}export { one } from "./inner.ts";\n`,
      "src/inner.d.ts": "/** One. */\nexport declare const one: number;\nexport declare const hidden: number;\n",
    };
    expect(read(files).problems).toEqual([]);
  });

  test("is told once, though two entry points have it", () => {
    const files = {
      "src/index.d.ts": `${HEAD}export { one } from "./inner.ts";\n`,
      "src/other.d.ts": `${HEAD}export { one } from "./inner.ts";\n`,
      "src/inner.d.ts": "export declare const one: number;\n",
    };
    const entries = [ENTRY, { ...ENTRY, name: "kit/other", file: "other", source: "src/other.ts" }];
    const { problems, models } = read(files, { entries });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^types\/src\/inner\.d\.ts:1 .*ae-undocumented/);
    expect(models).toHaveLength(2);
  });
});

describe("the report of the public surface", () => {
  const report = (): string => readFileSync(join(root, "report/kit.api.md"), "utf8");

  test("is written, and then is what a check finds", () => {
    expect(readOne(DOCUMENTED, true).isOutdated).toBe(true);
    expect(existsSync(join(root, "report/kit.api.md"))).toBe(false);
    readOne(DOCUMENTED);
    expect(report()).toContain("export function add(left: number, right: number): Sum;");
    expect(readOne(DOCUMENTED, true).isOutdated).toBe(false);
  });

  test.each([
    { what: "a parameter that is added", from: "right: number)", to: "right: number, third?: number)" },
    { what: "another type", from: "left: number", to: "left: bigint" },
    { what: "a member that is gone", from: "  /** Of both. */\n  readonly total: number;\n", to: "" },
    { what: "a member that may be written", from: "readonly total", to: "total" },
    {
      what: "a name that is new",
      from: "/** Adds up",
      to: "/** One. */\nexport declare const one: number;\n/** Adds up",
    },
    { what: "a name that is gone", from: "export interface Sum", to: "interface Sum" },
  ])("is out of date after $what, and a check leaves it as it is", ({ from, to }) => {
    readOne(DOCUMENTED);
    const before = report();
    const changed = DOCUMENTED.replace(from, to);
    expect(changed).not.toBe(DOCUMENTED);
    expect(readOne(changed, true).isOutdated).toBe(true);
    expect(report()).toBe(before);
  });

  test("is not touched by what comments say, which the reference tells of", () => {
    const before = page(readOne(DOCUMENTED).models);
    const { isOutdated, models } = readOne(DOCUMENTED.replace("Of both.", "Of the two."), true);
    expect(isOutdated).toBe(false);
    expect(page(models)).not.toBe(before);
  });
});

describe("the reference", () => {
  test("has a table of what there is, a heading for each, its members, and links between them", () => {
    const text = page(readOne(DOCUMENTED).models);
    expect(text).toContain("# kit\n\nWhat the kit is for.");
    expect(text).toContain("| [add](#add) | Adds up, see [`Sum`](#sum). |");
    expect(text).toContain("### add\n\n```ts\nfunction add(left: number, right: number): Sum\n```");
    expect(text).toContain("- `total: number`  \n  Of both.");
    expect(text).toContain("Types: [Sum](#sum)");
    expect(text.indexOf("## Functions")).toBeLessThan(text.indexOf("## Interfaces"));
  });

  test("says how something fails and where it comes from, and an example stands as code", () => {
    const comment = `/**
 * Opens it. Then more.
 *
 * @param name - what it is called
 * @returns the handle
 * @throws when there is none
 * @see section 4
 * @example
 * \`\`\`ts
 * open("a");
 * \`\`\`
 */`;
    const text = page(readOne(`${HEAD}${comment}\nexport declare function open(name: string): number;\n`).models);
    expect(text).toContain("| [open](#open) | Opens it. |");
    const order = ["`name`: what it is called", "Returns the handle", "Throws when there is none", "See section 4"];
    const places = order.map((piece) => text.indexOf(piece));
    expect(places).not.toContain(-1);
    expect(text).toContain('Example:\n\n```ts\nopen("a");\n```');
  });

  test("escapes what Markdown would take for its own", () => {
    const text = page(
      readOne(`${HEAD}/** A list of \\<things\\>, a_b and c*d | e. */\nexport declare const list: number;\n`).models,
    );
    expect(text).toContain("A list of &lt;things&gt;, a\\_b and c\\*d \\| e.");
  });

  test("numbers headings that differ in nothing but their case, as GitHub does", () => {
    const text = page(
      readOne(
        `${HEAD}/** Makes one, see {@link Kind}. */\nexport declare function kind(): Kind;\n/** A kind. */\nexport type Kind = "a";\n`,
      ).models,
    );
    expect(text).toContain("[kind](#kind)");
    expect(text).toContain("[Kind](#kind-1)");
  });

  test("lists the entry points", () => {
    const index = renderReference([ENTRY], readOne(DOCUMENTED).models).get("README.md");
    expect(index).toContain("| [`kit`](kit.md) | [report](report/kit.api.md) |");
  });
});

test("files are stale that are not there, or not what they are to be", () => {
  writeFileSync(join(root, "same.md"), "same");
  writeFileSync(join(root, "old.md"), "old");
  const files = new Map([
    ["same.md", "same"],
    ["old.md", "new"],
    ["none.md", "new"],
  ]);
  expect([...staleFiles(root, files).keys()]).toEqual(["old.md", "none.md"]);
});

test("pages are missing that the table of contents does not link to", () => {
  const files = ["README.md", "one.md", "two.md", "picture.svg"];
  expect(unlistedPages("- [One](one.md)\n- two.md, which is no link\n", files)).toEqual(["two.md"]);
});
