// Holds the package as npm would get it against what others expect of one: publint, attw, and a blank app that
// installs it.
import { readFileSync } from "node:fs";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { tryBlankApp } from "./blank-app.mjs";
import { pack } from "./packed.mjs";

/** What attw's profile `esm-only` leaves out: who resolves like that has no modules. */
const NOT_FOR_MODULES = new Set(["node10", "node16-cjs"]);
/** Scripts, not modules: there is nothing to import from them. */
const SCRIPTS = ["./eddy-worker.js", "./eddy-worker-live.js", "./eddy-validate.js", "./package.json"];

/** @param {Buffer} tarball */
async function linted(tarball) {
  const bytes = new Uint8Array(tarball).buffer;
  const { messages, pkg } = await publint({ pack: { tarball: bytes }, strict: true });
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`);
}

/** @param {Buffer} tarball */
async function typed(tarball) {
  const checked = await checkPackage(createPackageFromTarballData(tarball), { excludeEntrypoints: SCRIPTS });
  if (!checked.types) return ["attw: the package has no types"];
  console.log(`attw: ${Object.keys(checked.entrypoints).join(" ")}`);
  return checked.problems
    .filter((problem) => !("resolutionKind" in problem && NOT_FOR_MODULES.has(problem.resolutionKind)))
    .map((problem) => `attw: ${JSON.stringify(problem)}`);
}

const path = pack();
const tarball = readFileSync(path);
console.log(`${path}: ${(tarball.byteLength / 1000).toFixed(0)} KB`);
const found = [...(await linted(tarball)), ...(await typed(tarball))];
console.log(found.join("\n") || "publint, attw: nothing found");
if (found.length > 0) process.exitCode = 1;
await tryBlankApp(path);
