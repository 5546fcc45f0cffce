// Holds the dependencies against what is allowed, and docs/licences.md against the lock file. Works without a network.
import { readFileSync, writeFileSync } from "node:fs";
import { dependenciesOf, licencesOf, problemsOf, rangesOf } from "./dependencies.mjs";

const DOCUMENT = "docs/licences.md";
const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
const dependencies = dependenciesOf(lock);
const problems = [...problemsOf(dependencies), ...rangesOf(lock)];
const expected = licencesOf(lock);

if (process.argv.includes("--update")) writeFileSync(DOCUMENT, expected);
else if (read(DOCUMENT) !== expected)
  problems.push(`${DOCUMENT}: expected what package-lock.json says, got another: npm run licences -- --update`);

for (const problem of problems) console.error(problem);
console.log(`${dependencies.length} packages are installed with this one, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
