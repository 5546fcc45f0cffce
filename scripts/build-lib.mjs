// Builds the library as npm gets it into lib/: modules, classic scripts, the command line, and declarations.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { build } from "vite";
import { run } from "./run.mjs";

const LIB = "lib";
const IMPORT = /(?<=(?:from|import) "|import\(")\.[^"]*(?=")/g;

await build({ configFile: "vite.lib.config.ts" });
for (const host of ["page", "worker", "node"]) run("npx", ["tsc", "-p", `tsconfig.lib-${host}.json`]);
keepPublicTypes();

/** The compiler declares every module; a package needs those that its entry points name, and paths that resolve without sources. */
function keepPublicTypes() {
  const { exports: entries } = JSON.parse(readFileSync("package.json", "utf8"));
  const kept = new Set();
  const waiting = Object.values(entries).flatMap(({ types }) => (types === undefined ? [] : [resolve(types)]));
  for (const file of waiting) {
    if (kept.has(file)) continue;
    kept.add(file);
    const text = readFileSync(file, "utf8");
    for (const [path] of text.matchAll(IMPORT)) waiting.push(resolve(dirname(file), path.replace(/\.ts$/, ".d.ts")));
    writeFileSync(
      file,
      text.replace(IMPORT, (path) => path.replace(/\.ts$/, ".js")),
    );
  }
  for (const path of readdirSync(LIB, { recursive: true, encoding: "utf8" })) {
    if (path.endsWith(".d.ts") && !kept.has(resolve(LIB, path))) rmSync(resolve(LIB, path));
  }
}
