// What a page or a worker downloads of the library, by what it does: bundles a small entry for each as its site would, out of lib/, and
// lays what is loaded into a folder of its own for size-limit to weigh.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { build } from "vite";

const FOLDER = ".cache/sizes";
const alias = {
  "eddy-hls/worker": resolve("lib/sw/index.js"),
  "eddy-hls": resolve("lib/src/page/index.js"),
};

/**
 * `loads` names chunks of the library that are loaded later, by what the page does; `beside` is a scenario that it comes on top of.
 * @type {Record<string, { code: string, loads?: readonly string[], beside?: string }>}
 */
const SCENARIOS = {
  page: { code: 'import { openRelay } from "eddy-hls"; window.relay = openRelay();' },
  "page-all": { code: 'import * as eddy from "eddy-hls"; window.eddy = { ...eddy };' },
  publish: { code: 'import { openRelay } from "eddy-hls"; window.relay = openRelay();', loads: ["page/publisher"] },
  origin: {
    code: 'import { openRelay, origin } from "eddy-hls"; Object.assign(window, { openRelay, origin });',
    loads: ["join", "origin-code"],
  },
  // Signalled by a relay of one's own, which is the default; Nostr and trackers are chunks of theirs.
  peers: {
    code: 'import { openRelay, peers } from "eddy-hls"; Object.assign(window, { openRelay, peers });',
    loads: ["join", "peer-code"],
    beside: "join",
  },
  join: { code: 'import { openRelay } from "eddy-hls"; Object.assign(window, { openRelay });', loads: ["join"] },
  moq: {
    code: 'import { moq, openRelay } from "eddy-hls"; Object.assign(window, { openRelay, moq });',
    loads: ["join", "moq-feed"],
    beside: "join",
  },
  "worker-live": { code: 'import { serveRelay } from "eddy-hls/worker"; serveRelay(self);' },
  "worker-dvr": { code: 'import { dvr, serveRelay } from "eddy-hls/worker"; serveRelay(self, { dvr: dvr() });' },
  "worker-all": {
    code: `import { clips, diagnostics, dvr, serveRelay } from "eddy-hls/worker";
      serveRelay(self, { dvr: dvr(), clips: clips(), diagnostics: diagnostics() });`,
  },
};

/** @typedef {{ type: string, fileName: string, name: string, code: string, isEntry: boolean, imports: readonly string[], moduleIds: readonly string[] }} Chunk */

/** @type {(code: string) => Promise<Map<string, Chunk>>} */
async function bundled(code) {
  const entry = resolve(FOLDER, "entry.js");
  writeFileSync(entry, code);
  const built = await build({
    configFile: false,
    root: resolve(FOLDER),
    logLevel: "error",
    publicDir: false,
    resolve: { alias },
    build: { write: false, target: "es2022", modulePreload: false, rolldownOptions: { input: entry } },
  });
  const outputs = /** @type {{ output: Chunk[] }[]} */ ([built].flat());
  const chunks = outputs.flatMap(({ output }) => output).filter(({ type }) => type === "chunk");
  return new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
}

/** The entry, what is loaded later, and all that these import: each file once. */
function loadedOf(/** @type {Map<string, Chunk>} */ chunks, /** @type {readonly string[]} */ loads) {
  const holds = (/** @type {Chunk} */ { moduleIds }, /** @type {string} */ name) =>
    moduleIds.some((id) => id.endsWith(`/${name}.js`));
  for (const name of loads)
    if (![...chunks.values()].some((chunk) => holds(chunk, name))) throw new Error(`no chunk holds ${name}.js`);
  const loaded = new Set(
    [...chunks.values()].filter((chunk) => chunk.isEntry || loads.some((name) => holds(chunk, name))),
  );
  for (const { imports } of loaded)
    for (const name of imports) {
      const chunk = chunks.get(name);
      if (chunk !== undefined) loaded.add(chunk);
    }
  return [...loaded];
}

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
for (const [name, { code, loads = [], beside }] of Object.entries(SCENARIOS)) {
  const chunks = await bundled(code);
  const without = beside === undefined ? [] : loadedOf(chunks, SCENARIOS[beside]?.loads ?? []);
  const folder = join(FOLDER, name);
  mkdirSync(folder);
  for (const chunk of loadedOf(chunks, loads))
    if (!without.includes(chunk)) writeFileSync(join(folder, basename(chunk.fileName)), chunk.code);
}
