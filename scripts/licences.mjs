// Holds the dependencies against what is allowed, and docs/licences.md against the lock file. Works without a network.
import { readFileSync, writeFileSync } from "node:fs";
import { auditOf } from "./dependencies.mjs";

const DOCUMENT = "docs/licences.md";
const { dependencies, problems, document } = auditOf();
const found = [...problems];
if (process.argv.includes("--update")) writeFileSync(DOCUMENT, document);
else if (read(DOCUMENT) !== document)
  found.push(`${DOCUMENT}: expected what package-lock.json says, got another: npm run licences -- --update`);

for (const problem of found) console.error(problem);
console.log(`${dependencies.length} packages are in this one, ${found.length} problems`);
process.exit(found.length === 0 ? 0 : 1);

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
