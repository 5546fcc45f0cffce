// Holds the package, as npm would get it, against what others expect of one: publint, attw, a blank app that installs it, and what pages
// and workers download of it. Ends with "N passed, N failed".
import { readFileSync } from "node:fs";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { tryBlankApp } from "./blank-app.mjs";
import { pack } from "./packed.mjs";
import { run } from "./run.mjs";

/** What attw's profile `esm-only` leaves out: who resolves like that has no modules. */
const NOT_FOR_MODULES = new Set(["node10", "node16-cjs"]);
/** Scripts, not modules: there is nothing to import from them. */
const SCRIPTS = [/\.js(?:on)?$/];

/** @param {Uint8Array<ArrayBuffer>} tarball */
async function lint(tarball) {
  const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
  if (messages.length > 0)
    throw new Error(
      messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code).join("\n"),
    );
  return `${Object.keys(pkg.exports).length} exports`;
}

/** @param {Uint8Array<ArrayBuffer>} tarball */
async function types(tarball) {
  const checked = await checkPackage(createPackageFromTarballData(tarball), { excludeEntrypoints: SCRIPTS });
  if (!checked.types) throw new Error("expected types, got none");
  const problems = checked.problems.filter(
    (problem) => !("resolutionKind" in problem && NOT_FOR_MODULES.has(problem.resolutionKind)),
  );
  if (problems.length > 0) throw new Error(problems.map((problem) => JSON.stringify(problem)).join("\n"));
  return `types of ${Object.keys(checked.entrypoints).join(" ")}`;
}

async function sizes() {
  run("node", ["scripts/scenarios.mjs"]);
  return run("npx", ["size-limit"]);
}

const path = pack();
const tarball = new Uint8Array(readFileSync(path));
console.log(`${path}: ${(tarball.byteLength / 1000).toFixed(0)} KB`);

/** @type {Record<string, () => Promise<string>>} */
const checks = {
  publint: () => lint(tarball),
  attw: () => types(tarball),
  "blank app": () => tryBlankApp(path),
  sizes,
};
let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    console.log(`${name}: ${await check()}`);
  } catch (thrown) {
    failed += 1;
    console.error(`${name} failed: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
}
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
