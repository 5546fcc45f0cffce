// Makes what the documentation has from the code: the rules, the API reports and the reference. With --check it changes nothing, and fails
// where a comment is missing, what is committed is out of date, or a page is not in the table of contents.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ENTRIES } from "./api/entries.mjs";
import { extract } from "./api/extract.mjs";
import { renderReference } from "./api/reference.mjs";
import { staleFiles, unlistedPages } from "./api/stale.mjs";

const DOCS = join(import.meta.dirname, "../docs");
const FOLDER = join(DOCS, "api");
const isCheck = process.argv.includes("--check");

/** @param {readonly string[]} lines @returns {never} */
function fail(lines) {
  for (const line of lines) console.error(line);
  process.exit(1);
}

// The unit tests hold this one to the code.
if (!isCheck) {
  const args = ["vitest", "run", "src/validate/rules-table.test.ts", "--update"];
  const rules = spawnSync("npx", args, { stdio: "inherit", shell: process.platform === "win32" });
  if (rules.status !== 0) fail(["docs/rules.md could not be made"]);
}

const { models, problems, isOutdated } = extract(ENTRIES, { isCheck });
if (problems.length > 0) fail([...problems, `${problems.length} to be documented, exported or mended`]);

mkdirSync(FOLDER, { recursive: true });
const stale = staleFiles(FOLDER, renderReference(ENTRIES, models));
if (!isCheck) for (const [file, content] of stale) writeFileSync(join(FOLDER, file), content);
const outdated = [...(isOutdated ? ["docs/api/report"] : []), ...[...stale.keys()].map((file) => `docs/api/${file}`)];
const missing = unlistedPages(readFileSync(join(DOCS, "README.md"), "utf8"), readdirSync(DOCS));
if (missing.length > 0) fail([`docs/README.md: expected a line for each page, got none for ${missing.join(", ")}`]);
if (isCheck && outdated.length > 0) {
  fail([
    `out of date: ${outdated.join(", ")}`,
    "The public surface, or what is said of it, has changed. `npm run docs` writes it anew: look at the difference, say it in",
    "CHANGELOG.md, and commit them together.",
  ]);
}
