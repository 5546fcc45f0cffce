// The package as npm would get it: builds the library and packs it, once. Prints the tarball's path.
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./run.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FOLDER = resolve(ROOT, ".cache/packed");

/** Builds and packs, and returns the path of the tarball: `.cache/packed/eddy-hls.tgz`. */
export function pack() {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  // Its `prepack` builds the library.
  const out = run("npm", ["pack", "--json", "--pack-destination", FOLDER], { cwd: ROOT });
  const [{ filename }] = JSON.parse(out.slice(out.search(/^\[/m)));
  const tarball = resolve(FOLDER, "eddy-hls.tgz");
  renameSync(resolve(FOLDER, filename), tarball);
  return tarball;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(pack());
